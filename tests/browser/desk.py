"""A front desk as the tests of its pages use it: a scanner, hands that count their keys, guests."""

import itertools

from playwright.sync_api import expect

SCANNER_DELAY_MILLISECONDS = 4
NUMBERS = itertools.count(100_000)


class Hands:
    """Types as people do, and counts. A scanner's keys are its own."""

    def __init__(self, page):
        self.page = page
        self.count = 0

    def press(self, key):
        self.count += 1
        self.page.keyboard.press(key)

    def type(self, text):
        for letter in text:
            self.count += 1
            self.page.keyboard.type(letter)

    def scan(self, *lines):
        """A keyboard wedge: types each line and ends it with Enter."""
        for line in lines:
            self.page.keyboard.type(line, delay=SCANNER_DELAY_MILLISECONDS)
            self.page.keyboard.press("Enter")


class Guest:
    """A made-up citizen whom nobody else has."""

    def __init__(self, name="Nguyễn Văn An", birth="17051990", sex="Nam", prefix="038090"):
        self.name, self.birth, self.sex = name, birth, sex
        self.number = f"{prefix}{next(NUMBERS)}"

    @property
    def qr(self):
        return f"{self.number}||{self.name}|{self.birth}|{self.sex}|Xã Quảng Cư, Thanh Hóa|01012022"


def check_digit(text):
    """ICAO Doc 9303-3, section 4.9."""
    value = lambda c: 0 if c == "<" else int(c) if c.isdigit() else ord(c) - 55
    return str(sum(value(c) * (7, 3, 1)[at % 3] for at, c in enumerate(text)) % 10)


def passport(name="DUBOIS<<CLAIRE<MARIE", country="FRA", birth="880902", sex="F"):
    """The two lines of a passport's machine-readable zone."""
    number = f"{next(NUMBERS)}AB1"[:9].ljust(9, "<")
    expiry, personal = "350101", "<" * 14
    fields = number + check_digit(number) + country + birth + check_digit(birth) + sex
    fields += expiry + check_digit(expiry) + personal + check_digit(personal)
    composite = fields[0:10] + fields[13:20] + fields[21:43]
    return f"P<{country}{name}".ljust(44, "<"), fields + check_digit(composite)


def declare(page, guest, room="203"):
    """Declares a scanned guest; the receipt is there afterwards."""
    hands = Hands(page)
    page.goto("/desk")
    expect(page.locator("#scan")).to_be_focused()
    hands.scan(guest.qr)
    expect(page.locator("#room")).to_be_focused()
    hands.type(room)
    hands.press("Enter")
    expect(page.locator("#ok-h")).to_contain_text(guest.name)
    expect(page.locator("#scan")).to_be_focused()
    return hands
