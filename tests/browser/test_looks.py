"""Every page in both themes and sizes: pictured, and without a fault of accessibility."""

import pytest
from playwright.sync_api import expect

from desk import Guest, Hands, declare, passport
from looks import SIZES, look
from signing_in import give_password

def idle(page):
    page.goto("/desk")


def citizen(page):
    page.goto("/desk")
    Hands(page).scan(Guest().qr)
    expect(page.locator("#room")).to_be_focused()


def typed(page):
    page.goto("/desk")
    Hands(page).scan(Guest(prefix="038195").number)
    expect(page.locator("#full_name")).to_be_focused()


def foreigner(page):
    page.goto("/desk")
    Hands(page).scan(*passport())
    expect(page.locator("#permitted_until")).to_be_visible()


def minor(page):
    declare(page, Guest("Phạm Thị Hồng Nhung", sex="Nữ", prefix="038190"), "204")
    Hands(page).scan(Guest("Nguyễn Bảo Ngọc", birth="12092017", sex="Nữ", prefix="038317").qr)
    expect(page.locator("#guardian_name")).to_be_visible()


def doubtful(page):
    page.goto("/desk")
    guest = Guest("Nguyễn Văn An 2")
    Hands(page).scan(guest.qr)
    expect(page.locator("#room")).to_be_focused()


def duplicate(page):
    guest = Guest("Lương Thị Hạ", sex="Nữ", prefix="038190")
    declare(page, guest, "108")
    Hands(page).scan(guest.qr)
    expect(page.locator("#card .note")).to_be_visible()


def errors(page):
    citizen(page)
    page.locator("#departure").fill("1/1/2020")
    page.keyboard.press("Enter")
    expect(page.locator(".summary")).to_be_visible()


def opened(page):
    citizen(page)
    page.keyboard.press("F2")
    expect(page.locator("#full_name")).to_be_visible()


def without_document(page):
    page.goto("/desk")
    page.get_by_role("button", name="Không có giấy tờ").click()
    expect(page.locator("#no_document_reason")).to_be_visible()


def sent(page):
    declare(page, Guest(), "203")


def stay(page):
    declare(page, Guest("Bùi Thanh Tùng"), "308")
    page.get_by_role("link", name="Xem lượt lưu trú").click()
    page.locator("#extension summary").click()


def today(page):
    declare(page, Guest("Đặng Quốc Việt"), "301")
    page.goto("/desk/today")
    page.keyboard.press("j")
    page.keyboard.press("x")


def help_page(page):
    page.goto("/help")


def help_of_a_screen(page):
    page.goto("/desk")
    page.get_by_role("link", name="Trợ giúp").click()
    expect(page.locator("h1")).to_have_text("Trợ giúp: Khai báo khách")


def absent(page):
    page.watch.forgive("404")
    page.goto("/desk/stays/0")


def sign_in(page):
    page.goto("/desk")
    expect(page.locator("#name")).to_be_focused()


def sign_in_refused(page):
    give_password(page, {"name": "nobody", "password": "wrong"})
    expect(page.locator(".note.late")).to_be_visible()


def slip(page):
    declare(page, Guest(), "203")
    page.goto(page.get_by_role("link", name="In biên nhận").get_attribute("href"))


def a4(page):
    declare(page, Guest(), "203")
    href = page.get_by_role("link", name="In biên nhận").get_attribute("href")
    page.goto(href.replace("slip", "a4"))


PAGES = {
    "sign-in": sign_in,
    "sign-in-refused": sign_in_refused,
    "desk": idle,
    "desk-citizen": citizen,
    "desk-typed": typed,
    "desk-foreigner": foreigner,
    "desk-minor": minor,
    "desk-doubtful": doubtful,
    "desk-duplicate": duplicate,
    "desk-errors": errors,
    "desk-opened": opened,
    "desk-without-document": without_document,
    "desk-sent": sent,
    "stay": stay,
    "today": today,
    "help": help_page,
    "help-of-a-screen": help_of_a_screen,
    "absent": absent,
    "receipt-slip": slip,
    "receipt-a4": a4,
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_seen_by_everybody(new_page, desk_state, name, size):
    state = None if name.startswith("sign-in") else desk_state
    look(new_page, state, name, size, PAGES[name], may_scroll=name.startswith("receipt"))
