"""The merged page of a fleet of hundreds: cheap, and yet it tells everything."""

import io
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from kernels_helpers import fleet_report
from kernels_helpers.fleet_report import Row
from kernels_helpers.journal import Journal
from tests.site.server import served
from tests.site.test_axe import LOOKS, judged

SIZE = 300
REASONS = {
    "failed": "the volume on {} is not local, as the chapter says, but on a share "
    "of another host",
    "unknown": "the worker of {} was lost",
    "unreachable": "{}: Connection refused",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the reports of a fleet that has targets of every kind."""
    made = tmp_path_factory.mktemp("fleet")
    journal = Journal(made / fleet_report.RECORD)
    journal.write("fleet", fleet="f", chapter="volumes", source="", settings={})
    names = [f"box{n:03}.example" for n in range(SIZE)]
    told = [{"name": n, "parameters": {"host": f"ssh://{n}"}} for n in names]
    journal.write("targets", targets=told)
    for n, name in enumerate(names[:-1]):  # the last one is not run
        status = ("passed", "planned", *REASONS)[n % 5] if n < 20 else "passed"
        reason = REASONS.get(status, "").format(name) or None
        strip = {"passed": "✔" * 60, "failed": "✔✔✘", "planned": "✔…≠"}.get(status, "")
        row = Row(name, f"ssh://{name}", status, "run", reason, 1.5, 0, strip)
        journal.write("ended", **row.as_dict())
    fleet_report.write(made)
    return made


@pytest.fixture
def opened(browser: Browser, folder: Path) -> Page:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "fleet.html").as_uri())
    return page


@LOOKS
def test_axe_finds_nothing(
    browser: Browser, folder: Path, colours: str, width: int
) -> None:
    with served(folder) as root:
        assert judged(browser, root, ["fleet.html"], colours, width) == {}


def test_what_is_not_good_comes_first_and_says_why(opened: Page) -> None:
    told = opened.locator("tbody td:nth-child(2)").all_inner_texts()
    assert told[:18] == [
        *["unknown"] * 4,
        *["failed"] * 4,
        *["unreachable"] * 4,
        "not run",
        *["planned"] * 4,
        "passed",
    ]
    text = opened.locator("main").inner_text()
    assert "the volume on box002.example is not local" in text
    assert "the worker of box003.example was lost" in text
    assert "box004.example: Connection refused" in text


def test_a_mark_is_counted_explained_and_coloured(opened: Page) -> None:
    failed = opened.get_by_role("row").filter(has_text="is not local").first
    spans = failed.locator("span").all()
    told = {span.inner_text().strip(): span.get_attribute("class") for span in spans}
    assert told == {"2 ✔": "passed", "1 ✘": "failed"}
    assert "✔ holds, ✘ failed" in opened.locator("main").inner_text()


def test_only_what_is_in_view_is_laid_out_and_all_is_found(opened: Page) -> None:
    last = opened.get_by_role("row").last
    drawn = "node => node.checkVisibility({contentVisibilityAuto: true})"
    assert not last.evaluate(drawn)
    assert opened.get_by_role("row").nth(1).evaluate(drawn)
    assert opened.evaluate(f"window.find('box{SIZE - 2}')")
    opened.wait_for_timeout(200)
    assert last.evaluate(drawn)


def test_it_stays_a_table_for_a_screen_reader(opened: Page) -> None:
    opened.wait_for_timeout(200)
    tools = opened.context.new_cdp_session(opened)
    nodes = tools.send("Accessibility.getFullAXTree")["nodes"]
    roles = [node["role"]["value"] for node in nodes if not node["ignored"]]
    counts = {role: roles.count(role) for role in ("table", "columnheader")}
    assert counts == {"table": 1, "columnheader": 4}
    assert roles.count("row") > fleet_report.TOGETHER
    assert roles.count("cell") == 4 * (roles.count("row") - 1)


def test_all_of_it_is_printed_with_the_titles_on_each_sheet(opened: Page) -> None:
    sheets = PdfReader(io.BytesIO(opened.pdf(format="A4"))).pages
    texts = [sheet.extract_text() for sheet in sheets]
    assert all("target status checks" in text for text in texts)
    whole = " ".join(texts)
    assert all(f"box{n:03}.example" in whole for n in range(SIZE))
