"""A card held before the camera is read as one that is scanned."""

import pytest
from playwright.sync_api import expect

import accessibility
import camera
import harness
from desk import Guest


@pytest.fixture
def seeing(playwright_of_tests, service, desk_state, tmp_path):
    """The hotel's desk in a browser whose camera sees the QR code of a text."""
    opened = []

    def make(text, **options):
        picture = camera.show(tmp_path / "seen.y4m", text)
        browser = playwright_of_tests.chromium.launch(
            executable_path=harness.CHROMIUM,
            args=[*harness.CHROMIUM_ARGUMENTS, *camera.arguments(picture)],
        )
        context = browser.new_context(
            base_url=service.api, locale="vi-VN", storage_state=desk_state, **options
        )
        context.set_default_timeout(15_000)
        watch = harness.Watch(context, service.api)
        page = context.new_page()
        opened.append((browser, page, watch))
        return page

    yield make
    for browser, page, watch in opened:
        watch.assert_clean(page)
        browser.close()


def test_a_card_before_the_camera_opens_its_guest(seeing):
    guest = Guest()
    page = seeing(guest.qr)
    page.goto("/desk")
    page.get_by_role("button", name="Chụp ảnh thẻ").click()
    expect(page.locator("#room")).to_be_focused()
    expect(page.locator("#main")).to_contain_text(guest.name)
    expect(page.locator("#camera")).not_to_be_visible()


@pytest.mark.parametrize("viewport", [{"width": 1366, "height": 768}, {"width": 390, "height": 844}])
def test_a_camera_that_sees_no_card_goes_on_looking_until_it_is_closed(seeing, viewport):
    page = seeing("", viewport=viewport)
    page.goto("/desk")
    sent = []
    page.on("response", lambda answer: sent.append(answer) if "/desk/picture" in answer.url else None)
    page.get_by_role("button", name="Chụp ảnh thẻ").click()
    harness.wait_for("two pictures", lambda: page.wait_for_timeout(50) or len(sent) >= 2)
    assert {answer.status for answer in sent} == {204}
    accessibility.assert_none(page, "the camera")
    page.screenshot(path=harness.PICTURES / f"camera-{viewport['width']}.png")
    page.get_by_role("button", name="Đóng").click()
    expect(page.locator("#camera")).not_to_be_visible()
    harness.wait_for(
        "the camera to be off", lambda: page.evaluate("document.querySelector('video').srcObject === null")
    )


def test_without_a_camera_a_picture_is_chosen(new_page, desk_state, tmp_path):
    page = new_page(storage_state=desk_state)
    page.goto("/desk")
    page.get_by_role("button", name="Chụp ảnh thẻ").click()
    expect(page.locator("#camera")).to_contain_text("Không mở được máy quay")
    guest = Guest()
    picture = camera.picture(tmp_path / "card.png", guest.qr)
    page.locator("#picture").set_input_files(picture)
    expect(page.locator("#room")).to_be_focused()
    expect(page.locator("#main")).to_contain_text(guest.name)
