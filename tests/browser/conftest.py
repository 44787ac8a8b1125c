"""Fixtures of the browser tests. A new page is tested by a new file `test_<page>.py`, which asks
for `page` (watched, nobody signed in) and `service`."""

import os
import re

import pytest
from playwright.sync_api import Error, expect, sync_playwright

import harness
import officer
import signing_in

# A machine that is busy with other work answers late, and right.
expect.set_options(timeout=15_000)

# Of each page that is open and of the services' log, with a test that failed.
TOLD_LINE_COUNT = 40


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """With a test that failed: where its pages were, what they said, and how the log ends."""
    report = yield
    if report.when == "call" and report.failed:
        contexts = item.funcargs["browser"].contexts if "browser" in item.funcargs else []
        for page in (page for context in contexts for page in context.pages):
            report.sections.append((f"page {page.url}", last_lines(text_of(page))))
        if harness.SERVICE_LOG.exists():
            log = harness.SERVICE_LOG.read_text(encoding="utf-8")
            report.sections.append(("log of the services", last_lines(log)))
    return report


def text_of(page):
    """What a page says to whoever looks at it now, if it still answers."""
    try:
        return page.locator("body").inner_text(timeout=2_000)
    except Error as error:
        return f"does not answer: {error.message}"


def last_lines(text):
    return "\n".join(text.splitlines()[-TOLD_LINE_COUNT:])


@pytest.fixture(scope="session")
def service():
    """One running service for all tests that disturb nobody."""
    binary = os.environ.get("LUUTRU_BINARY", str(harness.ROOT / "target/debug/luutru"))
    service = harness.Service(binary)
    yield service
    service.stop()


@pytest.fixture(scope="session")
def playwright_of_tests():
    """What starts browsers."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright_of_tests):
    """Debian's Chromium, without a window."""
    browser = playwright_of_tests.chromium.launch(
        executable_path=harness.CHROMIUM,
        args=harness.CHROMIUM_ARGUMENTS,
    )
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def desk_state(browser, service):
    """Cookies of the hotel's front desk, signed in once."""
    context = browser.new_context(base_url=service.api, locale="vi-VN")
    page = context.new_page()
    signing_in.give_password(page, service.ready["accounts"]["desk"])
    expect(page.locator("h1")).to_have_text("Khai báo khách")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="session")
def officer_state(browser, service):
    """Cookies of the commune's officer, signed in once."""
    return officer.sign_in(browser, service, "police")


@pytest.fixture(scope="session")
def supervisor_state(browser, service):
    """Cookies of the supervisor, signed in once."""
    return officer.sign_in(browser, service, "supervisor")


@pytest.fixture(scope="session")
def ward_state(browser, service):
    """Cookies of a ward of the hospital, signed in once."""
    context = browser.new_context(base_url=service.api, locale="vi-VN")
    page = context.new_page()
    signing_in.give_password(page, service.ready["accounts"]["ward"], "/desk/ward")
    expect(page.locator("h1")).to_be_visible()
    page.wait_for_url("**/desk/ward")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def new_page(browser, service, request):
    """Makes watched pages, each with cookies and storage of its own: `new_page(locale="en")`,
    `new_page(viewport={"width": 390, "height": 844})`, ….

    At the end of the test each is pictured, and must have done nothing that no page may do."""
    opened = []

    def make(**options):
        options = {"base_url": service.api, "locale": "vi-VN", **options}
        options.setdefault("timezone_id", "Asia/Ho_Chi_Minh")
        context = browser.new_context(**options)
        context.set_default_timeout(15_000)
        watch = harness.Watch(context, service.api)
        page = context.new_page()
        page.watch = watch
        opened.append((context, page, watch))
        return page

    yield make
    name = re.sub(r"[^a-z0-9_]+", "-", request.node.name.lower())
    try:
        for number, (_, page, watch) in enumerate(opened):
            if not page.is_closed():
                page.screenshot(path=harness.PICTURES / f"{name}-{number}.png")
            watch.assert_clean(page)
    finally:
        for context, _, _ in opened:
            context.close()


@pytest.fixture
def page(new_page):
    """One watched page."""
    return new_page()
