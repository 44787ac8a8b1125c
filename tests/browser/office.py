"""Managers and administrators as the tests of their pages use them: signed in by one click."""

from playwright.sync_api import expect


def enter(page, service, name, path="/"):
    """Signs in to a demo account by one click and opens a page."""
    account = service.ready["accounts"][name]
    page.goto(f"/sign-in?next={path}")
    page.locator(f'button[value="{account["name"]}"]').click()
    expect(page.locator("nav.nav")).to_be_attached()


def state_of(browser, service, name):
    """The cookies of somebody who has signed in."""
    context = browser.new_context(base_url=service.api, locale="vi-VN")
    enter(context.new_page(), service, name, "/account")
    state = context.storage_state()
    context.close()
    return state
