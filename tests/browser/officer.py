"""An officer at work as the tests of the police's pages use it: signing in once, cases to decide."""

import datetime
import itertools

from playwright.sync_api import expect

from signing_in import give_password, one_time_code

NUMBERS = itertools.count(500_000)
VIET_NAM = datetime.timezone(datetime.timedelta(hours=7))


def sign_in(browser, service, name):
    """Cookies of an officer or a supervisor, signed in once: a code is good once."""
    context = browser.new_context(base_url=service.api, locale="vi-VN")
    page = context.new_page()
    account = service.ready["accounts"][name]
    give_password(page, account, "/police")
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type(one_time_code(account["totp_secret"]))
    expect(page.locator("h1")).to_have_text("Hàng đợi")
    state = context.storage_state()
    context.close()
    return state


def bearer(service, name):
    return {"Authorization": f"Bearer {service.key(name)}"}


def draft(service, number, arrival, name="Nguyễn Văn An"):
    return {
        "facility_id": service.ready["facilities"]["hotel"],
        "reference": f"CA-{number}",
        "room": str(100 + number % 300),
        "arrival_at": arrival.isoformat(),
        "expected_departure_at": (arrival + datetime.timedelta(days=3)).isoformat(),
        "guest": {
            "full_name": name,
            "birth_date": "1990-05-17",
            "sex": "male",
            "nationality": "VNM",
            "document": {"kind": "citizen_card", "number": f"038090{number}"},
        },
    }


def stay(page, service, number):
    """One stay of the hotel, from now on."""
    body = draft(service, number, datetime.datetime.now(VIET_NAM).replace(microsecond=0))
    answer = page.request.post("/v1/stays", data=body, headers=bearer(service, "hotel"))
    assert answer.ok, answer.text()


def late_stays(page, service, count, name="Nguyễn Văn An"):
    """Late stays of the hotel, each with a case."""
    yesterday = datetime.datetime.now(VIET_NAM) - datetime.timedelta(days=1)
    arrival = yesterday.replace(hour=10, minute=0, second=0, microsecond=0)
    numbers = itertools.islice(NUMBERS, count)
    stays = [draft(service, number, arrival, name) for number in numbers]
    answer = page.request.post("/v1/stays/batch", data={"stays": stays}, headers=bearer(service, "hotel"))
    assert answer.ok, answer.text()
    refused = [result for result in answer.json()["results"] if result["outcome"] != "accepted"]
    assert not refused, refused
    return [result["stay"]["id"] for result in answer.json()["results"]]


def busy_weeks(page, service):
    """Arrivals of today and of the same day of four weeks before."""
    now = datetime.datetime.now(VIET_NAM).replace(minute=5, second=0, microsecond=0)
    hours = [hour for hour in range(0, now.hour) for _ in range(12 + hour % 5)][-90:]
    for week in range(5):
        day = now - datetime.timedelta(weeks=week)
        numbers = itertools.islice(NUMBERS, len(hours))
        stays = [draft(service, number, day.replace(hour=hour)) for number, hour in zip(numbers, hours)]
        if stays:
            answer = page.request.post("/v1/stays/batch", data={"stays": stays}, headers=bearer(service, "hotel"))
            assert answer.ok, answer.text()


def waiting(page, service, kind="late"):
    """How many cases of a kind wait."""
    answer = page.request.get("/v1/police/summary", headers=bearer(service, "police"))
    assert answer.ok, answer.text()
    return sum(item["open"] for item in answer.json()["items"] if item["kind"] == kind)


def take_another(page, service, count):
    """Another officer takes cases; returns their lease."""
    wanted = {"count": count, "kinds": ["late"]}
    answer = page.request.post("/v1/police/claims", data=wanted, headers=bearer(service, "police"))
    assert answer.ok, answer.text()
    return answer.json()["lease_id"]


def release_another(page, service, lease):
    answer = page.request.delete(f"/v1/police/claims/{lease}", headers=bearer(service, "police"))
    assert answer.ok, answer.text()


def give_back(page):
    """The officer gives back what is held."""
    if page.locator("#lease").count():
        page.get_by_role("button", name="Trả lại", exact=True).click()
        expect(page.locator(".note.ok")).to_contain_text("vụ việc.")
        expect(page.locator("#lease")).to_have_count(0)
