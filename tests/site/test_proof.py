"""The ledger, the claims beside their checks, and the diagrams, in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from kernels_helpers import book
from tests.unit.small_book import page_at

LEDGER = book.ledger()
CORRECTED = [c for c in LEDGER if c["verdict"] == "corrected"]
OF_VOLUMES = [c for c in CORRECTED if c["chapter"] == "volumes"]
FOREIGN = """theme => {
  document.documentElement.dataset.theme = theme;
  const probe = document.body.appendChild(document.createElement("i"));
  const own = ["ink", "accent"].map(name => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  });
  return [...document.querySelectorAll("figure.diagram svg :is(text, path, polygon)")]
    .map(drawn => getComputedStyle(drawn))
    .flatMap(style => [style.fill, style.stroke])
    .filter(colour => !["none", "rgba(0, 0, 0, 0)", ...own].includes(colour));
}"""  # the colours in diagrams that are not those of the page


def shown(page: Page) -> int:
    return page.locator(".ledger tr[id]:visible").count()


def test_a_filtered_view_is_a_link_and_the_count_is_live(
    page: Page, address: str
) -> None:
    page.goto(f"{address}ledger.html#verdict=corrected&chapter=volumes")
    told = page.get_by_role("status")
    expect(told).to_have_text(f"{len(OF_VOLUMES)} of {len(LEDGER)} claims")
    assert told.get_attribute("aria-live") == "polite"
    assert shown(page) == len(OF_VOLUMES)
    assert page.locator(".ledger tr.section:visible").count() == len(
        {claim["section"] for claim in OF_VOLUMES}
    )
    page.get_by_label("Chapter").select_option("")
    expect(told).to_have_text(f"{len(CORRECTED)} of {len(LEDGER)} claims")
    assert page.url == f"{address}ledger.html#verdict=corrected"
    page.get_by_label("Words").fill("MOUNT docker")
    words = ("mount", "docker")
    rows = page.locator(".ledger tr[id]:visible").all_inner_texts()
    assert 0 < len(rows) < len(CORRECTED)
    assert all(word in row.lower() for row in rows for word in words)
    page.get_by_label("Words").press("Enter")
    assert page.url == f"{address}ledger.html#verdict=corrected&words=MOUNT+docker"
    page.reload()
    assert page.locator(".ledger tr[id]:visible").all_inner_texts() == rows
    page.click("a.language")
    page.wait_for_load_state()
    expect(page.get_by_label("结论")).to_have_value("corrected")
    assert page.get_by_label("关键词").input_value() == "MOUNT docker"


def test_what_a_link_brings_is_only_text(page: Page, address: str) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    page.goto(f"{address}ledger.html#words={hostile}&verdict=$(id)&chapter=__proto__")
    expect(page.get_by_label("Words")).to_have_value(hostile)
    assert page.locator("img[onerror]").count() == 0
    assert shown(page) == 0
    page.goto(f"{address}ledger.html#claim-4-2-1-03")
    expect(page.locator("#claim-4-2-1-03")).to_be_in_viewport()
    assert shown(page) == len(LEDGER)


def test_the_tally_and_a_chapter_lead_into_the_ledger(page: Page, address: str) -> None:
    page.goto(f"{address}ledger.html")
    expect(page.locator(".tally")).to_contain_text(f"{len(LEDGER)} claims:")
    page.click(".tally a[href='#verdict=refused']")
    refused = [c for c in LEDGER if c["verdict"] == "refused"]
    expect(page.get_by_role("status")).to_contain_text(f"{len(refused)} of")
    assert shown(page) == len(refused)
    page.goto(f"{address}runbooks/05-volumes.html")
    page.click("ul.run a[href*='ledger']")
    page.wait_for_load_state()
    own = [c for c in LEDGER if c["chapter"] == "volumes"]
    expect(page.get_by_role("status")).to_contain_text(f"{len(own)} of")
    assert {c["verdict"] for c in own} == {
        str(row.get_attribute("data-verdict"))
        for row in page.locator(".ledger tr[id]:visible").all()
    }


def test_without_scripts_the_ledger_is_whole(
    context: BrowserContext, address: str
) -> None:
    browser = context.browser
    assert browser
    bare = browser.new_context(java_script_enabled=False)
    page = bare.new_page()
    page.goto(f"{address}ledger.html#chapter=networks")
    assert shown(page) == len(LEDGER)
    assert page.locator("form.filter").is_hidden()
    own = [c for c in LEDGER if c["chapter"] == "networks"]
    place = "claim-" + re.sub(r"[^a-z0-9]+", "-", own[0]["id"])
    expect(page.locator(f"#{place}")).to_be_in_viewport()
    bare.close()


@pytest.mark.parametrize("place", ["", "zh/"])
def test_each_corrected_claim_is_told_where_it_is_proved(
    page: Page, address: str, place: str
) -> None:
    page.goto(f"{address}{place}runbooks/05-volumes.html")
    language = "zh" if place else "en"
    told = page.locator("dl.correction dd").all_inner_texts()
    wanted = {c[part][language] for c in OF_VOLUMES for part in ("claim", "why")}
    assert set(told) == {text.replace("`", "") for text in wanted}
    badges = page.locator(".check .claim .badge.is-corrected")
    assert badges.count() >= len(OF_VOLUMES)


@pytest.mark.parametrize("place", ["", "zh/"])
def test_a_diagram_leads_to_sections(page: Page, address: str, place: str) -> None:
    page.goto(f"{address}{place}runbooks/05-volumes.html")
    svg = page.locator("figure.diagram svg").first
    assert svg.get_attribute("role") == "group"
    links = svg.locator("a")
    assert all(str(link.text_content()).strip() for link in links.all())
    links.nth(2).press("Enter")
    page.wait_for_url(f"{address}{place}runbooks/06-bind-and-tmpfs.html#*")
    name = page.url.partition("#")[2]
    expect(page.locator(f"#{name}")).to_be_in_viewport()
    for other in page.locator("figure.diagram svg:not(:has(a))").all():
        assert other.get_attribute("role") == "img"


def test_every_diagram_takes_the_colours_of_the_page(page: Page, address: str) -> None:
    count = 0
    for path in book.chapters().values():
        page.goto(f"{address}zh/runbooks/{path.stem}.html")
        count += page.locator("figure.diagram").count()
        for theme in ("light", "dark"):
            assert page.evaluate(FOREIGN, theme) == [], (path, theme)
    assert count >= len([*book.DIAGRAMS.glob("*.dot")])


@pytest.mark.parametrize(
    ("file", "status", "said"),
    [
        ("07-edited", "edited since", "This chapter has been edited since it was run."),
        ("zh/07-edited", "执行后改过", "本章在这次执行之后被改过。"),
        ("08-killed", "failed", "It was interrupted"),
        ("zh/08-killed", "失败", "执行被中断"),
    ],
)
def test_what_no_run_proves_says_so_loudly(
    published: Path, file: str, status: str, said: str
) -> None:
    place, _, name = file.rpartition("/")
    page = page_at(published / place, f"runbooks/{name}.html")
    (badge,) = page.select("ul.run .badge")
    assert badge.get_text() == status
    (alarm,) = page.select("ul.run + .alarm")
    assert said in alarm.get_text()
    for listed in ("index.html", "llms.txt", "changes.xml"):
        text = (published / place / listed).read_text(encoding="utf-8")
        assert status in text
    entry = page_at(published / place, "index.html").select(
        f'ol.chapters li:has(a[href$="{name}.html"])'
    )
    assert [item.select(".is-passed") for item in entry] == [[]]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("", "The newest try made no run. On 2026-01-05 10:30 UTC there was no host"),
        ("zh/", "最近一次尝试没有执行。 2026-01-05 10:30 UTC 时没有"),
    ],
)
def test_a_newer_try_without_a_host_is_told(
    published: Path, place: str, said: str
) -> None:
    page = page_at(published / place, "runbooks/05-volumes.html")
    (told,) = page.select("ul.run + .alarm")
    assert told.get_text().startswith(said)


@pytest.mark.parametrize(
    ("place", "word"), [("", "edited since"), ("zh/", "执行后改过")]
)
def test_no_check_of_a_chapter_that_was_edited_looks_proved(
    browser: Browser, published: Path, place: str, word: str
) -> None:
    page = browser.new_page()
    page.goto(f"file://{published}/{place}runbooks/07-edited.html")
    checks = page.locator(".check")
    expect(checks).to_have_count(1)
    expect(checks).to_contain_text(word)
    green = """() => {
      const probe = document.body.appendChild(document.createElement("i"));
      probe.style.color = "var(--ok)";
      const { color } = getComputedStyle(probe);
      return [...document.querySelectorAll("article, article *")].filter(element => {
        const style = getComputedStyle(element);
        return [style.color, style.borderLeftColor].includes(color);
      }).map(element => element.outerHTML);
    }"""
    assert page.evaluate(green) == []
    page.goto(f"file://{published}/{place}runbooks/05-volumes.html")
    assert page.evaluate(green) != []
    page.close()
