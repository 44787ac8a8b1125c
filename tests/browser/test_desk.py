"""The desk: guests are declared, by scanner and by hand, with and without script."""

import re

import pytest
from playwright.sync_api import expect

import harness
from desk import Guest, Hands, declare, passport


@pytest.fixture
def desk(new_page, desk_state):
    """A page of the hotel's front desk."""
    return lambda **options: new_page(storage_state=desk_state, **options)


def test_a_scanned_citizen_takes_six_keys_and_no_mouse(desk):
    hands = declare(desk(), Guest())
    assert hands.count <= 6


def test_a_passport_takes_ten_keys(desk):
    page = desk()
    page.goto("/desk")
    hands = Hands(page)
    hands.scan(*passport())
    expect(page.locator("#room")).to_be_focused()
    expect(page.locator("#card")).to_contain_text("DUBOIS")
    hands.type("402")
    hands.press("Tab")
    expect(page.locator("#permitted_until")).to_be_focused()
    hands.type("3012")
    hands.press("Enter")
    expect(page.locator("#ok-h")).to_contain_text("DUBOIS")
    assert hands.count <= 10


def test_a_typed_citizen_takes_fifty_five_keys(desk):
    page = desk()
    page.goto("/desk")
    guest = Guest("Trần Thị Bình", prefix="038195")
    hands = Hands(page)
    hands.type(guest.number)
    hands.press("Enter")
    expect(page.locator("#full_name")).to_be_focused()
    hands.type(guest.name)
    hands.press("Tab")
    hands.press("Tab")
    expect(page.locator("#room")).to_be_focused()
    hands.type("204")
    hands.press("Enter")
    expect(page.locator("#ok-h")).to_contain_text(guest.name)
    assert hands.count <= 55


def test_what_is_typed_before_the_card_comes_goes_into_its_first_field(desk):
    page = desk()
    page.route("**/desk/scan", lambda route: (page.wait_for_timeout(400), route.continue_()))
    page.goto("/desk")
    hands = Hands(page)
    guest = Guest()
    hands.scan(guest.qr)
    hands.type("305")
    expect(page.locator("#room")).to_have_value("305")
    hands.press("Enter")
    expect(page.locator("#ok-h")).to_contain_text("305")


def test_what_is_missing_is_named_and_reached_by_one_key(desk):
    page = desk()
    page.goto("/desk")
    hands = Hands(page)
    guest = Guest()
    hands.scan(guest.qr)
    expect(page.locator("#room")).to_be_focused()
    hands.press("Enter")
    summary = page.locator(".summary")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("Chưa lưu: có 1 chỗ cần sửa")
    expect(summary).to_contain_text("Nhập số phòng.")
    expect(page).to_have_title(re.compile("^Lỗi: "))
    hands.count = 0
    hands.press("Enter")
    expect(page.locator("#room")).to_be_focused()
    assert hands.count == 1
    expect(page.locator("#room")).to_have_attribute("aria-invalid", "true")
    hands.type("203")
    hands.press("Enter")
    expect(page.locator("#ok-h")).to_contain_text(guest.name)


def test_a_guest_who_is_here_already_is_noticed_before_sending(desk):
    page = desk()
    guest = Guest()
    declare(page, guest, "206")
    Hands(page).scan(guest.qr)
    expect(page.locator("#card .note.soon")).to_contain_text("Khách đang lưu trú phòng 206")


def test_a_child_comes_with_a_guardian(desk):
    page = desk()
    parent = Guest("Phạm Thị Hồng Nhung", sex="Nữ", prefix="038190")
    declare(page, parent, "207")
    hands = Hands(page)
    child = Guest("Phạm Bảo Ngọc", birth="12092017", sex="Nữ", prefix="038317")
    hands.scan(child.qr)
    page.get_by_role("button", name="Phạm Thị Hồng Nhung · phòng").click()
    expect(page.locator("#guardian_name")).to_have_value(parent.name)
    expect(page.locator("#room")).to_have_value("207")
    page.locator("#card .pri").click()
    expect(page.locator("#ok-h")).to_contain_text(child.name)


def test_a_guest_without_a_document_says_why(desk):
    page = desk()
    page.goto("/desk")
    page.get_by_role("button", name="Không có giấy tờ").click()
    page.locator("#no_document_reason").select_option("lost")
    page.locator("#full_name").fill("Lò Văn Pánh")
    page.locator("#birth_date").fill("1980")
    page.locator("#sex").select_option("male")
    page.locator("#room").fill("210")
    page.locator("#room").press("Enter")
    expect(page.locator("#ok-h")).to_contain_text("Lò Văn Pánh")


def test_undo_takes_the_newest_declaration_back(desk):
    page = desk()
    guest = Guest("Đặng Quốc Việt")
    declare(page, guest, "211")
    page.keyboard.press("Alt+z")
    expect(page.locator(".note.ok")).to_contain_text(f"Đã rút khai báo {guest.name}")
    expect(page.locator("aside .b").first).to_contain_text("Đã rút trước khi gửi")


def test_all_fields_open_by_f2_and_escape_clears(desk):
    page = desk()
    page.goto("/desk")
    hands = Hands(page)
    hands.scan(Guest().qr)
    expect(page.locator("#room")).to_be_focused()
    hands.press("F2")
    expect(page.locator("#full_name")).to_be_visible()
    expect(page.locator("#address")).to_have_value("Xã Quảng Cư, Thanh Hóa")
    hands.press("Escape")
    expect(page.locator("#card")).to_have_count(0)
    expect(page.locator("#scan")).to_be_focused()


def test_a_text_that_is_no_document_stays_in_the_field(desk):
    page = desk()
    page.goto("/desk")
    Hands(page).scan("a|b|c")
    expect(page.locator("#scan-m")).to_be_visible()
    expect(page.locator("#scan")).to_have_value("a|b|c")


def test_a_lost_connection_keeps_what_was_typed(desk):
    page = desk()
    page.goto("/desk")
    hands = Hands(page)
    guest = Guest()
    hands.scan(guest.qr)
    expect(page.locator("#room")).to_be_focused()
    hands.type("212")
    page.wait_for_function("caches.match('/desk/offline').then(kept => kept !== undefined)")
    page.watch.forgive("net::ERR_FAILED")
    page.watch.forgive("htmx:")
    page.route("**/desk/stays", lambda route: route.abort())
    hands.press("Enter")
    # What was kept is sent by itself.
    expect(page.locator("#notes")).to_contain_text("gửi xong 1 bản khai", timeout=20_000)


def test_everything_works_without_script(desk):
    page = desk(java_script_enabled=False)
    guest = Guest("Hoàng Thị Kim Oanh")
    page.goto("/desk")
    page.locator("#scan").fill(guest.qr)
    page.locator("#scan").press("Enter")
    page.locator("#room").press("Enter")
    expect(page.locator(".summary")).to_contain_text("Nhập số phòng.")
    page.locator("#room").fill("112")
    page.locator("#room").press("Enter")
    expect(page.locator("#ok-h")).to_contain_text(guest.name)
    page.get_by_role("link", name="Xem lượt lưu trú").click()
    expect(page.locator("h1")).to_have_text(guest.name)
    page.locator("#departure summary").click()
    page.locator("#departure button").click()
    expect(page.locator(".note.ok")).to_contain_text("Đã lưu")
    page.get_by_role("link", name="Hôm nay").first.click()
    expect(page.locator("h1")).to_have_text("Hôm nay")


def test_a_stay_is_corrected_extended_and_cancelled(desk):
    page = desk()
    guest = Guest("Bùi Thanh Tùng")
    declare(page, guest, "308")
    page.get_by_role("link", name="Xem lượt lưu trú").click()
    expect(page.locator(".kv")).to_contain_text("0380******")
    page.keyboard.press("g")
    expect(page.locator("#extended_until")).to_be_focused()
    page.locator("#extended_until").fill("1/1")
    page.keyboard.press("Enter")
    expect(page.locator(".note.ok")).to_contain_text("Đã lưu: Gia hạn.")
    page.keyboard.press("e")
    page.locator("#amendment [name=room]").fill("309")
    page.locator("#amendment_reason").fill("Đổi phòng")
    page.keyboard.press("Enter")
    expect(page.locator(".head .sub")).to_contain_text("309")
    page.locator("#cancellation summary").click()
    page.locator("#cancellation_reason").fill("Khai nhầm")
    page.locator("#cancellation button").click()
    # Nothing has left for the police yet, so that the stay is withdrawn.
    expect(page.locator(".head .b")).to_contain_text(re.compile("Đã hủy|Đã rút"))


def test_a_change_to_a_stay_that_moved_keeps_what_was_typed(desk):
    page, other = desk(), desk()
    guest = Guest("Đỗ Minh Quân")
    declare(page, guest, "305")
    page.get_by_role("link", name="Xem lượt lưu trú").click()
    expect(page.locator("h1")).to_have_text(guest.name)
    other.goto(page.url)
    for tab, room in ((other, "306"), (page, "307")):
        tab.keyboard.press("e")
        tab.locator("#amendment [name=room]").fill(room)
        tab.locator("#amendment_reason").fill("Đổi phòng")
        tab.keyboard.press("Enter")
        tab.wait_for_load_state()
    expect(page.locator("#notes")).to_contain_text("Người khác vừa sửa lượt này (bản 2)")
    expect(page.locator("#amendment [name=room]")).to_have_value("307")


def test_the_number_of_a_document_is_shown_for_ten_seconds(desk):
    page = desk()
    guest = Guest("Vũ Thị Lan Anh", sex="Nữ", prefix="038190")
    declare(page, guest, "208")
    page.get_by_role("link", name="Xem lượt lưu trú").click()
    page.get_by_role("button", name="Hiện số giấy tờ").click()
    expect(page.locator(".kv")).to_contain_text(guest.number)
    expect(page.locator(".kv")).not_to_contain_text(guest.number, timeout=15_000)


def test_today_checks_out_by_the_keyboard(desk):
    page = desk()
    guest = Guest("Trần Quốc Toản")
    declare(page, guest, "409")
    page.goto("/desk/today")
    page.keyboard.press("/")
    page.keyboard.type("409")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text(guest.name)
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("d")
    expect(page.locator("h1")).to_have_text("Trả phòng 1 khách")
    page.keyboard.press("Enter")
    expect(page.locator("#notes")).to_contain_text("Đã ghi trả phòng 1 khách.")


def test_language_and_theme_stay_chosen(desk):
    page = desk()
    page.goto("/desk")
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("Declare a guest")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="Switch light and dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/desk/today")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_shortcuts_are_listed(desk):
    page = desk()
    page.goto("/desk/today")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_a_first_visit_is_light(new_page):
    page = new_page()
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    loaded = []
    client.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
    page.goto("/sign-in", wait_until="networkidle")
    assert len(loaded) <= 6, loaded
    assert sum(loaded) <= 60_000, loaded


def test_a_later_page_is_light(desk):
    page = desk()
    page.goto("/desk", wait_until="networkidle")
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    loaded = []
    client.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
    page.goto("/desk/today")
    page.wait_for_timeout(500)
    assert sum(loaded) <= 10_000, loaded


def test_a_receipt_fits_its_paper(desk):
    page = desk()
    declare(page, Guest("Nguyễn Thị Thu Hà", sex="Nữ", prefix="038190"), "501")
    slip = page.get_by_role("link", name="In biên nhận").get_attribute("href")
    for paper, width_millimetres in (("slip", 80), ("a4", 210)):
        page.goto(slip.replace("slip", paper))
        expect(page.locator(".verdict")).to_have_text("Đúng hạn")
        page.screenshot(path=harness.PICTURES / f"receipt-{paper}.png", full_page=True)
        pdf = page.pdf(prefer_css_page_size=True)
        boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
        assert len(boxes) == 1, f"{paper}: {len(boxes)} pages"
        assert abs(float(boxes[0][0]) * 25.4 / 72 - width_millimetres) < 1, boxes
