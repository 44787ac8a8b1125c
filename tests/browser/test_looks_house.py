"""The pages of the house in both themes and sizes."""

import pytest
from playwright.sync_api import expect

import house
from looks import SIZES, look


@pytest.fixture(scope="module")
def states(browser, service, desk_state):
    """Cookies of the people at work in houses of each kind."""
    return {
        "desk": desk_state,
        "manager": house.state_of(browser, service, "manager", "hotel"),
        "dormitory": house.state_of(browser, service, "dormitory"),
        "residence": house.state_of(browser, service, "residence"),
    }


@pytest.fixture(scope="module", autouse=True)
def furnished(browser, service):
    """Rooms and guests of the hotel, the school and the residence."""
    page = browser.new_page()
    ids = service.ready["facilities"]
    house.put_rooms(page, service, "hotel", house.floors(10))
    rooms = [f"{floor}{number:02}" for floor in range(1, 5) for number in range(1, 7)]
    guests = [house.guest(ids["hotel"], room) for room in rooms for _ in range(1 + int(room) % 2)]
    # Some are to be looked at again.
    house.known(page, service, [guest for at, guest in enumerate(guests) if at % 9])
    house.declare_many(page, service, "hotel", guests)
    path = f"/v1/facilities/{ids['hotel']}/expected-guests"
    expected = [
        {"full_name": "Đinh Thị Mỹ Hạnh", "room": "402", "document_number": "038190004411"},
        {"full_name": "Trịnh Công Minh", "room": "305"},
    ]
    house.call(page, service, "POST", path, "hotel", {"items": expected})
    beds = [
        {"name": f"{ward}{number}", "kind": "room", "capacity": 4, "ward": f"Nhà {ward}", "floor": "1"}
        for ward in ("A", "B")
        for number in range(101, 107)
    ]
    house.put_rooms(page, service, "school", beds)
    students = [house.guest(ids["school"], bed["name"], days=20) for bed in beds for _ in range(3)]
    house.known(page, service, students)
    house.declare_many(page, service, "school", students)
    residents = [house.guest(ids["official_residence"], "1", days) for days in (120, 120, 2)]
    house.known(page, service, residents)
    house.declare_many(page, service, "official_residence", residents)
    page.close()


def today(page):
    page.goto("/desk/today")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-chosen]")).to_have_text("Đã chọn 1 khách")


def today_room(page):
    page.goto("/desk/today")
    page.locator('button.rm[value="203"]').click()
    expect(page.locator("#list-h")).to_have_text("Khách phòng 203")


def undeclared(page):
    page.goto("/desk/today?tab=undeclared")


def desk_idle(page):
    page.goto("/desk")
    expect(page.locator("#undeclared-h")).to_be_visible()


def bulk(page):
    today(page)
    page.keyboard.press("d")
    expect(page.locator("h1")).to_have_text("Trả phòng 1 khách")


def rooms(page):
    page.goto("/desk/rooms")


def rooms_faulty(page):
    page.goto("/desk/rooms")
    page.locator("#name").fill("101")
    page.keyboard.press("Enter")
    expect(page.locator("#notes .note.late")).to_be_visible()


def register(page):
    page.goto("/desk/register")


def notice(page):
    page.goto("/desk/today")
    page.get_by_role("link", name="In thông báo cho khách").click()
    expect(page.locator("h1")).to_have_text("Thông báo về dữ liệu cá nhân của khách lưu trú")


def reconcile(page):
    page.goto("/desk/reconcile")
    page.locator("#held").fill("LT-261130-0000")
    page.get_by_role("button", name="So sánh").click()
    expect(page.locator("#unknown-h")).to_be_visible()


def roster(page):
    page.goto("/desk/roster")


def household(page):
    page.goto("/desk/household")


PAGES = {
    "house-today": ("desk", today),
    "house-today-room": ("desk", today_room),
    "house-undeclared": ("desk", undeclared),
    "house-desk": ("desk", desk_idle),
    "house-bulk": ("desk", bulk),
    "house-rooms": ("manager", rooms),
    "house-rooms-faulty": ("manager", rooms_faulty),
    "house-register": ("desk", register),
    "house-notice": ("desk", notice),
    "house-reconcile": ("desk", reconcile),
    "house-roster": ("dormitory", roster),
    "house-household": ("residence", household),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_house_is_seen_by_everybody(new_page, states, name, size):
    account, draw = PAGES[name]
    may_scroll = name in ("house-register", "house-notice")
    look(new_page, states[account], name, size, draw, may_scroll=may_scroll)
