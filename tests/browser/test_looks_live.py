"""The desk while the connection is lost, in both themes and sizes."""

import pytest
from playwright.sync_api import expect

from desk import Guest, Hands
from looks import SIZES, look


def offline(page):
    page.watch.forgive("404")
    page.route("**/livez", lambda route: route.fulfill(status=404))
    page.goto("/desk/offline")
    Hands(page).scan(Guest("Vũ Thị Lan Anh", prefix="038190", sex="Nữ").qr)
    page.locator("#room").fill("207")
    page.locator("#room").press("Enter")
    expect(page.locator("#drafts li")).to_have_count(1)


PAGES = {"offline": offline}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_without_a_connection_is_seen_by_everybody(new_page, desk_state, name, size):
    look(new_page, desk_state, name, size, PAGES[name])
