"""People sign in as they do at a desk: name, password, and the code of an authenticator."""

import base64
import hmac
import struct
import time

from playwright.sync_api import expect

STEP_SECONDS = 30


def one_time_code(secret, at=None):
    """RFC 6238 with SHA-1 and six digits, as authenticator apps compute it."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    step = int((at or time.time()) // STEP_SECONDS)
    digest = hmac.digest(key, struct.pack(">Q", step), "sha1")
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


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
