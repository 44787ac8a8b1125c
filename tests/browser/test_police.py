"""Officers: the queue and its cases, by keys, and without script."""

import pytest
from playwright.sync_api import expect

import officer
from desk import Hands


@pytest.fixture
def police(new_page, officer_state):
    """A page of the commune's officer."""
    return lambda **options: new_page(storage_state=officer_state, **options)


def test_from_the_queue_to_a_decision_takes_three_keys(police, service):
    page = police()
    officer.late_stays(page, service, 1)
    page.goto("/police?kind=late")
    expect(page.locator("tr.sel a")).to_be_focused()
    hands = Hands(page)
    hands.press("Enter")
    expect(page.locator("h1")).to_have_text("Khai quá hạn")
    expect(page.locator("#decision")).to_be_visible()
    hands.press("1")
    expect(page.get_by_role("radio", name="Chấp nhận")).to_be_checked()
    expect(page.locator("#reason")).to_have_value("data_confirmed")
    hands.press("Enter")
    expect(page.locator(".note.ok")).to_contain_text("Đã chấp nhận.")
    assert hands.count <= 4


def test_the_next_case_held_opens_by_itself(police, service):
    page = police()
    officer.late_stays(page, service, 2)
    page.goto("/police?kind=late")
    hands = Hands(page)
    hands.press("n")
    expect(page.locator("#lease")).to_contain_text("Đang giữ")
    first = page.url
    hands.press("2")
    expect(page.locator("#question")).to_be_visible()
    hands.press("Enter")
    expect(page.locator(".note.ok")).to_contain_text("Đã gửi câu hỏi cho cơ sở.")
    assert page.url.split("?")[0] != first
    # What else is held is given back at once.
    officer.give_back(page)


def test_a_lease_is_held_longer(police, service):
    page = police()
    officer.late_stays(page, service, 1)
    page.goto("/police?kind=late")
    page.keyboard.press("Enter")
    expect(page.locator("#decision")).to_be_visible()
    page.locator("#note").fill("đang gọi lễ tân")
    page.wait_for_timeout(1_100)
    before = page.locator("#lease").get_attribute("data-at")
    page.get_by_role("button", name="Giữ thêm").click()
    expect(page.locator("#status")).to_have_text("Đã giữ thêm.")
    assert page.locator("#lease").get_attribute("data-at") > before
    # What was typed is still there.
    expect(page.locator("#note")).to_have_value("đang gọi lễ tân")
    officer.give_back(page)


def test_letters_typed_into_a_field_decide_nothing(police, service):
    page = police()
    officer.late_stays(page, service, 1)
    page.goto("/police?kind=late")
    page.keyboard.press("Enter")
    page.locator("#note").click()
    page.keyboard.type("phòng 214 jkn")
    expect(page.locator("#note")).to_have_value("phòng 214 jkn")
    expect(page.locator("[name=decision]:checked")).to_have_count(0)
    officer.give_back(page)


def test_a_change_waits_until_the_officer_asks_for_it(police, service):
    page = police()
    officer.late_stays(page, service, 3)
    page.clock.install()
    page.goto("/police?kind=late")
    lease = officer.take_another(page, service, 2)
    page.clock.fast_forward(16_000)
    expect(page.locator("#changes")).to_have_text("2 thay đổi chờ hiện")
    expect(page.get_by_text("Người khác, đến")).to_have_count(0)
    page.locator("#changes").click()
    expect(page.locator("#changes")).to_be_hidden()
    expect(page.get_by_text("Người khác, đến")).to_have_count(2)
    expect(page.locator("tr.sel a")).to_be_focused()
    officer.release_another(page, service, lease)


def test_a_case_is_decided_without_script(police, service):
    page = police(java_script_enabled=False)
    officer.late_stays(page, service, 1)
    page.goto("/police?kind=late")
    page.get_by_role("button", name="Nhận Khai quá hạn").first.click()
    page.get_by_role("button", name="Giữ thêm").click()
    expect(page.locator(".note.ok")).to_contain_text("Đã giữ thêm.")
    page.get_by_role("radio", name="Chuyển công an xã, phường khác").check()
    page.locator("#reason").select_option("other_commune")
    page.get_by_role("button", name="Ghi quyết định").click()
    expect(page.locator(".summary")).to_contain_text("Chọn xã, phường nhận.")
    page.locator("#commune").fill("14758")
    page.get_by_role("button", name="Ghi quyết định").click()
    expect(page.locator(".note.ok")).to_contain_text("Đã chuyển vụ việc.")
