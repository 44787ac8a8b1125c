"""The pages for many guests in both themes and sizes."""

import pytest
from playwright.sync_api import expect

import many
from desk import Guest, Hands
from looks import SIZES, look


@pytest.fixture(scope="module")
def states(desk_state, ward_state):
    """Cookies of the people at work."""
    return {"desk": desk_state, "ward": ward_state}


def group_empty(page):
    page.goto("/desk/group")


def group(page):
    page.goto("/desk/group")
    page.locator("#count").fill("10")
    page.locator("#group_name").fill("Xe 29B Sông Đáy")
    many.paste(page, many.table_of_a_group())
    expect(page.locator("#group tbody tr")).to_have_count(9)
    Hands(page).scan(Guest("Cao Xuân Bách").qr)
    expect(page.locator("#group tbody tr")).to_have_count(10)


def imports(page):
    page.goto("/desk/imports")


def import_done(page):
    many.send_file(page, many.file_with_faults())
    expect(page.locator("#mend")).to_be_visible(timeout=60_000)


def import_unreadable(page):
    many.send_file(page, "một,hai\nba,bốn\n")
    expect(page.locator(".note.late")).to_be_visible(timeout=60_000)


def ward(page):
    page.goto("/desk/ward")


def ward_compared(page):
    many.open_ward(page)
    many.paste(page, many.table_of_a_ward())
    expect(page.locator("#tally")).to_contain_text("Mới vào")


PAGES = {
    "many-group-empty": ("desk", group_empty),
    "many-group": ("desk", group),
    "many-imports": ("desk", imports),
    "many-import-done": ("desk", import_done),
    "many-import-unreadable": ("desk", import_unreadable),
    "many-ward": ("ward", ward),
    "many-ward-compared": ("ward", ward_compared),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_many_is_seen_by_everybody(new_page, states, service, name, size):
    many.furnish(service)
    account, draw = PAGES[name]
    look(new_page, states[account], name, size, draw)
