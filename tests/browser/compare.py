"""Compares the pictures of target/browser with the last accepted ones, and says which to look at.

    target/browser-tools/bin/python tests/browser/compare.py            # lists what differs
    target/browser-tools/bin/python tests/browser/compare.py --accept   # after looking: keeps them

Kept is a thumbnail of each in grey, `accepted.json`: enough to see that a page is blank, has lost a
column or changed its colours, and too little for the time of day to matter. A difference fails
nothing: somebody has to look.
"""

import base64
import json
import pathlib
import sys

from playwright.sync_api import sync_playwright

import harness

ACCEPTED = pathlib.Path(__file__).with_name("accepted.json")
WIDTH, HEIGHT = 32, 24
# Mean difference in shades of 255, from which a page is worth a look.
DIFFERENCE_MIN = 2.0
THUMBNAIL = """
async ([source, width, height]) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d');
    context.imageSmoothingQuality = 'high';
    // The top of a long page: what one sees first.
    const shown = Math.min(image.height, image.width * 2.2);
    context.drawImage(image, 0, 0, image.width, shown, 0, 0, width, height);
    const {data} = context.getImageData(0, 0, width, height);
    const grey = [];
    for (let at = 0; at < data.length; at += 4)
        grey.push(Math.round(0.3 * data[at] + 0.59 * data[at + 1] + 0.11 * data[at + 2]));
    return grey;
}
"""


def pictures():
    """Those of the pages' looks; a test's own picture shows whatever state it ended in."""
    found = sorted(harness.PICTURES.glob("*.png"))
    return [path for path in found if not path.name.startswith("test_")]


def thumbnails():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=harness.CHROMIUM, args=harness.CHROMIUM_ARGUMENTS
        )
        page = browser.new_page()
        made = {}
        for path in pictures():
            source = "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
            made[path.stem] = bytes(page.evaluate(THUMBNAIL, [source, WIDTH, HEIGHT]))
        browser.close()
    return made


def difference(one, other):
    return sum(abs(a - b) for a, b in zip(one, other)) / len(one)


def main():
    made = thumbnails()
    if "--accept" in sys.argv:
        lines = {name: base64.b64encode(grey).decode() for name, grey in made.items()}
        ACCEPTED.write_text(json.dumps(lines, indent=0) + "\n", encoding="utf-8")
        print(f"accepted {len(made)} pictures")
        return
    accepted = json.loads(ACCEPTED.read_text(encoding="utf-8")) if ACCEPTED.exists() else {}
    new, changed = sorted(made.keys() - accepted.keys()), []
    for name in sorted(made.keys() & accepted.keys()):
        by = difference(made[name], base64.b64decode(accepted[name]))
        if by >= DIFFERENCE_MIN:
            changed.append(f"{name} ({by:.0f})")
    print(f"compared {len(made)} pictures with the accepted ones")
    for word, names in (("new", new), ("different", changed)):
        if names:
            print(f"{word}, look at them: {', '.join(names)}")


if __name__ == "__main__":
    main()
