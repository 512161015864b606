"""Say how large pages are and how long they take to open: `python tools/time_page.py PAGE...`.

Each is opened five times in a headless Chromium that is on the path; the medians are of the time
from the start of the navigation to the first text, to the first picture and to the last one.
"""

from __future__ import annotations

import shutil
import statistics
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

TIMES = 5

WATCH = """
new MutationObserver(() => {
  for (const name of ["ready", "complete"]) {
    if (document.documentElement.dataset[name]) window[name] ??= performance.now();
  }
}).observe(document, { attributes: true, subtree: true });
"""


def opened(browser: Browser, page: Path) -> tuple[float, float, float]:
    """Return seconds to the first text, to the first picture and to the last."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.add_init_script(WATCH)
    tab.goto(page.resolve().as_uri())
    tab.wait_for_selector("html[data-complete]", state="attached")
    text = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    seconds = [tab.evaluate(f"{what} / 1000") for what in (text, "window.ready", "window.complete")]
    tab.close()
    return seconds[0], seconds[1], seconds[2]


def main() -> None:
    """Measure every page that is named."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for page in map(Path, sys.argv[1:]):
            times = zip(*(opened(browser, page) for _ in range(TIMES)), strict=True)
            text, first, last = (statistics.median(each) for each in times)
            print(
                f"{page}: {page.stat().st_size / 1e6:.1f} MB, first text {text:.2f} s, first "
                f"picture {first:.2f} s, all pictures {last:.2f} s"
            )
        browser.close()


if __name__ == "__main__":
    main()
