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
        give_password(page, known, "/")
        if known.get("totp_secret"):
            expect(page.locator("#code")).to_be_focused()
            page.locator("#code").fill(one_time_code(known["totp_secret"]))
        expect(page.locator("nav")).to_be_visible(timeout=WAIT_MILLISECONDS)
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
    arrived = page.locator("main").get_by_text("Công an đã nhận").last
    for _ in range(40):
        if arrived.count():
            return
        page.wait_for_timeout(250)
        page.reload()
    raise AssertionError("the police have not received it within 10 s")


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


STEPS = [
    sign_in,
    desk,
    desk_sent,
    desk_foreigner,
    desk_phone,
    stay,
    show("desk", "/desk/today", "today"),
    show("desk", "/desk/group", "group"),
    show("desk", "/desk/imports", "imports"),
    show("desk", "/desk/register", "register"),
    show("desk", "/desk/reconcile", "reconcile"),
    show("ward", "/desk/ward", "ward"),
    show("dormitory", "/desk/roster", "roster"),
    show("residence", "/desk/household", "household"),
    show("manager", "/organisation/accounts", "accounts", language="en"),
    show("police", "/police", "queue"),
    show("supervisor", "/police/dashboard", "dashboard"),
    show("admin", "/admin", "destinations", theme="dark"),
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
