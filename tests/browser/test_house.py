"""What is done in a house: guests expected and declared, checked out together, rooms, with
the keyboard and without script."""

import re

import pytest
from playwright.sync_api import expect

import house
from desk import Guest, Hands, declare


@pytest.fixture
def desk(new_page, desk_state):
    return lambda **options: new_page(storage_state=desk_state, **options)


def test_an_expected_guest_leaves_the_list_by_being_declared(desk, service):
    page = desk()
    house.clear_expected(page, service)
    guest = Guest("Đinh Thị Mỹ Hạnh", sex="Nữ", prefix="038190")
    page.goto("/desk/today?tab=undeclared")
    page.locator("#expected_name").fill(guest.name)
    page.locator("#expected_room").fill("402")
    page.locator("#expected_number").fill(guest.number)
    page.keyboard.press("Enter")
    expect(page.locator("#notes")).to_contain_text("Đã ghi 1 khách chưa khai.")
    expect(page.locator("#deadline")).to_contain_text("1 khách chưa khai")
    # Scanned like anybody else: the number tells that it is the same guest.
    declare(page, guest, "402")
    page.goto("/desk/today?tab=undeclared")
    expect(page.locator("#list")).to_contain_text("Đã khai đủ")
    expect(page.locator("#deadline")).not_to_contain_text("chưa khai")


def test_expected_guests_are_pasted_and_declared_without_script(desk, service):
    page = desk(java_script_enabled=False)
    house.clear_expected(page, service)
    page.goto("/desk/today?tab=undeclared")
    page.get_by_text("Dán nhiều khách").click()
    page.locator("#pasted").fill("Trịnh Công Minh\t305\nVõ Thị Sáu; 306")
    page.get_by_role("button", name="Ghi tất cả").click()
    expect(page.locator("#list tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Khai khách Trịnh Công Minh").click()
    expect(page.locator("#full_name")).to_have_value("Trịnh Công Minh")
    expect(page.locator("#room")).to_have_value("305")
    page.locator("#number").fill(Guest().number)
    page.get_by_role("button", name="Gửi khai báo").last.click()
    expect(page.locator("#ok-h")).to_contain_text("Trịnh Công Minh")
    page.goto("/desk/today?tab=undeclared")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Không đến khách Võ Thị Sáu").click()
    expect(page.locator("#list")).to_contain_text("Đã khai đủ")


def test_a_room_is_checked_out_without_script(desk):
    page = desk()
    first, second = Guest("Hồ Xuân Hương", sex="Nữ", prefix="038190"), Guest("Phan Châu Trinh")
    declare(page, first, "611")
    declare(page, second, "611")
    page = desk(java_script_enabled=False)
    page.goto("/desk/today")
    page.locator('button.rm[value="611"]').click()
    assert "611" not in page.url
    for box in page.locator("[name=stay]").all():
        box.check()
    page.get_by_role("button", name="Gia hạn khách đã chọn").click()
    expect(page.locator("h1")).to_have_text("Gia hạn 2 khách")
    page.get_by_role("link", name="Thôi, quay lại").first.click()
    page.locator('button.rm[value="611"]').click()
    for box in page.locator("[name=stay]").all():
        box.check()
    page.get_by_role("button", name="Trả phòng khách đã chọn").click()
    expect(page.locator("h1")).to_have_text("Trả phòng 2 khách")
    page.get_by_role("button", name="Trả phòng 2 khách").click()
    expect(page.locator("#notes")).to_contain_text("Đã ghi trả phòng 2 khách.")
    expect(page.locator('button.rm[value="611"]')).to_have_count(0)


def test_rooms_are_added_in_a_row_and_changed(browser, new_page, service):
    state = house.state_of(browser, service, "residence")
    page = new_page(storage_state=state)
    page.goto("/desk/rooms")
    hands = Hands(page)
    page.locator("#name").focus()
    hands.type("A1")
    hands.press("Tab")
    hands.type("A4")
    hands.press("Tab")
    hands.press("Tab")
    hands.type("3")
    hands.press("Enter")
    expect(page.locator("#list tbody tr")).to_have_count(4)
    page.get_by_role("button", name="Sửa phòng A2").click()
    page.locator("#capacity").fill("5")
    page.keyboard.press("Enter")
    expect(page.locator(".sub")).to_have_text("4 phòng, 14 chỗ")


def test_a_register_fits_landscape_paper(desk):
    page = desk()
    declare(page, Guest("Nguyễn Thị Thu Hà", sex="Nữ", prefix="038190"), "502")
    page.goto("/desk/register")
    expect(page.locator("tbody")).to_contain_text("Nguyễn Thị Thu Hà")
    page.emulate_media(media="print")
    assert page.locator(".paper-tools").is_hidden()
    width = page.locator("main").evaluate("element => element.scrollWidth - element.clientWidth")
    assert width <= 0, width


def test_a_notice_to_guests_fits_one_sheet(desk):
    page = desk()
    page.goto("/desk/notice")
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.count(b"/MediaBox [0 0 ") == 1
    assert re.search(rb"/MediaBox \[0 0 59[45][\d.]* 84[12]", pdf)
