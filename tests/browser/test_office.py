"""The office in a browser: an account from its making to its first sign-in, a key that is shown
once, and an operator's bad night."""

import itertools

from playwright.sync_api import expect

import harness
from office import enter
from signing_in import give_password

NUMBERS = itertools.count(1)
PASSWORD = "bốn con thuyền về bến sớm"


def make_account(page, name):
    page.locator("#new summary").click()
    page.locator("#name").fill(name)
    page.locator("#label").fill(f"Quầy {name}")
    page.locator("#role").select_option("front_desk")
    page.get_by_label("Khách sạn", exact=False).first.check()
    page.get_by_role("button", name="Tạo tài khoản").click()
    expect(page.locator("#secret")).to_contain_text("/invitation/")
    return page.locator("#secret").inner_text()


def test_an_account_is_made_handed_over_and_ended(new_page, service):
    manager = new_page()
    enter(manager, service, "manager", "/organisation/accounts")
    name = f"quay-{next(NUMBERS)}"
    link = make_account(manager, name)
    # The link is shown until it was handed over.
    manager.get_by_role("button", name="Đóng, không xem lại được nữa").click()
    expect(manager.locator("#secret")).to_be_visible()
    manager.get_by_label("Tôi đã đưa liên kết cho người dùng").check()
    manager.get_by_role("button", name="Đóng, không xem lại được nữa").click()
    expect(manager.locator("#secret")).to_have_count(0)

    person = new_page()
    person.goto("/invitation/" + link.rsplit("/", 1)[1])
    person.locator("#password").fill(PASSWORD)
    person.keyboard.press("Enter")
    expect(person.locator(".note.ok")).to_be_visible()
    give_password(person, {"name": name, "password": PASSWORD})
    expect(person.locator("h1")).to_have_text("Khai báo khách")
    person.locator('a[href="/account"]').click()
    expect(person.locator("#sessions")).to_contain_text("Phiên này")

    manager.get_by_role("link", name=f"Quầy {name}").click()
    expect(manager.locator("#sessions")).to_contain_text("Phiên khác")
    manager.get_by_role("button", name="Ngừng tài khoản").click()
    expect(manager.locator("#facts")).to_contain_text("Đã ngừng")
    person.goto("/desk")
    expect(person.locator("#password")).to_be_visible()


def test_an_account_is_made_without_script(new_page, service):
    page = new_page(java_script_enabled=False)
    enter(page, service, "manager", "/organisation/accounts")
    link = make_account(page, f"quay-{next(NUMBERS)}")
    assert "/invitation/" in link


def test_a_key_is_shown_once_and_revoked(new_page, service):
    page = new_page()
    enter(page, service, "admin", "/admin/keys")
    page.locator("#new summary").click()
    page.locator("#label").fill("PMS thử")
    page.locator("#organisation_code").select_option("demo")
    page.get_by_label("Khách sạn", exact=False).first.check()
    page.get_by_role("button", name="Tạo khóa").click()
    key = page.locator("#secret").inner_text()
    bearer = {"Authorization": f"Bearer {key}"}
    assert page.request.get("/v1/facilities", headers=bearer).status == 200
    page.get_by_label("Tôi đã cất khóa ở nơi an toàn").check()
    page.get_by_role("button", name="Đóng, không xem lại được nữa").click()
    expect(page.locator("#secret")).to_have_count(0)
    page.get_by_role("link", name="PMS thử", exact=True).click()
    page.get_by_role("button", name="Thu hồi khóa").click()
    expect(page.locator(".note.ok")).to_contain_text("Đã thu hồi khóa.")
    refused = lambda: page.request.get("/v1/facilities", headers=bearer).status == 401
    harness.wait_for("the key to be refused", refused)


def test_single_keys_are_switched_off(new_page, service):
    page = new_page()
    enter(page, service, "desk", "/account")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Tắt phím tắt một chữ").click()
    expect(page.get_by_role("button", name="Bật phím tắt một chữ")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#keys")).not_to_be_visible()
