"""What the desk does over time: undo within its ten seconds, what happens shows by itself."""

import re

import pytest
from playwright.sync_api import expect

from desk import Guest, Hands, declare

# The registry knows none of these guests.
SENT = re.compile("Công an đã nhận|Cần xem lại")


@pytest.fixture
def desk(new_page, desk_state):
    """A page of the hotel's front desk."""
    return lambda **options: new_page(storage_state=desk_state, **options)


def first_line(page):
    return page.locator("#newest li").first


def test_undo_within_ten_seconds_withdraws(desk):
    page = desk()
    guest = Guest("Lê Thị Mai", prefix="038190", sex="Nữ")
    declare(page, guest, "212")
    page.keyboard.press("Alt+z")
    expect(page.locator(".note.ok")).to_contain_text(f"Đã rút khai báo {guest.name}")
    expect(first_line(page).locator(".b")).to_contain_text("Đã rút trước khi gửi")


def test_undo_goes_after_ten_seconds_but_not_while_it_is_looked_at(desk):
    page = desk()
    declare(page, Guest("Vũ Thị Lan Anh", prefix="038190", sex="Nữ"), "213")
    undo = page.locator("[data-undo] button")
    undo.hover()
    page.wait_for_timeout(11_000)
    expect(undo).to_be_visible()
    page.mouse.move(0, 0)
    expect(undo).to_have_count(0, timeout=14_000)


def test_undo_that_comes_too_late_says_so(desk):
    page = desk()
    declare(page, Guest("Hoàng Thị Kim Oanh", prefix="038190", sex="Nữ"), "214")
    undo = page.locator("[data-undo] button")
    undo.hover()
    page.wait_for_timeout(11_000)
    stay = first_line(page).locator("a").first.get_attribute("href")
    reader = desk()
    reader.goto(stay)
    expect(reader.locator("#state")).to_contain_text(SENT, timeout=20_000)
    undo.click()
    expect(page.locator(".note.late")).to_contain_text("Chưa hủy")


def test_undo_without_script(desk):
    page = desk(java_script_enabled=False)
    guest = Guest("Bùi Thanh Tùng")
    page.goto("/desk")
    page.locator("#scan").fill(guest.qr)
    page.locator("#scan").press("Enter")
    page.locator("#room").fill("215")
    page.locator("#room").press("Enter")
    page.locator("#newest").get_by_role("button", name="Hoàn tác").click()
    expect(page.locator(".note.ok")).to_contain_text(f"Đã rút khai báo {guest.name}")


def test_what_happens_shows_by_itself(desk):
    page = desk()
    page.goto("/desk")
    expect(page.locator("#live")).to_contain_text(re.compile(r"cập nhật \d+ giây trước"))
    other = desk()
    guest = Guest("Đỗ Minh Quân")
    declare(other, guest, "216")
    expect(first_line(page)).to_contain_text(guest.name)
    # A worker sends it once the hold is over, and the police confirm it.
    expect(first_line(page).locator(".b")).to_contain_text(SENT, timeout=30_000)
    expect(page.locator("#scan")).to_be_focused()


def test_nothing_moves_under_the_cursor(desk):
    page = desk()
    other = desk()
    first, second = Guest("Trịnh Văn Sơn"), Guest("Phan Thị Thu", prefix="038190", sex="Nữ")
    declare(page, first, "217")
    page.locator("#newest").hover()
    declare(other, second, "218")
    expect(page.locator("#live [data-show]")).to_contain_text("thay đổi chờ hiện")
    expect(first_line(page)).to_contain_text(first.name)
    page.mouse.move(0, 0)
    expect(first_line(page)).to_contain_text(second.name)
    expect(page.locator("#live [data-show]")).to_be_hidden()


def test_a_page_that_is_kept_still_waits_for_a_button(desk):
    page = desk()
    page.goto("/desk")
    page.get_by_role("button", name="Tạm dừng").click()
    guest = Guest("Ngô Đức Anh")
    declare(desk(), guest, "219")
    expect(page.locator("#live [data-show]")).to_be_visible()
    page.wait_for_timeout(2_000)
    expect(page.locator("#newest")).not_to_contain_text(guest.name)
    page.locator("#live [data-show]").click()
    expect(first_line(page)).to_contain_text(guest.name)


def test_where_the_stream_is_refused_pages_are_read_again(desk):
    page = desk()
    page.watch.forgive("503")
    page.route("**/desk/live", lambda route: route.fulfill(status=503))
    page.clock.install()
    page.goto("/desk")
    guest = Guest("Cao Thị Hồng", prefix="038190", sex="Nữ")
    declare(desk(), guest, "220")
    page.clock.run_for(20_000)
    expect(first_line(page)).to_contain_text(guest.name)


def test_sound_is_switched_off(desk):
    page = desk()
    page.goto("/desk")
    page.get_by_role("button", name="Tắt tiếng báo").click()
    expect(page.get_by_role("button", name="Bật tiếng báo")).to_be_visible()
