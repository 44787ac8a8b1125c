"""An operator's bad night, on a service of its own: the police endpoint is gone, what it answered
unclearly is set aside, and all of it goes in the end."""

import os

import pytest
from playwright.sync_api import expect

import harness
from office import enter

STAY = {
    "room": "203",
    "guest": {"full_name": "Nguyễn Văn An", "document": {"kind": "citizen_card"}},
}


@pytest.fixture
def own_service():
    """A service whose simulators misbehave."""
    binary = os.environ.get("LUUTRU_BINARY", str(harness.ROOT / "target/debug/luutru"))
    service = harness.Service(binary)
    yield service
    service.stop()


def declare(page, service, number, key="hotel"):
    """A stay over HTTP, from a program of the hotel."""
    stay = {**STAY, "expected_departure_at": "2099-01-01T12:00:00+07:00"}
    stay["guest"] = {**STAY["guest"], "document": {"kind": "citizen_card", "number": f"038090{number:06}"}}
    bearer = {"Authorization": f"Bearer {service.key(key)}"}
    answer = page.request.post(f"{service.api}/v1/stays", data=stay, headers=bearer)
    assert answer.status == 201, answer.text()


def set_faults(page, service, faults):
    answer = page.request.put(f"{service.ready['police']}/faults", data=faults)
    assert answer.ok, answer.text()


def test_a_bad_night(browser, own_service):
    service = own_service
    context = browser.new_context(base_url=service.api, locale="vi-VN")
    page = context.new_page()
    enter(page, service, "admin", "/admin")
    expect(page.locator("h1")).to_have_text("Nơi nhận")
    expect(page.locator("#list")).to_contain_text("Không có thông báo nào đang chờ.")

    # The endpoint is gone: the page says so first, with what waits.
    set_faults(page, service, {"outage": True})
    for number in range(6):
        declare(page, service, number)

    def cut_off():
        page.goto("/admin")
        return page.locator(".note.late").count() == 1

    harness.wait_for("the endpoint to be cut off", cut_off, seconds=40)
    expect(page.locator(".note.late")).to_contain_text("không trả lời từ")
    expect(page.locator(".note.late")).to_contain_text("Khai báo vẫn được tiếp nhận")
    page.screenshot(path=harness.PICTURES / "bad-night-cut-off.png")
    page.goto("/admin/health")
    expect(page.locator("#cut-off tbody tr")).to_have_count(1)
    page.screenshot(path=harness.PICTURES / "bad-night-health.png")

    # The operator holds the province back, with a reason, and lets it go.
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

    # The endpoint is back: everything goes by itself.
    set_faults(page, service, {})

    def all_gone():
        page.goto("/admin")
        return page.get_by_text("0 thông báo đang chờ").count() == 1

    harness.wait_for("the backlog to be sent", all_gone, seconds=60)
    expect(page.locator(".note.late")).to_have_count(0)
    context.close()
