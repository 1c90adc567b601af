"""Measure how long a browser takes to open pages, in turn.

``python -m tests.benchmarks.page PAGE…`` compares files, such as the merged report of
a fleet as two versions of dockbook have written it.
"""

import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

ROUNDS = 6
DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


class Opened(NamedTuple):
    """What opening a page took; the work is that of the page's process alone."""

    seconds: float  # until it is laid out
    drawn: float
    work: float
    layout: float
    nodes: float


def opened(pages: Sequence[Path]) -> list[Opened]:
    """Open pages in turn; return the medians without the first round, a cold one."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        rounds = [[_open(browser, page) for page in pages] for _ in range(1 + ROUNDS)]
    each = zip(*rounds[1:], strict=True)
    return [Opened(*map(statistics.median, zip(*page, strict=True))) for page in each]


def _open(browser: Browser, page: Path) -> Opened:
    with browser.new_page() as tab:
        tools = tab.context.new_cdp_session(tab)
        tools.send("Performance.enable")
        started = time.perf_counter()
        tab.goto(page.absolute().as_uri())
        tab.evaluate("document.body.getBoundingClientRect().height")
        seconds = time.perf_counter() - started
        tab.evaluate(DRAWN)
        drawn = time.perf_counter() - started
        metrics = tools.send("Performance.getMetrics")["metrics"]
    told = {metric["name"]: metric["value"] for metric in metrics}
    layout = told["LayoutDuration"] + told["RecalcStyleDuration"]
    return Opened(seconds, drawn, told["TaskDuration"], layout, told["Nodes"])


def main() -> None:
    pages = [Path(word) for word in sys.argv[1:]]
    head = "KB | nodes | layout and style | all work of the page | open | drawn"
    sys.stdout.write(f"| page | {head} |\n|{'---|' * 7}\n")
    for page, told in zip(pages, opened(pages), strict=True):
        size, nodes = page.stat().st_size / 1000, int(told.nodes)
        times = (told.layout, told.work, told.seconds, told.drawn)
        words = " | ".join(f"{1000 * seconds:.0f} ms" for seconds in times)
        sys.stdout.write(f"| {page.stem} | {size:.0f} | {nodes:,} | {words} |\n")


if __name__ == "__main__":
    main()
