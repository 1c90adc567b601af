"""Every page of the site as a browser shows it."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.site.conftest import watched
from tests.site.server import served

WIDTHS = (360, 768, 1440)
CHAPTER = "runbooks/05-volumes.html"

# What is out of reach on a page: too far right, or cut off by what it is in.
CUT = """() => {
  const found = [];
  const wide = document.documentElement;
  if (wide.scrollWidth > innerWidth) found.push(`${wide.scrollWidth} px wide`);
  const shown = (e) => e.checkVisibility({ visibilityProperty: true });
  for (const e of document.querySelectorAll("body *")) {
    const text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    const box = e.getBoundingClientRect();
    if ((!text && !e.matches("input, button, img")) || !shown(e)) continue;
    const apart = e.closest("[aria-hidden=true], svg, #pst-skip-link");
    if (box.width <= 1 || apart) continue;
    for (let p = e.parentElement; p; p = p.parentElement) {
      const overflow = getComputedStyle(p).overflowX;
      if (["auto", "scroll"].includes(overflow) && p !== wide) break;
      const end = p === wide ? innerWidth : p.getBoundingClientRect().right;
      if ((overflow !== "visible" || p === wide) && box.right > end + 1) {
        found.push(`${e.tagName} ${e.className}: ${e.textContent.trim().slice(0, 40)}`);
        break;
      }
    }
  }
  return found;
}"""
# What lies over the beginning of the article, and whether its title can be seen.
COVERED = """() => {
  const title = document.querySelector("h1").getBoundingClientRect();
  const header = document.querySelector(".bd-header")?.getBoundingClientRect();
  const found = [];
  if (!title.width || title.right > innerWidth || title.top > innerHeight)
    found.push("the title is out of sight");
  if (header && header.bottom > title.top) found.push("the header is over the title");
  return found;
}"""
PARTS = ["a.language", ".theme-switch-button", "input[type=search]", "article input"]
FOCUSED = """async (parts) => {
  await Promise.all(document.getAnimations().map((moving) => moving.finished));
  const e = document.activeElement;
  const box = e.getBoundingClientRect(), style = getComputedStyle(e);
  const x = box.x + box.width / 2, y = box.y + box.height / 2;
  const on = document.elementFromPoint(x, y);
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  return {
    what: [e.tagName, e.id, e.className, e.name].filter(Boolean).join(" "),
    link: e.getAttribute("href") || "",
    is: parts.filter((part) => e.matches(part)),
    seen: Boolean(on) && (e.contains(on) || on.contains(e)),
    marked: ring || style.boxShadow !== "none",
  };
}"""


def unfit(page: Page, address: str, files: list[str]) -> dict[tuple[str, int], Any]:
    """Say of pages what is out of reach on a screen of some width."""
    faults: dict[tuple[str, int], Any] = {}
    for file in files:
        answer = page.goto(f"{address}{file}")
        assert answer
        assert answer.ok
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found = [*page.evaluate(COVERED), *page.evaluate(CUT)]
            if found:
                faults[file, width] = found
    return faults


def test_every_page_fits_every_screen_in_peace(
    page: Page, address: str, files: list[str]
) -> None:
    """The context fails for an error in the console and for a foreign request."""
    assert unfit(page, address, files) == {}


def test_every_page_fits_however_a_chapter_fared(
    browser: Browser, published: Path, fates: list[str]
) -> None:
    with served(published) as root, watched(browser, root) as context:
        assert unfit(context.new_page(), root, fates) == {}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ('<p style="width: 900px">Wide</p>', "Wide"),
        ('<p style="margin-left: 350px; width: 99px">Far</p>', "Far"),
        ('<div style="overflow: hidden"><p style="width: 900px">Off</p></div>', "Off"),
        ('<p style="position: absolute; left: 390px; width: 40px">Over</p>', "Over"),
    ],
)
def test_what_is_out_of_reach_is_found(
    context: BrowserContext, fault: str, said: str
) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 400, "height": 700})
    fine = '<div style="overflow: auto"><p style="width: 900px">In</p></div>'
    page.set_content(fine)
    assert page.evaluate(CUT) == []
    page.set_content(fine + fault)
    assert said in page.evaluate(CUT)[-1]


def test_what_covers_the_title_is_found(page: Page) -> None:
    header = '<div class="bd-header" style="position: fixed; top: 0">Header</div>'
    page.set_content(f"{header}<h1>Title</h1>")
    assert page.evaluate(COVERED) == ["the header is over the title"]
    page.set_content('<h1 style="margin-top: 3000px">Title</h1>')
    assert page.evaluate(COVERED) == ["the title is out of sight"]


@pytest.mark.parametrize("width", [360, 1440])
def test_a_chapter_is_used_by_keyboard(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{address}{CHAPTER}")
    stops: list[dict[str, Any]] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FOCUSED, PARTS))
    assert stops[0]["link"] == "#main-content"
    assert [stop for stop in stops if not (stop["seen"] and stop["marked"])] == []
    reached = {part for stop in stops for part in stop["is"]}
    shown = {part for part in PARTS if page.locator(f"{part}:visible").count()}
    assert "a.language" in shown
    assert shown - reached == set()


def test_every_icon_is_drawn(html: Path, files: list[str]) -> None:
    styles = (html / "_static/icons.css").read_text(encoding="utf-8")
    drawn = {*re.findall(r"\.(fa-[\w-]+) {", styles)}
    named = {
        name
        for file in files
        for name in re.findall(r"\bfa-[\w-]+", (html / file).read_text("utf-8"))
    }
    assert "fa-moon" in named
    assert named - drawn == {"fa-solid", "fa-lg"}


def test_the_skip_link_leads_to_the_article(page: Page, address: str) -> None:
    page.goto(f"{address}{CHAPTER}")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("Boolean(document.activeElement.closest('main'))")


def test_the_theme_is_switched_and_kept(page: Page, address: str) -> None:
    page.goto(f"{address}{CHAPTER}")
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    page.locator(".theme-switch-button:visible").click()
    page.locator("[data-mode=dark]:visible").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate(ground) != before
    page.goto(f"{address}index.html")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_on_a_phone_the_chapters_are_in_a_menu(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{address}{CHAPTER}")
    link = page.locator('a[href="04-copy.html"]:visible', has_text="Copy files")
    links = link.count()
    page.click(".primary-toggle")
    page.wait_for_function("document.querySelector('dialog[open]')")
    assert link.count() == links + 1
    page.keyboard.press("Escape")
    page.wait_for_function("!document.querySelector('dialog[open]')")


def walk(context: BrowserContext, root: str) -> None:
    """Go from the front page to a chapter and its Chinese twin, all with style."""
    page = context.new_page()
    page.goto(f"{root}index.html")
    page.click('article a[href$="05-volumes.html"]')
    page.click("a.language:visible")
    page.wait_for_url(f"{root}zh/runbooks/05-volumes.html")
    accent = "getComputedStyle(document.documentElement).getPropertyValue('--accent')"
    assert page.evaluate(accent)
    assert page.evaluate("document.documentElement.dataset.theme") == "light"


def test_the_site_works_from_files(browser: Browser, html: Path) -> None:
    root = f"{html.as_uri()}/"
    with watched(browser, root) as context:
        walk(context, root)


def test_the_site_works_at_the_root_of_a_host(browser: Browser, html: Path) -> None:
    with served(html) as root, watched(browser, root) as context:
        walk(context, root)


def test_the_language_changes_and_the_place_stays(page: Page, address: str) -> None:
    page.goto(f"{address}runbooks/05-volumes.html?from=here#rollback")
    page.click("a.language")
    page.wait_for_load_state()
    assert page.url == f"{address}zh/runbooks/05-volumes.html?from=here#rollback"
    assert page.locator("html").get_attribute("lang") == "zh-CN"
