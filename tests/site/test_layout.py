"""The frame of every page: what it may load, how it fits, and where its links lead."""

import functools
import re
from collections import Counter
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page, expect

from kernels_helpers import book
from tests.benchmarks.site import own_scripts

POLICY = "script-src 'self' 'wasm-unsafe-eval'; style-src"
KINDS = ("index.html", "runbooks/11-migration.html", "ledger.html", "search.html")
PAGES = [*KINDS, *(f"zh/{kind}" for kind in KINDS)]


@functools.cache
def read(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def test_no_page_has_a_script_or_handler_written_into_it(html: Path) -> None:
    for path in html.rglob("*.html"):
        if path.name == "404.html":
            continue  # names its script by its hash; a browser tells whether it is so
        page = read(path)
        (policy,) = page.select('meta[http-equiv="Content-Security-Policy"]')
        assert POLICY in str(policy["content"]), path
        assert not [s for s in page.select("script") if not s.get("src")], path
        names = [name for element in page.find_all() for name in element.attrs]
        assert not [name for name in names if name.startswith("on")], path


def test_links_are_the_same_in_both_languages(html: Path) -> None:
    seen = 0
    for path in html.glob("runbooks/*.html"):
        name = path.relative_to(html)
        english, chinese = (
            Counter(str(a["href"]) for a in read(p).select("article a[href]"))
            for p in (path, html / "zh" / name)
        )
        own = re.compile(r"\.(ipynb|sh|yaml)$")  # lies higher up, seen from Chinese
        assert {a: n for a, n in english.items() if not own.search(a)} == {
            a: n for a, n in chinese.items() if not own.search(a)
        }
        seen += english.total()
    home, zuhause = read(html / "index.html"), read(html / "zh" / "index.html")
    tasks = "#find-your-task li a, figure a"
    assert [a.get("href") for a in home.select(tasks)] == [
        a.get("href") for a in zuhause.select(tasks)
    ]
    assert seen > 500


def test_the_first_page_leads_to_every_chapter(html: Path) -> None:
    for name, words in (
        ("index.html", "My disk is full"),
        ("zh/index.html", "磁盘满了"),
    ):
        page = read(html / name)
        stems = sorted(path.stem for path in book.chapters().values())
        links = [str(a["href"]) for a in page.select("ol.chapters a")]
        assert [Path(link).stem for link in links] == stems
        assert words in page.get_text()
        (picture,) = page.select("figure.diagram svg")
        drawn = [str(a["href"]) for a in picture.select("a")]
        assert sorted(Path(link).stem for link in drawn) == stems
        assert picture["role"] == "group"
        answers = page.select("#find-your-task li a")
        reached = {Path(str(a["href"]).partition("#")[0]).stem for a in answers}
        assert [stem for stem in stems if stem not in reached] == []
        for link in [*links, *drawn, *(str(a["href"]) for a in answers)]:
            file, _, anchor = link.partition("#")
            there = read(html / Path(name).parent / file)
            assert not anchor or there.find(id=anchor), link


@pytest.mark.parametrize("name", PAGES)
def test_no_page_scrolls_sideways(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}{name}")
    for width in (360, 768, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        for element in ("html", "header .bd-header__inner"):
            wide = page.locator(element).first.evaluate("e => e.scrollWidth")
            assert wide <= width, (element, width)
        height = page.locator("header").first.evaluate("e => e.offsetHeight")
        assert height < 80  # one row


def test_small_screens_have_a_menu_and_a_way_to_search(
    page: Page, address: str
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{address}zh/runbooks/05-volumes.html")
    expect(page.locator("header form.search")).to_be_hidden()
    page.click(".primary-toggle")
    page.click("dialog[open] .bd-links a:has-text('用网络连接容器')")
    assert page.url == f"{address}zh/runbooks/07-networks.html"
    page.wait_for_load_state()
    page.keyboard.press("/")
    page.wait_for_url(f"{address}zh/search.html", timeout=5000)
    expect(page.locator("article form.search input")).to_be_visible()


def test_the_colours_are_those_chosen_before_the_first_paint(
    page: Page, address: str
) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(address)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.click("header .theme-switch-button")
    page.click("header .theme-change-button[data-mode=light]")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    later = "**/pydata-sphinx-theme.js*"  # it would set them, too, but after the paint
    page.route(later, lambda route: route.fulfill(body=""))
    page.goto(f"{address}ledger.html")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_the_keyboard_reaches_the_text_first(page: Page, address: str) -> None:
    page.goto(f"{address}runbooks/05-volumes.html")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#main-content")


def test_what_is_copied_is_the_command_alone(page: Page, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{address}runbooks/05-volumes.html")
    assert page.locator(".cell_output button.copybtn").count() == 0
    step = page.locator(".step", has_text="docker volume create").first
    step.hover()
    step.locator("button.copybtn").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("docker volume create")
    assert "#|" not in copied


def test_systems_are_tabs_and_the_choice_is_kept(page: Page, address: str) -> None:
    page.goto(f"{address}runbooks/01-install.html")
    systems = page.locator('details[name="system"]')
    opened = "all => all.map(one => one.open)"
    page.locator("summary:text('Ubuntu')").focus()
    page.keyboard.press("Tab")  # past the tabs that are closed, to the next one
    page.keyboard.press("Enter")
    assert systems.evaluate_all(opened) == [False, False, True, False]
    assert systems.nth(2).locator("pre").inner_text().startswith("dnf ")
    page.click("summary:text('Fedora')")
    assert systems.evaluate_all(opened) == [False, False, True, False]
    tops = "all => new Set(all.map(one => one.getBoundingClientRect().top)).size"
    assert systems.locator("summary").evaluate_all(tops) == 1  # one row
    page.goto(f"{address}zh/runbooks/01-install.html")
    assert systems.evaluate_all(opened) == [False, False, True, False]


def test_without_scripts_every_system_can_be_opened(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}runbooks/01-install.html")
    for system in page.locator('details[name="system"]').all():
        if not system.locator("pre").is_visible():
            system.locator("summary").click()
        expect(system.locator("pre")).to_be_visible()
    context.close()


def test_a_page_loads_8_kb_of_our_own_scripts_at_most(
    html: Path, files: list[str]
) -> None:
    loaded = {file: own_scripts(html / file) for file in files}
    assert loaded["runbooks/05-volumes.html"] > 5000
    assert {file: n for file, n in loaded.items() if n > 8000} == {}


@pytest.mark.parametrize(
    ("place", "titles"),
    [
        ("", ["Mount files of the host and memory", "Open a container to others"]),
        ("zh/", ["挂载主机文件与内存", "让外界访问容器"]),
    ],
)
def test_a_chapter_leads_to_the_one_before_and_the_next(
    html: Path, place: str, titles: list[str]
) -> None:
    page = read(html / place / "runbooks/07-networks.html")
    links = page.select(".prev-next-area a")
    names = [Path(str(link["href"])).stem for link in links]
    assert names == ["06-bind-and-tmpfs", "07-ports"]
    told = [link.select_one(".prev-next-title") for link in links]
    assert [title and title.get_text() for title in told] == titles


def test_a_browser_that_keeps_nothing_shows_its_colours(
    browser: Browser, html: Path
) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    refuse = 'get() { throw new DOMException("refused", "SecurityError"); }'
    page.add_init_script(f"Object.defineProperty(window, 'localStorage', {{{refuse}}})")
    later = "**/pydata-sphinx-theme.js*"  # it keeps things unasked
    page.route(later, lambda route: route.abort())
    page.goto((html / "runbooks/01-install.html").as_uri())
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.click("summary:text('Fedora')")
    expect(page.locator("details[open] pre", has_text="dnf config")).to_be_visible()
    context.close()


@pytest.mark.parametrize("name", ["index.html", "zh/runbooks/05-volumes.html"])
def test_a_page_works_as_a_file(browser: Browser, html: Path, name: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, said = context.new_page(), list[str]()
    page.on("console", lambda line: said.append(line.text))
    context.on("weberror", lambda fault: said.append(str(fault.error)))
    page.goto((html / name).as_uri())
    page.click("header .theme-switch-button")
    page.click("header .theme-change-button[data-mode=dark]")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    ground = page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
    assert ground == "rgb(18, 23, 29)"
    assert [line for line in said if not line.startswith("[PST]")] == []
    context.close()


@pytest.mark.parametrize("place", ["old.html", "zh/runbooks/deep/old.html"])
def test_a_missing_page_leads_home_from_any_depth(
    browser: Browser, html: Path, address: str, place: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    missing = (html / "404.html").read_text(encoding="utf-8")
    page.route(
        "**/old.html",
        lambda route: route.fulfill(status=404, body=missing, content_type="text/html"),
    )
    page.goto(f"{address}{place}")
    expect(page.get_by_role("link")).to_have_count(4)
    for name in ("index.html", "search.html", "zh/index.html", "zh/search.html"):
        assert page.locator(f'a[href="{address}{name}"]').count() == 1
    page.click("a:has-text('首页')")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    context.close()
