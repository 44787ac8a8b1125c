"""A page in both themes and sizes: pictured, and without a fault of accessibility."""

import accessibility
import harness

SIZES = {"desktop": {"width": 1366, "height": 768}, "phone": {"width": 390, "height": 844}}
THEMES = ("light", "dark")


def whole(page, size):
    """The window as high as its page: no bar that stays in sight covers what has scrolled under it."""
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({**size, "height": max(height, size["height"])})


def look(new_page, state, name, size, draw, may_scroll=False):
    """Draws a page for whoever the cookies belong to, and looks at it."""
    page = new_page(storage_state=state, viewport=SIZES[size], reduced_motion="reduce")
    draw(page)
    for theme in THEMES:
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        whole(page, SIZES[size])
        accessibility.assert_none(page, f"{name}, {size}, {theme}")
        if size != "phone":
            page.set_viewport_size(SIZES[size])
        page.screenshot(path=harness.PICTURES / f"{name}-{size}-{theme}.png")
    scrolled = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert scrolled <= 0 or may_scroll, f"{name}, {size}: {scrolled} px sideways"
