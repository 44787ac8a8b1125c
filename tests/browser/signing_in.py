"""People sign in as they do at a desk: name, password, and the code of an authenticator."""

from playwright.sync_api import expect

from authenticator import one_time_code


def give_password(page, account, path="/desk"):
    """Opens a page, is led to sign in, and gives name and password."""
    page.goto(path)
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type(account["name"])
    page.keyboard.press("Tab")
    page.keyboard.type(account["password"])
    page.keyboard.press("Enter")


def set_up_authenticator(page):
    """The second step of the first time; returns the authenticator's key."""
    expect(page.locator("svg.qr")).to_be_visible()
    secret = page.locator(".code").inner_text().replace(" ", "")
    page.locator("#code").fill(one_time_code(secret))
    page.keyboard.press("Enter")
    expect(page.locator(".code li")).to_have_count(10)
    page.get_by_role("link", name="Tôi đã cất mã").click()
    return secret
