"""The pages of the office in both themes and sizes."""

import pytest
from playwright.sync_api import expect

import office
from looks import SIZES, look


def plain(path):
    return lambda page: page.goto(path)


def accounts_form(page):
    page.goto("/organisation/accounts")
    page.locator("#new summary").click()


def account_faults(page):
    accounts_form(page)
    page.locator("#name").fill("A b")
    page.locator("#new button.pri").click()
    expect(page.locator(".summary")).to_be_visible()


def account(page):
    page.goto("/organisation/accounts")
    page.get_by_role("link", name="Lễ tân", exact=True).click()


def officer(page):
    page.goto("/organisation/accounts")
    page.get_by_role("link", name="Công an phường", exact=True).click()


def link(page):
    account(page)
    page.get_by_role("button", name="Tạo liên kết mới").click()
    expect(page.locator("#secret")).to_be_visible()


def destination(page):
    page.goto("/admin/destinations/38")


def key_form(page):
    page.goto("/admin/keys")
    page.locator("#new summary").click()


def key(page):
    page.goto("/admin/keys")
    page.locator("#list tbody a.who").first.click()


def organisation(page):
    page.goto("/admin/organisations")
    page.locator("#list tbody a.who").first.click()


def facility(page):
    page.goto("/organisation/facilities")
    page.locator("#list tbody a.who").first.click()


PAGES = {
    "accounts": ("manager", plain("/organisation/accounts")),
    "accounts-form": ("manager", accounts_form),
    "accounts-faults": ("manager", account_faults),
    "accounts-admin": ("admin", accounts_form),
    "account-of-desk": ("manager", account),
    "account-of-officer": ("admin", officer),
    "account-link": ("manager", link),
    "own-account": ("desk", plain("/account")),
    "own-account-admin": ("admin", plain("/account")),
    "machines": ("manager", plain("/organisation/machines")),
    "admin": ("admin", plain("/admin?all=1")),
    "admin-quiet": ("auditor", plain("/admin")),
    "admin-destination": ("admin", destination),
    "admin-health": ("admin", plain("/admin/health")),
    "admin-duty-desks": ("admin", plain("/admin/duty-desks")),
    "admin-keys": ("admin", key_form),
    "admin-key": ("admin", key),
    "admin-organisations": ("admin", plain("/admin/organisations")),
    "admin-organisation": ("admin", organisation),
    "facilities": ("admin", plain("/organisation/facilities")),
    "facility": ("admin", facility),
    "facility-of-manager": ("manager", facility),
}


@pytest.fixture(scope="session")
def states(browser, service):
    """Cookies of those who work in the office, signed in once."""
    return {name: office.state_of(browser, service, name) for name, _ in PAGES.values()}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_office_is_seen_by_everybody(new_page, states, name, size):
    who, draw = PAGES[name]
    look(new_page, states[who], name, size, draw)
