"""Many guests at once: a group, a file, a ward, with and without script."""

import re

import pytest
from playwright.sync_api import expect

import many
from desk import Guest, Hands

SECONDS_A_KEY = 0.28
SECONDS_A_SCAN = 0.5
SECONDS_TO_THINK = 1.35
GROUP_SECONDS = 4 * 60
GROUP_SIZE = 40
# An answer that takes longer than a scan, and the time between two keys of a person.
ANSWER_MILLISECONDS = 1500
PERSON_MILLISECONDS = 150


@pytest.fixture
def desk(new_page, desk_state):
    """A page of the hotel's front desk."""
    return lambda **options: new_page(storage_state=desk_state, **options)


def slow(page, milliseconds):
    """From now on each answer takes so much longer."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": milliseconds, "downloadThroughput": -1, "uploadThroughput": -1},
    )


def test_forty_guests_by_scanner_take_less_than_four_minutes(desk):
    page = desk()
    page.goto("/desk/group")
    hands = Hands(page)
    thoughts = 2
    page.locator("#departure").focus()
    page.keyboard.press("Control+a")
    hands.type("1/1")
    for text in (None, "Xe 29B", None, "40"):
        hands.press("Tab")
        if text:
            hands.type(text)
    hands.press("Tab")
    expect(page.locator("#scan")).to_be_focused()
    for _ in range(GROUP_SIZE):
        hands.scan(Guest().qr)
    expect(page.locator("#group tbody tr")).to_have_count(GROUP_SIZE, timeout=60_000)
    expect(page.locator("html:not(.busy) #scan")).to_be_focused()
    hands.press("Tab")
    hands.type("301")
    hands.press("Tab")
    hands.press("Tab")
    hands.press("Enter")
    expect(page.locator("#tally")).to_contain_text("40 dòng, đúng 40 khách theo danh sách.")
    expect(page.locator("#tally .pri")).to_contain_text("Gửi 40 khách hợp lệ")
    # Two by two; a house whose rooms are known goes on upstairs.
    expect(page.locator("[name='1.room']")).to_have_value("301")
    expect(page.locator("[name='40.room']")).to_have_value(re.compile("^(320|410)$"))
    hands.press("Control+Enter")
    expect(page.locator("#notes")).to_contain_text("Đã khai 40 khách, đều đúng hạn")
    expect(page.locator("#scan")).to_be_focused()
    seconds = hands.count * SECONDS_A_KEY + GROUP_SIZE * SECONDS_A_SCAN + thoughts * SECONDS_TO_THINK
    print(f"40 guests: {hands.count} keys, {seconds:.0f} s")
    assert seconds <= GROUP_SECONDS, f"{hands.count} keys, {seconds} s"


def test_scans_and_keys_are_the_same_when_answers_are_slow(desk):
    page = desk()
    page.goto("/desk/group")
    hands = Hands(page)
    guests = [Guest() for _ in range(5)]
    slow(page, ANSWER_MILLISECONDS)
    for guest in guests:
        hands.scan(guest.qr)
    page.wait_for_timeout(PERSON_MILLISECONDS)
    hands.press("Tab")
    page.wait_for_timeout(PERSON_MILLISECONDS)
    hands.type("301")
    for key in ("Tab", "Tab", "Enter", "Control+Enter"):
        page.wait_for_timeout(PERSON_MILLISECONDS)
        hands.press(key)
    slow(page, 0)
    expect(page.locator("#notes")).to_contain_text("Đã khai 5 khách, đều đúng hạn")


def test_a_table_from_a_spreadsheet_is_pasted_anywhere(desk):
    page = desk()
    page.goto("/desk/group")
    one, two = Guest(), Guest("Trần Thị Bình", sex="Nữ", prefix="038190")
    many.paste(page, f"Họ tên\tSố CCCD\tPhòng\n{one.name}\t{one.number}\t301\n{two.name}\t{two.number[1:]}\t\n")
    rows = page.locator("#group tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Nhập số phòng.")
    page.get_by_role("button", name=f"Dùng {two.number}").click()
    expect(page.get_by_role("button", name=f"Dùng {two.number}")).to_have_count(0)
    expect(page.locator("html:not(.busy) #scan")).to_be_focused()
    # A row is judged while it is corrected, and keeps its place.
    page.keyboard.press("Alt+ArrowDown")
    room = page.locator("[name='2.room']")
    expect(room).to_be_focused()
    page.keyboard.type("302")
    page.keyboard.press("Tab")
    expect(page.locator("#tally .pri")).to_contain_text("Gửi 2 khách hợp lệ")
    expect(rows.first).to_contain_text("Hợp lệ")
    expect(rows.first).to_contain_text(two.name)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#notes")).to_contain_text("Đã khai 2 khách")


def test_the_same_card_makes_no_second_row_and_is_announced(desk):
    page = desk()
    page.goto("/desk/group")
    guest = Guest()
    Hands(page).scan(guest.qr)
    expect(page.locator("#status")).to_contain_text("Vừa nhận: dòng 1")
    Hands(page).scan(guest.qr)
    expect(page.locator("#status")).to_contain_text("đã ở dòng 1")
    expect(page.locator("#group tbody tr")).to_have_count(1)


def test_a_group_is_declared_without_script(desk):
    page = desk(java_script_enabled=False)
    page.goto("/desk/group")
    for guest in (Guest(), Guest("Đỗ Thị Hòa", sex="Nữ", prefix="038190")):
        page.locator("#scan").fill(guest.qr)
        page.locator("#scan").press("Enter")
        expect(page.locator("#group tbody")).to_contain_text(guest.name)
    expect(page.locator("#tally .pri")).to_be_disabled()
    page.locator("#from").fill("301")
    page.get_by_role("button", name="Xếp phòng").click()
    expect(page.locator("[name='2.room']")).to_have_value("301")
    page.locator("#tally .pri").click()
    expect(page.locator("#notes")).to_contain_text("Đã khai 2 khách")


def test_a_file_is_watched_and_mended_in_place(desk):
    page = desk()
    many.send_file(page, many.file_with_faults())
    expect(page.locator("#mend")).to_be_visible(timeout=60_000)
    rows = page.locator("#mend tbody tr")
    expect(rows).to_have_count(3)
    expect(page.locator(".stats")).to_contain_text("6")
    page.locator("#mend button[name=use]").click()
    expect(page.locator("#mend button[name=use]")).to_have_count(0)
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.type("305")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#notes")).to_contain_text("Đã khai 2 dòng đã sửa.")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Ngày đi phải sau ngày đến.")


def test_a_file_is_sent_without_script(desk):
    page = desk(java_script_enabled=False)
    many.send_file(page, many.file_with_faults())
    for _ in range(60):
        if page.locator("#mend").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator("#mend tbody tr")).to_have_count(3)
    expect(page.locator("h1")).to_have_text("so-khach.csv")


def test_a_ward_with_four_changes_takes_less_than_twenty_keys(new_page, service, ward_state):
    many.furnish(service)
    page = new_page(storage_state=ward_state)
    many.open_ward(page)
    expect(page.locator("h1")).to_have_text(many.WARD)
    hands = Hands(page)
    hands.count += 1
    many.paste(page, many.table_of_a_ward())
    expect(page.locator("#tally")).to_contain_text("Đổi chỗ")
    page.locator("fieldset.seg input[value=left]").first.focus()
    hands.press("ArrowUp")
    expect(page.locator("fieldset.seg input[value=here]").first).to_be_checked()
    hands.press("ArrowDown")
    hands.press("Control+Enter")
    expect(page.locator("#notes")).to_contain_text("Đã xác nhận 6 người có mặt.")
    expect(page.locator("#notes")).to_contain_text("đã ra 1")
    assert hands.count < 20


def test_a_ward_is_confirmed_without_script(new_page, service, ward_state):
    many.furnish(service)
    page = new_page(storage_state=ward_state, java_script_enabled=False)
    many.open_ward(page)
    expect(page.locator("h1")).to_have_text(many.WARD)
    page.locator("[data-send]").click()
    expect(page.locator("#notes")).to_contain_text("người có mặt.")
