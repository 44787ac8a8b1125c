"""A house for the tests of its pages: people of other facilities, rooms, stays by the API."""

import datetime
import itertools

from playwright.sync_api import expect

import signing_in

NUMBERS = itertools.count(500_000)
SURNAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Đặng", "Bùi", "Đỗ")
NAMES = ("Văn An", "Thị Mai", "Quốc Toản", "Thị Hồng Nhung", "Minh Khôi", "Thu Hà", "Đức Anh")


def state_of(browser, service, account, facility=None):
    """Cookies of a demo account, signed in."""
    person = service.ready["accounts"][account]
    context = browser.new_context(base_url=service.api, locale="vi-VN")
    page = context.new_page()
    signing_in.give_password(page, person)
    if person.get("totp_secret"):
        expect(page.locator("#code")).to_be_focused()
        page.keyboard.type(signing_in.one_time_code(person["totp_secret"]))
    page.wait_for_url("**/desk*")
    if facility:
        page.locator(f'button[value="{service.ready["facilities"][facility]}"]').click()
    expect(page.locator("h1")).to_have_text("Khai báo khách")
    state = context.storage_state()
    context.close()
    return state


def call(page, service, method, path, key, body):
    """An operation of the API, as a facility's own system calls it."""
    answer = page.request.fetch(
        f"{service.api}{path}",
        method=method,
        data=body,
        headers={"Authorization": f"Bearer {service.key(key)}"},
    )
    assert answer.ok, answer.text()
    return answer.json() if answer.status != 204 else None


def put_rooms(page, service, facility, rooms):
    path = f"/v1/facilities/{service.ready['facilities'][facility]}/rooms"
    call(page, service, "PUT", path, facility, {"items": rooms})


def floors(numbers):
    """Four floors of rooms for two."""
    return [
        {"name": f"{floor}{number:02}", "kind": "room", "capacity": 2}
        for floor in range(1, 5)
        for number in range(1, numbers + 1)
    ]


def guest(facility, room, days=1, name=None):
    number = next(NUMBERS)
    left = datetime.date.today() + datetime.timedelta(days=days)
    full_name = name or f"{SURNAMES[number % 8]} {NAMES[number % 7]}"
    return {
        "facility_id": facility,
        "room": room,
        "expected_departure_at": f"{left}T12:00:00+07:00",
        "guest": {
            "full_name": full_name,
            "document": {"kind": "citizen_card", "number": f"038090{number}"},
        },
    }


def known(page, service, stays):
    """The population registry knows these guests."""
    for stay in stays:
        guest = stay["guest"]
        number = guest["document"]["number"]
        person = {"full_name": guest["full_name"], "birth_date": "1990-05-17", "sex": "male"}
        answer = page.request.put(f"{service.ready['registry']}/v1/persons/{number}", data=person)
        assert answer.ok, answer.text()


def declare_many(page, service, facility, stays):
    """A batch; everybody is accepted."""
    answer = call(page, service, "POST", "/v1/stays/batch", facility, {"stays": stays})
    assert answer["accepted"] == len(stays), answer["results"]
    return answer["results"]


def clear_expected(page, service):
    hotel = service.ready["facilities"]["hotel"]
    path = f"/v1/facilities/{hotel}/expected-guests"
    for guest in call(page, service, "GET", path, "hotel", None)["items"]:
        call(page, service, "DELETE", f"{path}/{guest['id']}", "hotel", None)
