"""Every kind of page is accessible: axe has nothing to say of it."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.site.conftest import watched
from tests.site.server import served

AXE = Path(__file__).with_name("node_modules") / "axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
RUN = f"axe.run({{ runOnly: {RULES}, resultTypes: ['violations'] }})"


LOOKS = pytest.mark.parametrize(("colours", "width"), [("light", 1280), ("dark", 360)])


def judged(
    browser: Browser, root: str, pages: list[str], colours: str, width: int
) -> dict[str, list[Any]]:
    """Let axe judge pages, and name the faults of those that have some."""
    assert AXE.exists(), "run `make test` once: it installs axe"
    faults: dict[str, list[Any]] = {}
    size = {"width": width, "height": 900}
    with watched(browser, root, viewport=size, color_scheme=colours) as context:
        page = context.new_page()
        for kind in pages:
            page.goto(f"{root}{kind}")
            page.evaluate(AXE.read_text(encoding="utf-8"))
            for found in page.evaluate(RUN)["violations"]:
                places = [node["html"][:200] for node in found["nodes"][:3]]
                faults.setdefault(kind, []).append((found["id"], places))
    return faults


@LOOKS
def test_axe_finds_nothing(
    browser: Browser, address: str, kinds: list[str], colours: str, width: int
) -> None:
    assert judged(browser, address, kinds, colours, width) == {}


@LOOKS
def test_axe_finds_nothing_however_a_chapter_fared(
    browser: Browser, published: Path, fates: list[str], colours: str, width: int
) -> None:
    with served(published) as root:
        assert judged(browser, root, fates, colours, width) == {}
