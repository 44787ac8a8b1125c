"""The pages of officers and supervisors in both themes and sizes."""

import pytest
from playwright.sync_api import expect

import harness
import officer
from looks import SIZES, look


def queue(page, service):
    officer.late_stays(page, service, 3)
    page.goto("/police")


def queue_empty(page, service):
    page.goto("/police?kind=probing")
    expect(page.locator(".empty")).to_be_visible()


def differing(page, service):
    """A guest of whom the registry knows another name and day of birth."""
    number = next(officer.NUMBERS)
    person = {"full_name": "Lê Thị Thu Hoài", "birth_date": "1990-05-18", "sex": "male"}
    known = page.request.put(f"{service.ready['registry']}/v1/persons/038090{number}", data=person)
    assert known.ok, known.text()
    officer.stay(page, service, number)
    harness.wait_for("the case", lambda: officer.waiting(page, service, "mismatch") > 0)


def case(page, service):
    differing(page, service)
    officer.late_stays(page, service, 1)
    page.goto("/police?kind=mismatch")
    page.keyboard.press("Enter")
    expect(page.locator("#decision")).to_be_visible()
    page.keyboard.press("2")


def case_refused(page, service):
    case(page, service)
    page.keyboard.press("3")
    page.locator("#reason").select_option("")
    page.get_by_role("button", name="Ghi quyết định").click()
    expect(page.locator(".summary")).to_be_visible()


PAGES = {
    "police": queue,
    "police-empty": queue_empty,
    "police-case": case,
    "police-case-refused": case_refused,
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_an_officers_page_is_seen_by_everybody(new_page, service, officer_state, name, size):
    pages = []

    def draw(page):
        pages.append(page)
        PAGES[name](page, service)

    look(new_page, officer_state, name, size, draw)
    officer.give_back(pages[0])


def watching(page, service):
    page.goto("/police")


def dashboard(page, service):
    page.goto("/police/dashboard")


def dashboard_busy(page, service):
    officer.busy_weeks(page, service)
    page.goto("/police/dashboard")
    page.locator("summary").first.click()


WATCHED = {
    "police-watching": watching,
    "police-dashboard": dashboard,
    "police-dashboard-busy": dashboard_busy,
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", WATCHED)
def test_a_supervisors_page_is_seen_by_everybody(new_page, service, supervisor_state, name, size):
    look(new_page, supervisor_state, name, size, lambda page: WATCHED[name](page, service))
