"""Signing in and out."""

from playwright.sync_api import expect

import harness
from signing_in import give_password, one_time_code, set_up_authenticator


def test_a_wrong_password_is_refused_in_the_words_of_a_wrong_name(new_page, service):
    page = new_page()
    for account in (
        {"name": service.ready["accounts"]["ward"]["name"], "password": "wrong"},
        {"name": "nobody", "password": "wrong"},
    ):
        give_password(page, account)
        expect(page.locator(".note.late")).to_contain_text("Tên đăng nhập hoặc mật khẩu không đúng.")
        expect(page.locator("#name")).to_have_value(account["name"])
        expect(page.locator("#password")).to_have_value("")
        expect(page.locator("#password")).to_be_focused()


def test_whoever_signs_in_comes_to_the_page_they_wanted(new_page, service):
    page = new_page()
    give_password(page, service.ready["accounts"]["desk"], "/desk/today")
    expect(page.locator("h1")).to_have_text("Hôm nay")


def invite(manager, newcomer):
    """A colleague is invited, chooses a password and sets up an authenticator."""
    account = {"name": "quan-ly-moi", "label": "Quản lý mới", "role": "manager"}
    made = manager.request.post("/v1/accounts", data=account, headers={"Sec-Fetch-Site": "same-origin"})
    assert made.status == 201, made.text()
    newcomer.goto("/invitation/" + made.json()["invitation"]["token"])
    newcomer.locator("#password").fill("ngắn")
    newcomer.keyboard.press("Enter")
    expect(newcomer.locator(".note.late")).to_be_visible()
    account["password"] = "bốn con thuyền về bến sớm"
    newcomer.locator("#password").fill(account["password"])
    newcomer.keyboard.press("Enter")
    expect(newcomer.locator(".note.ok")).to_contain_text("Đã lưu mật khẩu.")
    give_password(newcomer, account)
    set_up_authenticator(newcomer)
    expect(newcomer.locator("h1")).to_have_text("Chọn cơ sở")


def test_a_manager_gives_a_code_that_sends_itself(new_page, service):
    page = new_page()
    manager = service.ready["accounts"]["manager"]
    give_password(page, manager)
    expect(page.locator("#code")).to_be_focused()
    page.screenshot(path=harness.PICTURES / "sign-in-code.png")
    page.keyboard.type(one_time_code(manager["totp_secret"]))
    expect(page.locator("h1")).to_have_text("Chọn cơ sở")
    page.locator("button.choice").first.click()
    expect(page.locator("h1")).to_have_text("Khai báo khách")
    invite(page, new_page())
    page.get_by_role("button", name="Đăng xuất").click()
    expect(page.locator(".note.ok")).to_contain_text("Đã đăng xuất.")
    page.goto("/desk")
    expect(page.locator("#password")).to_be_visible()
