"""What proves a page: the files of its run, verdicts, corrections, times of steps."""

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup, Tag
from nbformat import NotebookNode, v4

from kernels_helpers import book, evidence, report
from kernels_helpers.diagrams import DOT_MIME
from kernels_helpers.errors import DockbookError
from kernels_helpers.journal import Journal
from kernels_helpers.kernel import CHECK_MIME
from kernels_helpers.site import build, pages, proof, translation
from tests.unit.small_book import open_book

LAB = "20260101T100000Z-volumes-aaaaaa"
REMOTE = "20260101T100000Z-remote-bbbbbb"
MAKE = 'docker volume create "$volume"'
CLAIMS = [
    {
        "id": name,
        "section": "4",
        "claim": {"en": f"The note says {name} of `-v`.", "zh": f"笔记说 {name}。"},
        "verdict": verdict,
        "why": {"en": f"Because of {name}.", "zh": f"因为 {name}。"},
        "chapter": chapter,
    }
    for name, verdict, chapter in (
        ("4-1", "confirmed", "volumes"),
        ("4-2", "corrected", "volumes"),
        ("4-3", "obsolete", "volumes"),
        ("4-4", "corrected", "remote"),
    )
]
Event = dict[str, Any]


def ends(*codes: int, seconds: float) -> list[Event]:
    """Tell of the attempts of a step."""
    return [
        {"event": "end", "attempt": n, "rc": code, "seconds": seconds, "output": ""}
        for n, code in enumerate(codes, 1)
    ]


def step(body: str, *events: Event) -> NotebookNode:
    """Make the cell of a step, with what the journal has of it."""
    begin = [] if events[0]["event"] == "answer" else [{"event": "begin"}]
    told = [{**e, "kind": "change", "body": body} for e in (*begin, *events)]
    cell = v4.new_code_cell(f"%%change\n{body}", execution_count=1)
    cell.metadata["journal"] = told
    return cell


def check(claim: str, note: str | None) -> NotebookNode:
    record = {"claim": claim, "ok": True, "note": note}
    output = v4.new_output("display_data", {"text/plain": claim, CHECK_MIME: record})
    cell = v4.new_code_cell("check(...)", outputs=[output], execution_count=1)
    cell.metadata["journal"] = [{"event": "check", **record}]
    return cell


def cells() -> list[NotebookNode]:
    """Make cells of which no two steps ended in the same way."""
    return [
        v4.new_markdown_cell("# Keep data\n\nIn a volume."),
        step(MAKE, *ends(1, 1, 0, seconds=0.5)),
        check("it is there", "4-1"),
        step(MAKE, {"event": "answer", "answer": "already true", "effects": []}),
        step("docker volume ls", *ends(0, seconds=0.04)),
        check("it is local", "4-2"),
        check("it is still local", "4-2"),
        check("nothing else is", None),
        drawn('digraph { a [URL="06-remote.ipynb#place"]; b [URL="#here"] }', "Two."),
    ]


def drawn(dot: str, alt: str) -> NotebookNode:
    data = {DOT_MIME: dot, "text/plain": alt}
    output = v4.new_output("display_data", data, metadata={DOT_MIME: {"alt": alt}})
    return v4.new_code_cell("show()", outputs=[output], execution_count=1)


def ran(folder: Path, **opened: Any) -> Path:
    """Write the folder of a run."""
    folder.mkdir(parents=True)
    journal = Journal(folder / report.JOURNAL)
    facts = {"run": folder.name, "host": "lab://x", "secrets": {}, "user": "ann"}
    journal.write("open", **(facts | opened))
    made = v4.new_notebook(cells=cells())
    for cell in made.cells:
        for event in cell.metadata.pop("journal", ()):
            journal.write(**event)
    journal.write("close")
    nbformat.write(made, folder / report.NOTEBOOK)
    chapter = folder.name.split("-")[1]
    text = report.make(folder, folder.name, chapter).as_text()
    (folder / report.REPORT).write_text(text, encoding="utf-8")
    return folder


def site(root: Path, runs: Path) -> Path:
    """Build a site of two chapters, in Chinese without a translation of them."""
    (root / "runbooks").mkdir(parents=True, exist_ok=True)
    for file in ("05-volumes.ipynb", "06-remote.ipynb"):
        made = v4.new_notebook(cells=cells())
        nbformat.write(made, root / "runbooks" / file)
    claims = yaml.safe_dump(CLAIMS, allow_unicode=True)
    (root / "runbooks" / "claims.yaml").write_text(claims)
    folder = root / "locale" / "zh_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True, exist_ok=True)
    words = (translation.CATALOGUES / "sphinx.po").read_bytes()
    (folder / "sphinx.po").write_bytes(words)
    with open_book(root):
        build.build(runs, root / "out", draft=True)
    return root / "out" / "html"


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("book")
    ran(root / "runs" / LAB)
    ran(root / "runs" / REMOTE, host="ssh://root@secret.example", user="bob")
    return site(root, root / "runs")


def page_at(html: Path, name: str) -> BeautifulSoup:
    return BeautifulSoup((html / name).read_text(encoding="utf-8"), "html.parser")


@pytest.fixture(scope="module")
def chapter(html: Path) -> BeautifulSoup:
    return page_at(html, "runbooks/05-volumes.html")


def texts(found: list[Tag]) -> list[str]:
    return [tag.get_text(" ", strip=True) for tag in found]


class TestEvidence:
    def test_the_published_files_are_whole(self, html: Path) -> None:
        folder = html / "runbooks" / "05-volumes.run"
        names = ["chapter.ipynb", "journal.jsonl", "report.html", "report.json"]
        assert sorted(path.name for path in folder.iterdir()) == names
        assert evidence.verify(folder) == []
        page = BeautifulSoup((folder / "report.html").read_text(), "html.parser")
        assert "it is still local" in page.get_text()

    @pytest.mark.parametrize("language", ["", "zh/"])
    def test_the_page_leads_to_them(self, html: Path, language: str) -> None:
        place = html / f"{language}runbooks"
        links = page_at(place, "05-volumes.html").select("ul.run a[href*='.run/']")
        found = [(place / str(link["href"])).resolve() for link in links]
        assert {path.parent.name for path in found} == {"05-volumes.run"}
        assert len({path for path in found if path.is_file()}) == 4

    def test_a_host_that_is_no_lab_keeps_its_journal(self, html: Path) -> None:
        (run,) = page_at(html, "runbooks/06-remote.html").select("ul.run")
        assert "the journal is kept with the run" in run.get_text()
        assert not run.select("a[href*='.run/']")
        assert not (html / "runbooks" / "06-remote.run").exists()
        assert not [
            path
            for path in html.rglob("*")
            if path.is_file() and b"secret.example" in path.read_bytes()
        ]

    @pytest.mark.parametrize(
        ("opened", "may"),
        [
            ({}, True),
            ({"host": "local://"}, False),
            ({"host": "ssh://h"}, False),
            ({"host": None}, False),
            ({"secrets": {"password": "scrypt:00:11"}}, False),
        ],
    )
    def test_which_runs_may_be_published(
        self, tmp_path: Path, opened: Event, may: bool
    ) -> None:
        assert proof.may_be_published(ran(tmp_path / LAB, **opened)) is may

    def test_every_attempt_of_a_run_counts(self, tmp_path: Path) -> None:
        folder = ran(tmp_path / LAB, host="ssh://h")
        journal = Journal(folder / report.JOURNAL)
        journal.write("resume", user="ann")
        journal.write("open", host="lab://x", secrets={})
        assert not proof.may_be_published(folder)

    def test_evidence_that_is_not_whole_stops_the_build(self, tmp_path: Path) -> None:
        folder = ran(tmp_path / "runs" / LAB)
        path = folder / report.NOTEBOOK
        path.write_text(path.read_text().replace("still local", "still global"))
        with pytest.raises(DockbookError) as told:
            proof.publish(folder, tmp_path / "place")
        (line,) = str(told.value).splitlines()
        assert line.startswith(f"{folder}: the evidence is not whole")
        assert "chapter.ipynb is not the one that report.json tells of" in line
        assert not (tmp_path / "place").exists()


class TestTimes:
    def test_each_step_has_its_own(self, chapter: BeautifulSoup) -> None:
        found = [texts(cell.select("p.took")) for cell in chapter.select(".cell.step")]
        assert found == [["1.5 s, 3 attempts"], ["already true, not run"], ["0.04 s"]]

    def test_in_chinese(self, html: Path) -> None:
        page = page_at(html, "zh/runbooks/05-volumes.html")
        assert texts(page.select("p.took")) == [
            "1.5 s, 尝试 3 次",
            "已经成立，未执行",
            "0.04 s",
        ]

    def test_without_a_run_nothing_is_known(self) -> None:
        made = v4.new_notebook(cells=cells())
        _, projected = pages.project(made, {}, "volumes", "05-volumes")
        marks = [c.metadata.get("dockbook", {}).get("took") for c in projected.cells]
        assert set(marks) == {None}


class TestVerdicts:
    def test_a_check_has_the_badge_of_its_claim(self, chapter: BeautifulSoup) -> None:
        found = chapter.select(".check .claim")
        assert texts(found) == ["4-1 confirmed", "4-2 corrected", "4-2 corrected", ""]
        links = chapter.select(".check .claim a")
        assert links[1]["href"] == "../ledger.html#claim-4-2"

    def test_a_check_that_failed_proves_nothing(self, tmp_path: Path) -> None:
        record = {"claim": "no", "ok": False, "note": "4-2"}
        error = v4.new_output("error", ename="CheckFailed", evalue="no", traceback=[])
        made = v4.new_notebook(cells=[v4.new_code_cell("check()", outputs=[error])])
        folder = tmp_path / "runs" / LAB
        folder.mkdir(parents=True)
        nbformat.write(made, folder / report.NOTEBOOK)
        facts = {"run": LAB, "status": "failed", "checks": [record]}
        (folder / report.REPORT).write_text(json.dumps(facts))
        page = page_at(site(tmp_path, tmp_path / "runs"), "runbooks/05-volumes.html")
        assert texts(page.select(".check .claim")) == ["4-2 failed"]
        assert not page.select(".correction")
        assert page.select(".alarm")

    @pytest.mark.parametrize(
        ("place", "said"),
        [
            ("", "The note said|The note says 4-2 of -v.|What is true|Because of 4-2."),
            ("zh/", "笔记的说法|笔记说 4-2。|实际情况|因为 4-2。"),
        ],
    )
    def test_a_corrected_claim_is_told_once(
        self, html: Path, place: str, said: str
    ) -> None:
        page = page_at(html, f"{place}runbooks/05-volumes.html")
        (told,) = page.select("dl.correction")
        assert "|".join(part.get_text() for part in told.select("dt, dd")) == said
        (before,) = page.select(".check:has(+ dl.correction)")
        assert "it is local" in before.get_text()

    def test_the_chapter_leads_to_its_claims(self, html: Path) -> None:
        place = html / "runbooks"
        (link,) = page_at(place, "05-volumes.html").select("a[href*='#chapter=']")
        assert link.get_text() == "3 claims of the note"
        target, _, name = str(link["href"]).partition("#")
        assert page_at(place, target).find(id=name)


class TestLedger:
    def test_a_row_says_what_it_is(self, html: Path) -> None:
        rows = page_at(html, "ledger.html").select(".ledger tr[id]")
        known = [(r["data-verdict"], r["data-chapter"]) for r in rows]
        assert known == [(c["verdict"], c["chapter"]) for c in CLAIMS]

    def test_a_corrected_claim_has_labelled_parts(self, html: Path) -> None:
        page = page_at(html, "zh/ledger.html")
        assert texts(page.select("#claim-4-2 dt")) == ["笔记的说法", "实际情况"]
        assert not page.select("#claim-4-1 dt")

    def test_a_claim_without_a_check_leads_to_its_chapter(self, html: Path) -> None:
        page = page_at(html, "ledger.html")
        (link,) = page.select("#claim-4-3 td:last-child a")
        assert link["href"] == "runbooks/05-volumes.html"
        assert texts(page.select("#claim-4-3 .none, #claim-4-4 .none")) == [
            "not checked",
            "no check yet",
        ]

    def test_places_are_unique_and_the_form_waits_for_its_script(
        self, html: Path
    ) -> None:
        page = page_at(html, "ledger.html")
        places = [str(tag["id"]) for tag in page.select("[id]")]
        assert len(places) == len(set(places))
        assert {"chapter=volumes", "chapter=remote", "verdict=obsolete"} < {*places}
        (form,) = page.select("form.filter")
        assert form.has_attr("hidden")
        assert page.select('script[src*="ledger.js"][defer]')
        assert not page_at(html, "index.html").select('script[src*="ledger.js"]')


class TestDiagrams:
    @pytest.mark.parametrize("language", ["", "zh/"])
    def test_its_links_lead_to_pages(self, html: Path, language: str) -> None:
        page = page_at(html, f"{language}runbooks/05-volumes.html")
        (svg,) = page.select("figure.diagram svg")
        assert svg["role"] == "group"
        assert [link.attrs for link in svg.select("a")] == [
            {"href": "06-remote.html#place"},
            {"href": "#here"},
        ]

    def test_a_link_to_no_page_stops_the_build(self, tmp_path: Path) -> None:
        made = drawn('digraph { a [URL="99-gone.ipynb"] }', "One.")
        folder = tmp_path / "runs" / LAB
        folder.mkdir(parents=True)
        nbformat.write(v4.new_notebook(cells=[made]), folder / report.NOTEBOOK)
        facts = json.dumps({"run": LAB, "status": "passed"})
        (folder / report.REPORT).write_text(facts)
        with pytest.raises(DockbookError) as told:
            site(tmp_path, tmp_path / "runs")
        (line,) = (s for s in str(told.value).splitlines() if "gone" in s)
        assert "05-volumes.ipynb" in line
        assert "a diagram leads to '99-gone.ipynb', which is no page" in line


def test_a_chapter_of_the_book_is_named_without_the_folder_of_the_project(
    tmp_path: Path,
) -> None:
    path = book.RUNBOOKS / "05-volumes.ipynb"
    assert book.place_of(path) == "runbooks/05-volumes.ipynb"
    assert book.ROOT / book.place_of(path) == path
    other = tmp_path / "small.ipynb"
    assert book.ROOT / book.place_of(other) == other.resolve()
