"""Long journeys, each on an installation of its own on both databases, with `luutru check` at the end:
the evening of a clerk, the hour of an officer, the bad night of an operator.

Environment: LUUTRU_TEST_OUTAGE_SECONDS, how long the desk has no connection (120 is what one has to
live with; a few seconds by default).
"""

import glob
import os
import re

import pytest
from playwright.sync_api import expect

import harness
import house
import many
import officer
import signing_in
from desk import Guest, Hands, declare, passport
from installation import Installation, PostgresServer
from office import enter

OUTAGE_SECONDS = float(os.environ.get("LUUTRU_TEST_OUTAGE_SECONDS", "3"))
# Of the 120 guests of the evening: from a bus, and from the house's own system.
BUS_COUNT, SYSTEM_COUNT = 40, 70
GUEST_COUNT = 120
CASE_COUNT = 60
# Faults of a network that is gone, and of answers that do not come.
EXPECTED_FAULTS = ("net::ERR", "Failed to load resource", "htmx:")


@pytest.fixture(scope="session")
def postgres():
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def installation(request, tmp_path):
    """Nothing has been started on it yet. At the end it is stopped, and sound."""
    is_sqlite = request.param == "sqlite"
    url = None if is_sqlite else request.getfixturevalue("postgres").new_database()
    installation = Installation(tmp_path / "data", url)
    yield installation
    installation.stop()
    installation.assert_sound()


@pytest.fixture
def open_page(browser, request):
    """Makes watched pages of a service."""
    opened = []

    def make(service, **options):
        options = {"locale": "vi-VN", "timezone_id": "Asia/Ho_Chi_Minh", **options}
        context = browser.new_context(base_url=service.api, **options)
        context.set_default_timeout(20_000)
        watch = harness.Watch(context, service.api)
        for fault in EXPECTED_FAULTS:
            watch.forgive(fault)
        page = context.new_page()
        opened.append((context, page, watch))
        return page

    yield make
    name = re.sub(r"[^a-z0-9_]+", "-", request.node.name.lower())
    for number, (context, page, watch) in enumerate(opened):
        page.screenshot(path=harness.PICTURES / f"{name}-{number}.png")
        watch.assert_clean(page)
        context.close()


def test_the_evening_of_a_clerk(installation, open_page):
    """120 guests: a bus, what the house's system sends, a family, three foreigners, two who come late,
    two during an outage; one mistake is mended. At the end everybody has a receipt."""
    service = installation.start()
    page = open_page(service)
    signing_in.give_password(page, service.ready["accounts"]["desk"])
    expect(page.locator("h1")).to_have_text("Khai báo khách")
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    hotel = service.ready["facilities"]["hotel"]
    hands = Hands(page)
    declare_a_bus(page)
    stays = [house.guest(hotel, f"7{number // 2:02}") for number in range(SYSTEM_COUNT)]
    house.declare_many(page, service, "hotel", stays)
    late = [{"full_name": "Khách Xe Muộn Một", "room": "701"}, {"full_name": "Khách Xe Muộn Hai"}]
    path = f"/v1/facilities/{hotel}/expected-guests"
    house.call(page, service, "POST", path, "hotel", {"items": late})
    declare_a_family(page, hands)
    declare_foreigners(page, hands)
    mend_the_last_room(page, "805")
    declare_during_an_outage(page, hands)
    for _ in late:
        page.goto("/desk/today?tab=undeclared")
        page.get_by_role("button", name="Khai khách").first.click()
        page.locator("#number").fill(Guest().number)
        page.locator("#room").fill("701")
        page.get_by_role("button", name="Gửi khai báo").last.click()
        expect(page.locator("#ok-h")).to_contain_text("Khách Xe Muộn")
    page.goto("/desk/today")
    expect(page.locator(".tabs a[aria-current] .count")).to_have_text(str(GUEST_COUNT))
    expect(page.locator("#deadline")).not_to_contain_text("chưa khai")
    page.locator('button.rm[value="805"]').click()
    expect(page.locator("#list tbody tr")).to_have_count(1)
    page.goto("/desk/reconcile")
    expect(page.locator("tbody tr")).to_have_count(GUEST_COUNT)


def declare_a_bus(page):
    """A list of forty that the tour's guide has sent, pasted from a spreadsheet."""
    page.goto("/desk/group")
    guests = [Guest(f"Khách Đoàn {chr(65 + at // 26)}{chr(97 + at % 26)}") for at in range(BUS_COUNT)]
    rows = [f"{guest.name}\t{guest.number}\t{301 + at // 2}" for at, guest in enumerate(guests)]
    many.paste(page, "\n".join(["Họ tên\tSố CCCD\tPhòng", *rows, ""]))
    expect(page.locator("#group tbody tr")).to_have_count(BUS_COUNT)
    expect(page.locator("html:not(.busy) #scan")).to_be_focused()
    expect(page.locator("#tally .pri")).to_contain_text(f"Gửi {BUS_COUNT} khách hợp lệ")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#notes")).to_contain_text(f"Đã khai {BUS_COUNT} khách")


def declare_a_family(page, hands):
    """Two adults, and a child with a guardian."""
    mother = Guest("Phạm Thị Hồng Nhung", sex="Nữ", prefix="038190")
    declare(page, Guest("Nguyễn Văn Bình"), "801")
    declare(page, mother, "801")
    hands.scan(Guest("Nguyễn Bảo Ngọc", birth="12092017", sex="Nữ", prefix="038317").qr)
    expect(page.locator("#guardian_name")).to_be_visible()
    page.get_by_role("button", name=f"{mother.name} · phòng 801").click()
    expect(page.locator("#guardian_name")).to_have_value(mother.name)
    page.get_by_role("button", name="Gửi khai báo").last.click()
    expect(page.locator("#ok-h")).to_contain_text("Nguyễn Bảo Ngọc")


def declare_foreigners(page, hands):
    for name, room in (("DUBOIS<<CLAIRE", "802"), ("MARTIN<<PAUL", "803"), ("LEROY<<ANNE", "804")):
        page.goto("/desk")
        expect(page.locator("#scan")).to_be_focused()
        hands.scan(*passport(name))
        expect(page.locator("#room")).to_be_focused()
        hands.type(room)
        hands.press("Tab")
        hands.type("3112")
        hands.press("Enter")
        expect(page.locator("#ok-h")).to_contain_text(room)


def mend_the_last_room(page, room):
    """The last guest sleeps in another room than was typed."""
    page.get_by_role("link", name="Xem lượt lưu trú").click()
    page.locator("#amendment summary").click()
    page.locator("#amendment #room").fill(room)
    page.locator("#amendment_reason").fill("Gõ nhầm phòng")
    page.get_by_role("button", name="Lưu thay đổi").click()
    expect(page.locator("#notes")).to_contain_text("Đã lưu")


def declare_during_an_outage(page, hands):
    """Two guests come while there is no connection; both are sent once it is back."""
    page.goto("/desk")
    page.wait_for_function("caches.match('/desk/offline').then(kept => kept !== undefined)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.context.set_offline(True)
    for number, (name, room) in enumerate((("Nguyễn Văn Bốn", "901"), ("Trần Văn Năm", "902")), 1):
        guest = Guest(name)
        hands.scan(guest.qr)
        expect(page.locator("main[data-shell]")).to_be_visible()
        expect(page.locator("#full_name")).to_have_value(guest.name)
        page.locator("#room").fill(room)
        page.locator("#room").press("Enter")
        expect(page.locator("#drafts li")).to_have_count(number)
    page.wait_for_timeout(OUTAGE_SECONDS * 1_000)
    page.context.set_offline(False)
    expect(page.locator(".note.ok")).to_contain_text("gửi xong 2 bản khai", timeout=30_000)


def test_the_hour_of_an_officer(installation, open_page, browser):
    """Sixty cases, worked through by keys."""
    service = installation.start()
    page = open_page(service, storage_state=officer.sign_in(browser, service, "police"))
    officer.late_stays(page, service, CASE_COUNT)
    harness.wait_for("the cases", lambda: officer.waiting(page, service) == CASE_COUNT)
    hands = Hands(page)
    page.goto("/police?kind=late")
    decided = 0
    while decided < CASE_COUNT:
        hands.press("n")
        expect(page.locator("#decision")).to_be_visible()
        while page.locator("#decision").count() and decided < CASE_COUNT:
            here = page.url
            hands.press("1")
            hands.press("Enter")
            page.wait_for_url(lambda url: url != here)
            expect(page.locator(".note.ok")).to_contain_text("Đã chấp nhận.")
            decided += 1
        if page.locator("#decision").count():
            officer.give_back(page)
        page.goto("/police?kind=late")
    assert officer.waiting(page, service) == 0
    assert hands.count <= CASE_COUNT * 4


def test_the_bad_night_of_an_operator(installation, open_page, tmp_path):
    """The endpoint is gone, one notification cannot be read, a clock is wrong; in the end all went."""
    clock = tmp_path / "clock"
    set_clock(clock, 0)
    has_two_clocks = installation.database_url.startswith("postgres")
    service = installation.start(by_clock(clock) if has_two_clocks else {})
    page = open_page(service)
    enter(page, service, "admin", "/admin")
    expect(page.locator("h1")).to_have_text("Nơi nhận")
    expect(page.locator("#list")).to_contain_text("Không có thông báo nào đang chờ.")
    hold_while_the_endpoint_is_gone(page, service)
    poisoned = declare_by_program(page, service, "hotel")
    sealed = poison(installation, poisoned)
    set_faults(page, service, {})
    harness.wait_for("the rest to be sent", lambda: has_sent_all_but(page, 1))
    expect(page.locator("#parked tbody tr")).to_have_count(1)
    page.screenshot(path=harness.PICTURES / "bad-night-parked.png")
    # Sending it again does not help while it is damaged; its backup does.
    page.locator("#parked").get_by_role("button", name="Gửi lại").first.click()
    harness.wait_for("it to be set aside again", lambda: has_sent_all_but(page, 1))
    restore(installation, poisoned, sealed)
    page.locator("#parked").get_by_role("button", name="Gửi lại").first.click()
    harness.wait_for("it to be sent", lambda: has_sent_all_but(page, 0))
    # Workers tell how the endpoint is every few seconds.
    harness.wait_for("the endpoint to be well", lambda: is_endpoint_well(page))
    # SQLite has no server, and no clock of its own.
    if has_two_clocks:
        live_through_a_wrong_clock(page, service, clock)


def declare_by_program(page, service, key):
    """A stay over HTTP, from a program of a facility; its id."""
    stay = house.guest(service.ready["facilities"][key], "203")
    return house.call(page, service, "POST", "/v1/stays", key, stay)["id"]


def set_faults(page, service, faults):
    answer = page.request.put(f"{service.ready['police']}/faults", data=faults)
    assert answer.ok, answer.text()


def hold_while_the_endpoint_is_gone(page, service):
    """The page says first that the endpoint is gone; the operator holds the province back, and lets it
    go."""
    set_faults(page, service, {"outage": True})
    for _ in range(6):
        declare_by_program(page, service, "hotel")

    def is_cut_off():
        page.goto("/admin")
        return page.locator(".note.late").count() == 1

    harness.wait_for("the endpoint to be cut off", is_cut_off)
    expect(page.locator(".note.late")).to_contain_text("không trả lời từ")
    expect(page.locator(".note.late")).to_contain_text("Khai báo vẫn được tiếp nhận")
    page.screenshot(path=harness.PICTURES / "bad-night-cut-off.png")
    page.goto("/admin/health")
    expect(page.locator("#cut-off tbody tr")).to_have_count(1)
    page.screenshot(path=harness.PICTURES / "bad-night-health.png")
    page.goto("/admin")
    page.get_by_role("link", name="Tạm dừng").first.click()
    page.get_by_role("button", name="Tạm dừng").click()
    expect(page.locator(".summary")).to_contain_text("Lý do")
    page.locator("#reason").fill("Bảo trì cổng tiếp nhận")
    page.get_by_role("button", name="Tạm dừng").click()
    expect(page.locator(".note.ok")).to_contain_text("Đã tạm dừng.")
    expect(page.locator("#list")).to_contain_text("Bảo trì cổng tiếp nhận")
    page.get_by_role("button", name="Cho chạy").click()
    expect(page.locator(".note.ok")).to_contain_text("Đã cho chạy lại.")


def has_sent_all_but(page, parked_count):
    page.goto("/admin")
    text = page.locator("main").inner_text()
    return "0 thông báo đang chờ" in text and f"Tạm treo: {parked_count}" in text


def is_endpoint_well(page):
    page.goto("/admin")
    return page.locator(".note.late").count() == 0


def stored_id(installation, text):
    """An id as the database has it: SQLite keeps sixteen bytes."""
    is_sqlite = installation.database_url.startswith("sqlite")
    return bytes.fromhex(text.replace("-", "")) if is_sqlite else text


def poison(installation, stay_id):
    """Damages what the worker has to read of a stay; answers what it was."""
    stored = stored_id(installation, stay_id)
    ((sealed,),) = installation.execute("SELECT sealed FROM stay_version WHERE stay_id = ?", [stored])
    sealed = bytes(sealed)
    restore(installation, stay_id, sealed[:-1] + bytes([sealed[-1] ^ 1]))
    return sealed


def restore(installation, stay_id, sealed):
    stored = stored_id(installation, stay_id)
    installation.execute("UPDATE stay_version SET sealed = ? WHERE stay_id = ?", [sealed, stored])


def live_through_a_wrong_clock(page, service, clock):
    """Ten minutes ahead of the server's clock the page says what is wrong, and nothing is sent; with
    the right time what was declared meanwhile goes."""
    set_clock(clock, 600)
    harness.wait_for("the clock to be noticed", lambda: is_clock_failing(page))
    page.screenshot(path=harness.PICTURES / "bad-night-clock.png")
    declare_by_program(page, service, "hotel")
    set_clock(clock, 0)
    harness.wait_for("the right time", lambda: not is_clock_failing(page))
    harness.wait_for("all to be sent", lambda: has_sent_all_but(page, 0))


def by_clock(clock):
    """What a service must be started with to go by this clock; durations are those of the machine."""
    libraries = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    assert libraries, "wrong clocks need the package faketime"
    return {
        "LD_PRELOAD": libraries[0],
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
    }


def set_clock(clock, seconds):
    """From now on the service's clock is so many seconds ahead."""
    written = clock.with_suffix(".next")
    written.write_text(f"{seconds:+}\n")
    # A reader sees the old value or the new one, never half of it.
    written.rename(clock)


def is_clock_failing(page):
    page.goto("/admin/health")
    return "Đồng hồ\nLỗi" in page.locator("#checks").inner_text()
