#!/usr/bin/env python3
"""Takes the pictures of README.md and docs/tour.md, in docs/pictures/.

    scripts/browser.sh target/debug/luutru -k nothing   # once: installs Playwright in target/
    target/browser-tools/bin/python scripts/tour.py [BINARY]

Starts `luutru up` in memory, signs in as the demo accounts do, works as they would, and pictures
what they see. Times, numbers of receipts and the like differ from run to run.
"""

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))
os.chdir(ROOT)

from playwright.sync_api import expect, sync_playwright  # noqa: E402

import harness  # noqa: E402
import house  # noqa: E402
import many  # noqa: E402
import officer  # noqa: E402
from authenticator import one_time_code  # noqa: E402
from desk import Guest, Hands, declare, passport  # noqa: E402
from signing_in import give_password  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
DESKTOP = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
WAIT_MILLISECONDS = 20_000


class Known(Guest):
    """Somebody whom the demonstration's population registry knows."""

    def __init__(self, number, name, birth, sex="Nam"):
        super().__init__(name, birth, sex)
        self.number = number


NGOC = Known("038190990002", "Lê Thị Bích Ngọc", "31121990", "Nữ")
BAO = Known("001075990003", "Phạm Quốc Bảo", "28021975")
CHAU = Known("079199990004", "Võ Minh Châu", "01011999", "Nữ")
TRINH = Known("038200990005", "Trịnh Gia Bảo", "01012000")
THU = Known("038305990006", "Hồ Hoài Thu", "02092005", "Nữ")
DAT = Known("210085990011", "Nguyễn Thành Đạt", "03031985")


class Tour:
    """A browser in which everybody of the demonstration is signed in, each on a page of their own."""

    def __init__(self, browser, service):
        self.browser, self.service = browser, service
        self.states = {}

    def page(self, account, language="vi-VN", viewport=None, theme="light"):
        if account not in self.states:
            self.states[account] = self.sign_in(account)
        context = self.browser.new_context(
            base_url=self.service.api,
            locale=language,
            timezone_id="Asia/Ho_Chi_Minh",
            viewport=viewport or DESKTOP,
            color_scheme=theme,
            reduced_motion="reduce",
            storage_state=self.states[account],
        )
        context.set_default_timeout(WAIT_MILLISECONDS)
        return context.new_page()

    def sign_in(self, account):
        context = self.browser.new_context(base_url=self.service.api, locale="vi-VN")
        context.set_default_timeout(WAIT_MILLISECONDS)
        page = context.new_page()
        known = self.service.ready["accounts"][account]
        give_password(page, known, "/account")
        if known.get("totp_secret"):
            expect(page.locator("#code")).to_be_focused()
            page.locator("#code").fill(one_time_code(known["totp_secret"]))
        expect(page.locator("nav.nav")).to_be_visible(timeout=WAIT_MILLISECONDS)
        state = context.storage_state()
        context.close()
        return state

    def facility_chosen(self, page):
        """Somebody of several facilities works at the first."""
        choice = page.locator("button[name=facility]").first
        if choice.count():
            choice.click()


def picture(page, name):
    page.screenshot(path=PICTURES / f"{name}.png")
    print(f"docs/pictures/{name}.png")
    page.context.close()


def sign_in(tour):
    context = tour.browser.new_context(base_url=tour.service.api, locale="vi-VN", viewport=DESKTOP)
    page = context.new_page()
    page.goto("/")
    expect(page.locator("#name")).to_be_focused()
    picture(page, "sign-in")


def received(page):
    """Comes back to the page until the police have what it shows."""
    arrived = page.locator("main .b", has_text="Công an đã nhận").first
    for _ in range(80):
        if arrived.count():
            return
        page.wait_for_timeout(250)
        page.reload()
    raise AssertionError("the police have not received it within 20 s")


def desk(tour):
    page = tour.page("desk")
    declare(page, NGOC, "204")
    declare(page, BAO, "301")
    page.goto("/desk")
    received(page)
    Hands(page).scan(CHAU.qr)
    expect(page.locator("#room")).to_be_focused()
    Hands(page).type("203")
    picture(page, "desk-scanned")


def desk_sent(tour):
    page = tour.page("desk")
    declare(page, TRINH, "205")
    picture(page, "desk-sent")


def desk_foreigner(tour):
    page = tour.page("desk", language="en")
    page.goto("/desk")
    Hands(page).scan(*passport())
    expect(page.locator("#permitted_until")).to_be_visible()
    picture(page, "desk-foreigner-en")


def desk_phone(tour):
    page = tour.page("desk", viewport=PHONE, theme="dark")
    page.goto("/desk")
    Hands(page).scan(DAT.qr)
    expect(page.locator("#room")).to_be_focused()
    picture(page, "desk-phone-dark")


def show(account, path, name, **options):
    """A page as it is when it opens."""

    def step(tour):
        page = tour.page(account, **options)
        page.goto(path)
        tour.facility_chosen(page)
        expect(page.locator("h1")).to_be_visible()
        picture(page, name)

    return step


def stay(tour):
    page = tour.page("desk")
    declare(page, THU, "308")
    page.get_by_role("link", name="Xem lượt lưu trú").click()
    received(page)
    picture(page, "stay")


def group(tour):
    """A bus: cards and a pasted table, of which two rows are to be mended."""
    page = tour.page("desk")
    page.goto("/desk/group")
    page.locator("#count").fill("9")
    page.locator("#group_name").fill("Xe 29B Sông Đáy")
    many.paste(page, many.table_of_a_group())
    expect(page.locator("#group tbody tr")).to_have_count(9)
    picture(page, "group")


def imported(tour):
    """A file whose refused rows are mended in place."""
    page = tour.page("desk")
    many.send_file(page, many.file_with_faults())
    expect(page.locator("#mend")).to_be_visible(timeout=60_000)
    picture(page, "imports")


def ward(tour):
    """A ward's list as differences from the time before."""
    many.furnish(tour.service)
    page = tour.page("ward")
    many.open_ward(page)
    many.paste(page, many.table_of_a_ward())
    expect(page.locator("#tally")).to_contain_text("Mới vào")
    picture(page, "ward")


def people(tour, account, facility, path, name, rooms, days):
    """A house in each of whose rooms people stay for so many days."""
    page = tour.page(account)
    place = tour.service.ready["facilities"][facility]
    guests = [house.guest(place, room, days=day) for room in rooms for day in days]
    house.known(page, tour.service, guests)
    house.declare_many(page, tour.service, facility, guests)
    page.goto(path)
    received(page)
    picture(page, name)


def roster(tour):
    beds = [
        {"name": f"{building}{number}", "kind": "room", "ward": f"Nhà {building}", "floor": "1", "capacity": 4}
        for building in ("A", "B")
        for number in range(101, 107)
    ]
    house.put_rooms(tour.page("dormitory"), tour.service, "school", beds)
    rooms = [bed["name"] for bed in beds]
    people(tour, "dormitory", "school", "/desk/roster", "roster", rooms, (20, 20, 20))


def household(tour):
    people(tour, "residence", "official_residence", "/desk/household", "household", ["1"], (120, 120, 2))


def case(tour):
    """An officer takes a case whose name and day of birth the registry knows otherwise."""
    page = tour.page("police")
    officer.late_stays(page, tour.service, 3)
    number = next(officer.NUMBERS)
    person = {"full_name": "Lê Thị Thu Hoài", "birth_date": "1990-05-18", "sex": "male"}
    known = page.request.put(f"{tour.service.ready['registry']}/v1/persons/038090{number}", data=person)
    assert known.ok, known.text()
    officer.stay(page, tour.service, number)
    harness.wait_for("the case", lambda: officer.waiting(page, tour.service, "mismatch") > 0)
    page.goto("/police")
    expect(page.locator("h1")).to_have_text("Hàng đợi")
    page.screenshot(path=PICTURES / "queue.png")
    print("docs/pictures/queue.png")
    page.goto("/police?kind=mismatch")
    page.keyboard.press("Enter")
    expect(page.locator("#decision")).to_be_visible()
    page.keyboard.press("2")
    picture(page, "case")


def dashboard(tour):
    """A province after some busy weeks."""
    page = tour.page("supervisor")
    officer.busy_weeks(page, tour.service)
    page.goto("/police/dashboard")
    expect(page.locator("figure").first).to_be_visible()
    picture(page, "dashboard")


STEPS = [
    sign_in,
    desk,
    desk_sent,
    desk_foreigner,
    desk_phone,
    stay,
    show("desk", "/desk/today", "today"),
    group,
    imported,
    show("desk", "/desk/register", "register"),
    show("desk", "/desk/reconcile", "reconcile"),
    ward,
    roster,
    household,
    show("manager", "/organisation/accounts", "accounts", language="en"),
    case,
    dashboard,
    show("admin", "/admin?all=1", "destinations", theme="dark"),
    show("admin", "/admin/health", "health", language="en"),
    show("admin", "/admin/keys", "keys"),
]


def main():
    binary = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "target/debug/luutru")
    PICTURES.mkdir(parents=True, exist_ok=True)
    service = harness.Service(binary)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=harness.CHROMIUM, args=harness.CHROMIUM_ARGUMENTS
            )
            tour = Tour(browser, service)
            for step in STEPS:
                step(tour)
            browser.close()
    finally:
        service.stop()


if __name__ == "__main__":
    main()
