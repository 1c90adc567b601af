"""The projection of notebooks, and one real build of a tiny book."""

import functools
import json
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from click.testing import CliRunner
from jinja2 import Environment, FileSystemLoader
from nbformat import NotebookNode, v4

from kernels_helpers import book, report, runner
from kernels_helpers.cli import main
from kernels_helpers.errors import ChapterError, DockbookError
from kernels_helpers.journal import Journal
from kernels_helpers.site import (
    build,
    catalogues,
    pages,
    search,
    source,
    sphinx,
    translation,
)
from tests.unit.small_book import (
    CLAIMS,
    ELSEWHERE,
    STEP,
    code,
    drawn,
    error,
    failing,
    held,
    notebook,
    open_book,
    page_at,
    prose,
    ran,
    said,
    translated,
    volumes,
)


def journal(folder: Path) -> Journal:
    return Journal(folder / report.JOURNAL)


def project(made: NotebookNode, **facts: Any) -> tuple[pages.Page, list[NotebookNode]]:
    page, projected = pages.project(made, facts, "volumes", "05-volumes")
    return page, projected.cells


@pytest.fixture
def runbooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "runbooks"
    folder.mkdir()
    nbformat.write(notebook(title="# Recorded"), folder / "05-volumes.ipynb")
    monkeypatch.setattr(book, "RUNBOOKS", folder)
    monkeypatch.setattr(source, "PROSE", prose(tmp_path / "prose"))
    return folder


class TestProject:
    def test_cells_that_papermill_added_are_gone(self) -> None:
        tag = "papermill-error-cell-tag"
        warning = v4.new_markdown_cell("# An exception", metadata={"tags": [tag]})
        made = volumes()
        made.cells.insert(0, warning)
        page, cells = project(made, status="passed")
        assert page.title == "Keep data"
        assert not [c for c in cells if "exception" in c.source]
        assert not [c for c in cells if "other" in c.source]

    def test_the_cell_that_binds_the_notebook_is_hidden(self) -> None:
        _, cells = project(volumes(), status="passed")
        assert not [c for c in cells if "open_chapter" in c.source]

    def test_the_cell_that_binds_the_notebook_is_shown_when_it_fails(self) -> None:
        made = notebook(code('open_chapter("x")', error("HostError", "no host")))
        _, cells = project(made, status="failed")
        assert cells[1].metadata["dockbook"]["failed"]

    def test_what_the_machine_left_is_gone(self) -> None:
        made = volumes()
        cleaned = pages.clean(made)
        assert "papermill" not in cleaned.metadata
        assert "papermill" not in json.dumps([c.metadata for c in cleaned.cells])
        assert {c.get("execution_count") for c in cleaned.cells} == {None}
        assert cleaned.cells[1].metadata["tags"] == ["parameters"]
        assert made.cells[1].execution_count == 7  # the original is left alone

    def test_a_chapter_without_a_title_gets_its_name(self) -> None:
        page, cells = project(v4.new_notebook(cells=[code("1")]), status="passed")
        assert (page.title, cells[0].source) == ("volumes", "# volumes")

    def test_summary_is_the_first_paragraph(self) -> None:
        page, _ = project(notebook(title="# Title\n\nOne\ntwo.\n\nThree."))
        assert page.summary == "One two."

    def test_no_heading_becomes_the_summary(self) -> None:
        page, _ = project(notebook(title="# Title\n\n## Next"))
        assert page.summary == ""

    def test_a_diagram_becomes_its_directive(self) -> None:
        _, cells = project(notebook(code("show()", drawn("digraph { a }", 'the "a"'))))
        text = cells[1].outputs[0].data["text/markdown"]
        assert text.startswith('`````{diagram}\n:alt: "the \\"a\\""\n\ndigraph { a }')


class TestChecks:
    def test_a_check_is_marked_and_has_a_place(self) -> None:
        page, cells = project(volumes(), status="passed")
        expected = {
            "claim": "it is local",
            "ok": True,
            "note": "4.2.1-3",
            "podman": ELSEWHERE,
            "anchor": "check-4-2-1-3",
        }
        assert page.checks == [expected]
        (marked,) = (c for c in cells if c.source.startswith("check("))
        assert marked.metadata["dockbook"]["checks"] == [expected]
        assert marked.outputs == []

    def test_every_check_has_a_place_of_its_own(self) -> None:
        outputs = held("a", "4.2-1"), held("b", "4.2-1"), held("c"), held("d")
        page, _ = project(notebook(code("check()", *outputs)), status="passed")
        places = [check["anchor"] for check in page.checks]
        assert places == ["check-4-2-1", "check-n2", "check-n3", "check-n4"]

    def test_the_note_of_a_check_that_failed_is_in_the_report(self) -> None:
        false = {"claim": "the sky is green", "ok": False, "note": "9-1"}
        page, cells = project(failing(), status="failed", checks=[false])
        assert [(c["claim"], c["ok"]) for c in page.checks] == [
            ("first", True),
            ("the sky is green", False),
        ]
        assert page.checks[1]["note"] == "9-1"
        assert cells[2].outputs == []


class TestStatus:
    @pytest.mark.parametrize("status", ["passed", "failed", "interrupted", None])
    def test_only_passed_is_passed(self, status: str | None) -> None:
        page, _ = project(volumes(), status=status)
        assert page.status == ("passed" if status == "passed" else "failed")

    def test_an_error_in_the_notebook_beats_the_report(self) -> None:
        page, _ = project(failing(), status="passed")
        assert page.status == "failed"

    def test_recorded_outputs_are_not_a_pass(self) -> None:
        assert project(volumes())[0].status == "recorded"
        assert project(failing())[0].status == "failed"

    def test_without_outputs_nothing_was_run(self) -> None:
        assert project(notebook(code("1")))[0].status == "not run"


class TestEvidence:
    """Which run of a chapter is shown; the build itself is stubbed out."""

    @pytest.fixture(autouse=True)
    def without_sphinx(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def make(out: Path, _builder: str, language: str, *_: str) -> None:
            (out / "pages" / language / "runbooks").mkdir(parents=True, exist_ok=True)

        monkeypatch.setattr(sphinx, "run", make)
        monkeypatch.setattr(search, "index", lambda _: None)

    def title(self, tmp_path: Path) -> tuple[str, str]:
        (page,) = build.build(tmp_path / "runs", tmp_path / "out", draft=True)
        return page.title, page.status

    @pytest.mark.usefixtures("runbooks")
    def test_the_newest_run_is_chosen(self, tmp_path: Path) -> None:
        for hour in ("10", "12", "11"):
            folder = f"20260101T{hour}0000Z-volumes-00000{hour[1]}"
            made = notebook(title=f"# At {hour}")
            ran(tmp_path / "runs", folder, made, "passed")
        assert self.title(tmp_path) == ("At 12", "passed")

    @pytest.mark.usefixtures("runbooks")
    def test_a_newer_failure_is_not_passed_over(self, tmp_path: Path) -> None:
        runs = tmp_path / "runs"
        ran(runs, "20260101T100000Z-volumes-aaaaaa", notebook(), "passed")
        ran(runs, "20260102T100000Z-volumes-aaaaaa", failing(), "failed")
        assert self.title(tmp_path) == ("Keep data", "failed")

    @pytest.mark.usefixtures("runbooks")
    def test_a_plan_is_passed_over(self, tmp_path: Path) -> None:
        runs = tmp_path / "runs"
        ran(runs, "20260101T100000Z-volumes-aaaaaa", notebook(), "passed")
        newer = notebook(title="# Newer")
        ran(runs, "20260102T100000Z-volumes-aaaaaa", newer, "planned")
        killed = "20260103T100000Z-volumes-aaaaaa"
        ran(runs, killed, newer, None)
        journal(runs / killed).write("open", plan=True)
        assert self.title(tmp_path) == ("Keep data", "passed")

    @pytest.mark.parametrize("torn", ["report.json", "chapter.ipynb", "journal.jsonl"])
    @pytest.mark.usefixtures("runbooks")
    def test_a_newer_run_that_was_killed_has_failed(
        self, tmp_path: Path, torn: str
    ) -> None:
        runs, newer = tmp_path / "runs", "20260102T100000Z-volumes-aaaaaa"
        ran(runs, "20260101T100000Z-volumes-aaaaaa", notebook(), "passed")
        ran(runs, newer, notebook(title="# Newer"), None)
        journal(runs / newer).write("open", plan=False)
        with (runs / newer / torn).open("a") as file:
            file.write('{"cells": [\0\n')
        title = "Recorded" if torn == "chapter.ipynb" else "Newer"
        assert self.title(tmp_path) == (title, "failed")

    @pytest.mark.usefixtures("runbooks")
    def test_a_run_that_is_at_work_is_passed_over(self, tmp_path: Path) -> None:
        runs, newer = tmp_path / "runs", "20260102T100000Z-volumes-aaaaaa"
        ran(runs, "20260101T100000Z-volumes-aaaaaa", notebook(), "passed")
        ran(runs, newer, notebook(title="# Newer"), None)
        journal(runs / newer).write("open", plan=False)
        with runner.claimed(runs / newer):
            assert self.title(tmp_path) == ("Keep data", "passed")
        assert self.title(tmp_path) == ("Newer", "failed")

    @pytest.mark.usefixtures("runbooks")
    def test_what_an_interrupted_run_does_not_tell_is_not_taken_from_the_chapter(
        self, tmp_path: Path, runbooks: Path
    ) -> None:
        nbformat.write(volumes(), runbooks / "05-volumes.ipynb")
        folder = tmp_path / "runs" / "20260102T100000Z-volumes-aaaaaa"
        journal(folder).write("run")
        (page,) = build.build(tmp_path / "runs", tmp_path / "out", draft=True)
        assert (page.title, page.status, page.checks) == ("Keep data", "failed", [])

    @pytest.mark.usefixtures("runbooks")
    def test_a_run_of_another_text_has_not_passed(self, tmp_path: Path) -> None:
        runs, made = tmp_path / "runs", notebook(title="# Recorded")
        same, other = report.source_of(made), report.source_of(notebook())
        ran(runs, "20260101T100000Z-volumes-aaaaaa", made, "passed", source=same)
        assert self.title(tmp_path) == ("Recorded", "passed")
        newer = "20260102T100000Z-volumes-aaaaaa"
        ran(runs, newer, notebook(), "passed", source=other)
        assert self.title(tmp_path) == ("Keep data", "edited since")

    @pytest.mark.usefixtures("runbooks")
    def test_a_try_without_a_host_counts_until_there_is_a_run(
        self, tmp_path: Path
    ) -> None:
        def told() -> str | None:
            (page,) = build.build(runs, tmp_path / "out", draft=True)
            return page.refused

        runs = tmp_path / "runs"
        early = {"started": "2026-01-01T10:00:00.5+00:00"}
        ran(runs, "20260101T100000Z-volumes-aaaaaa", notebook(), "passed", **early)
        for name in ("20260102T093000Z-other", "20260101T093000Z-volumes"):
            (runs / f"{name}-aaaaaa.refused").touch()
        assert told() is None
        for hour in ("08", "09", "07"):
            (runs / f"20260102T{hour}3000Z-volumes-aaaaaa.refused").touch()
        assert told() == "2026-01-02T09:30:00"
        resumed = {"started": "2026-01-02T10:00:00.5+00:00"}
        ran(runs, "20260101T110000Z-volumes-aaaaaa", notebook(), "passed", **resumed)
        assert told() is None

    def test_a_parameter_without_a_field_is_told(
        self, tmp_path: Path, runbooks: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        parameters = (
            "from kernels_helpers.field_types import Secret\n\n"
            'name: str = "site-data"  # help\n'
            'hosts: list[str] = ["a"]  # help\n'
            'password: Secret = "env:X"  # help\n'
            "note: str | None = None  # help"
        )
        made = notebook(code(parameters, tag="parameters"))
        nbformat.write(made, runbooks / "05-volumes.ipynb")
        made = build.build(tmp_path / "runs", tmp_path / "out", draft=True)
        assert [page.fieldless for page in made] == [["hosts", "note"]]
        monkeypatch.setattr(build, "build", lambda *_, **_options: made)
        told = CliRunner().invoke(main, ["site", "build"]).output
        assert "hosts, note: a list, or what may be None, has no field" in told

    @pytest.mark.usefixtures("runbooks")
    def test_runs_of_other_chapters_are_passed_over(self, tmp_path: Path) -> None:
        folder = "20260101T100000Z-bind-volumes-aaaaaa"
        ran(tmp_path / "runs", folder, notebook(), "passed")
        assert self.title(tmp_path) == ("Recorded", "not run")

    @pytest.mark.usefixtures("runbooks")
    def test_no_runs_at_all(self, tmp_path: Path) -> None:
        assert self.title(tmp_path) == ("Recorded", "not run")


def test_what_is_right_is_judged_again_after_a_change_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[Path] = []
    monkeypatch.setattr(source, "LOCALE", tmp_path)
    monkeypatch.setattr(translation, "CATALOGUES", tmp_path)

    def templates(out: Path) -> dict[str, Any]:
        judged.append(out)
        return {}

    monkeypatch.setattr(translation, "templates", templates)
    out, catalogue = tmp_path / "_build", tmp_path / "gone.po"
    (out / "messages").mkdir(parents=True)
    assert (translation.untranslated(out), translation.untranslated(out)) == ([], [])
    assert len(judged) == 1
    catalogue.write_text(catalogues.HEADER)
    for _ in range(2):
        assert translation.untranslated(out) == [f"{catalogue}: there is no such page"]
    assert len(judged) == 3
    catalogue.unlink()
    assert translation.untranslated(out) == []


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a book of two chapters, one that has passed and one that has failed."""
    root = tmp_path_factory.mktemp("book")
    (root / "runbooks").mkdir()
    for file in ("05-volumes.ipynb", "06-networks.ipynb"):
        nbformat.write(notebook(), root / "runbooks" / file)
    (root / "runbooks" / "claims.yaml").write_text(yaml.safe_dump(CLAIMS))
    told: dict[str, Any] = {
        "product": "Docker Engine",
        "engine": "20.10.24",
        "api": "1.41",
        "host": "ssh://root@secret.example",
        "started": "2026-01-01T10:00:00+00:00",
        "seconds": 12.3,
    }
    passed, runs = volumes("it is <b>local</b>, says `docker`"), root / "runs"
    true = {"claim": "it is local", "ok": True, "note": "4.2.1-3"}
    ran(
        runs, "20260101T100000Z-volumes-aaaaaa", passed, "passed", **told, checks=[true]
    )
    differs = {**true, "ok": False, "differs": ELSEWHERE}
    podman = {"product": "Podman", "engine": "4.3.1"}
    for folder, checks in (
        ("20260102T100000Z-volumes-bbbbbb", [true]),
        ("20260103T100000Z-volumes-cccccc", [differs]),
    ):
        ran(runs, folder, volumes("false"), "passed", **podman, checks=checks)
    reason = "CheckFailed: the sky is green"
    failed = "20260101T100000Z-networks-aaaaaa"
    ran(runs, failed, failing(), "failed", reason=reason)
    translated(root / "locale" / "zh_CN" / "LC_MESSAGES")
    with open_book(root):
        build.build(runs, root / "out", draft=True)
    return root / "out" / "html"


@pytest.fixture(scope="module")
def chapter(built: Path) -> BeautifulSoup:
    return page_at(built, "runbooks/05-volumes.html")


@pytest.fixture(scope="module")
def failed(built: Path) -> BeautifulSoup:
    return page_at(built, "runbooks/06-networks.html")


class TestPage:
    def test_the_badge_is_right_below_the_title(self, chapter: BeautifulSoup) -> None:
        badge = chapter.select_one("h1 + ul.run")
        assert badge
        text = badge.get_text(" ", strip=True)
        assert text.startswith("passed 2026-01-01 10:00 UTC")
        assert "Docker Engine 20.10.24 (API 1.41)" in text
        assert "on a remote host 12 s" in text
        (time,) = badge.select("time")
        assert time["datetime"] == "2026-01-01T10:00:00+00:00"

    def test_the_name_of_the_host_is_not_published(self, built: Path) -> None:
        files = [*built.rglob("*.html"), *built.rglob("*.ipynb")]
        assert len(files) == 13  # pages in two languages, notebooks, a missing page
        assert not [f for f in files if "secret.example" in f.read_text()]

    def test_parameters_are_a_table(self, chapter: BeautifulSoup) -> None:
        (row,) = chapter.select("form.parameters tbody tr")
        for hidden in row.select("template, [hidden]"):
            hidden.extract()
        cells = [cell.get_text(" ", strip=True) for cell in row.select("th, td")]
        assert cells == ["volume VolumeName", "site-data", "volume to make"]
        assert "import" not in chapter.select_one("article").get_text()  # type: ignore[union-attr]

    def test_an_output_has_one_frame(self, chapter: BeautifulSoup) -> None:
        assert chapter.select(".cell_output var")
        assert not chapter.select(".output .output")

    def test_a_step_is_its_command(self, chapter: BeautifulSoup) -> None:
        (step,) = chapter.select(".step.change")
        (command,) = step.select(".cell_input .highlight-bash pre")
        assert command.get_text().strip() == "docker volume create site-data"
        options = [div.get_text(" ", strip=True) for div in step.select("dl > div")]
        assert options == [
            "changes the host",
            "unless docker volume inspect site-data",
            "undo docker volume rm site-data",
        ]

    def test_output_in_pieces_is_one_output(self, chapter: BeautifulSoup) -> None:
        outputs = chapter.select(".step.change .cell_output pre")
        assert [output.get_text() for output in outputs] == ["site-data\n"]

    def test_the_expected_exit_code_is_shown(self, chapter: BeautifulSoup) -> None:
        (step,) = chapter.select(".step.look")
        assert step.dl
        assert step.dl.get_text(" ", strip=True) == "exit code 3"

    def test_the_line_of_a_check_is_shown_and_its_source_folded(
        self, chapter: BeautifulSoup
    ) -> None:
        (check,) = chapter.select("#check-4-2-1-3")
        assert "✔ it is <b>local</b>, says docker" in check.get_text()
        assert check.select_one("b") is None
        (cell,) = chapter.select(".cell.checks")
        (source,) = cell.select("details pre")
        assert "driver ==" in source.get_text()
        assert len(cell.select("pre")) == 1

    def test_a_diagram_is_in_the_page(self, chapter: BeautifulSoup) -> None:
        svg, _ = chapter.select("figure.diagram svg")
        assert svg["role"] == "img"
        (title,) = svg.select("title")
        assert (title.get_text(), title["id"]) == ("a feeds b", svg["aria-labelledby"])
        assert "currentColor" in str(svg)
        assert "black" not in str(svg)
        ids = [element["id"] for element in chapter.select("[id]")]
        assert len(ids) == len(set(ids))

    def test_the_notebook_can_be_downloaded(
        self, built: Path, chapter: BeautifulSoup
    ) -> None:
        (link,) = chapter.select("ul.run a[download]")
        got = nbformat.read(built / "runbooks" / str(link["href"]), as_version=4)
        assert STEP in [cell.source for cell in got.cells]

    def test_a_failure_is_loud(self, failed: BeautifulSoup) -> None:
        (alarm,) = failed.select(".alarm")
        assert "This run failed." in alarm.get_text()
        assert "CheckFailed: the sky is green" in alarm.get_text()
        (link,) = alarm.select("a")
        assert failed.select_one(str(link["href"]))
        assert not failed.select(".is-passed")
        (false,) = failed.select(".check.is-false")
        assert "✘ the sky is green" in false.get_text()

    def test_cells_behind_a_failure_are_not_run(self, failed: BeautifulSoup) -> None:
        cells = failed.select(".cell")
        marked = [
            {"failed", "not-run"} & {*cell.get_attribute_list("class")}
            for cell in cells
        ]
        assert marked == [set(), {"failed"}, {"not-run"}]


class TestBook:
    def test_the_front_page_lists_the_chapters(self, built: Path) -> None:
        items = page_at(built, "index.html").select("ol.chapters li")
        told = [item.get_text(" ", strip=True) for item in items]
        assert told == [
            "Keep data In a volume. passed 1 of 1 checks held",
            "Keep data In a volume. failed 1 of 2 checks held",
        ]

    def test_the_ledger_leads_to_the_proof(
        self, built: Path, chapter: BeautifulSoup
    ) -> None:
        ledger = page_at(built, "ledger.html")
        (proof,) = ledger.select("#claim-4-2-1-3 a.proof")
        target, _, anchor = str(proof["href"]).partition("#")
        assert page_at(built, target).find(id=anchor)
        (back,) = chapter.select(".check .claim a")
        assert back["href"] == "../ledger.html#claim-4-2-1-3"
        row = ledger.select_one("#claim-5-1-1")
        assert row
        assert "not checked" in row.get_text()

    def test_the_ledger_has_a_column_for_each_engine(self, built: Path) -> None:
        ledger = page_at(built, "ledger.html")
        heads = [head.get_text() for head in ledger.select(".ledger thead th")]
        assert heads[3:] == ["Docker Engine 20.10.24", "Podman 4.3.1"]
        cells = ledger.select("#claim-4-2-1-3 td.engine")
        assert [c.get_text("|") for c in cells] == ["held", f"differs|{ELSEWHERE}"]
        assert [c.get_text() for c in ledger.select("#claim-5-1-1 td.engine")] == [
            "",
            "",
        ]

    def test_what_differs_is_said_beside_the_claim(
        self, built: Path, chapter: BeautifulSoup
    ) -> None:
        (told,) = chapter.select(".check + p.differs")
        assert told.get_text() == f"On Podman {ELSEWHERE}"
        page = page_at(built, "zh/runbooks/05-volumes.html")
        assert [p.get_text() for p in page.select("p.differs")] == [
            "在 Podman 上 它在*别处*。"
        ]

    def test_every_link_inside_the_site_leads_somewhere(self, built: Path) -> None:
        seen = 0
        for file in built.rglob("*.html"):
            for link in page_at(built, str(file.relative_to(built))).select("a[href]"):
                target, _, anchor = str(link["href"]).partition("#")
                place = (file.parent / target) if target else file
                assert place.is_file(), (file.name, link["href"])
                if anchor:
                    found = page_at(built, str(place.resolve().relative_to(built)))
                    assert found.find(id=anchor), (file.name, link["href"])
                seen += 1
        assert seen > 20

    def test_nothing_is_loaded_from_another_host(self, built: Path) -> None:
        loaded = []
        for file in built.rglob("*.html"):
            soup = page_at(built, str(file.relative_to(built)))
            for element in soup.select("script, link, img, iframe, source, object"):
                loaded += [
                    str(element.get(name, "")) for name in ("src", "href", "data")
                ]
        for file in built.rglob("*.css"):
            text = file.read_text(encoding="utf-8")
            loaded += re.findall(r"""(?:url\(|@import )["']?([^"')]*)""", text)
        assert any("icons.css" in address for address in loaded)
        assert [a for a in loaded if re.match(r"(\w+:)?//", a)] == []

    def test_the_icons_of_the_theme_are_gone(self, built: Path) -> None:
        static = built / "_static"
        assert not [*built.rglob("fontawesome.js*"), *built.rglob("*.woff2")]
        pages = [file.read_text() for file in built.rglob("*.html")]
        assert not [page for page in pages if "fontawesome.js" in page]
        sheet = (static / "styles/pydata-sphinx-theme.css").read_text()
        assert "--fa:" not in sheet
        assert ".bd-article" in sheet
        assert len(sheet) < 320_000


@pytest.fixture(scope="module")
def chinese(built: Path) -> BeautifulSoup:
    return page_at(built, "zh/runbooks/05-volumes.html")


class TestChinese:
    def test_every_page_is_there_and_says_its_language(self, built: Path) -> None:
        english = sorted(p.name for p in built.rglob("*.html") if "zh" not in p.parts)
        found = sorted(p.name for p in (built / "zh").rglob("*.html"))
        assert sorted([*found, "404.html"]) == english  # that one is in both
        for file in built.rglob("*.html"):
            page = page_at(built, str(file.relative_to(built)))
            assert page.html
            assert page.html["lang"] == ("zh-CN" if "zh" in file.parts else "en")

    @pytest.mark.parametrize(
        "name", ["index.html", "zh/index.html", "zh/runbooks/05-volumes.html"]
    )
    def test_the_switch_leads_to_the_same_page(self, built: Path, name: str) -> None:
        page = page_at(built, name)
        (switch,) = page.select(".bd-header a.language")[:1]
        other = name.removeprefix("zh/") if name.startswith("zh/") else f"zh/{name}"
        target = ((built / name).parent / str(switch["href"])).resolve()
        assert target == (built / other).resolve()
        told = {"en": "English", "zh-CN": "中文"}
        assert switch.get_text() == told[str(switch["hreflang"])]
        assert switch["hreflang"] == ("en" if name.startswith("zh/") else "zh-CN")
        assert page.select('script[src*="language.js"]')

    def test_a_page_names_itself_in_all_languages(self, built: Path) -> None:
        name = "zh/runbooks/05-volumes.html"
        links = page_at(built, name).select('link[rel="alternate"][hreflang]')
        found = {
            str(link["hreflang"]): ((built / name).parent / str(link["href"])).resolve()
            for link in links
        }
        here, home = (built / name).resolve(), (built / name[3:]).resolve()
        assert found == {"en": home, "zh-CN": here, "x-default": home}

    def test_places_have_the_same_names(
        self, chapter: BeautifulSoup, chinese: BeautifulSoup
    ) -> None:
        def places(page: BeautifulSoup) -> list[str]:
            return [str(p["id"]) for p in page.select("section[id], .check[id]")]

        assert places(chinese) == places(chapter) != []

    def test_prose_parameters_checks_and_diagrams(self, chinese: BeautifulSoup) -> None:
        assert chinese.select_one("h1 + ul.run")
        text = chinese.select_one("article").get_text(" ")  # type: ignore[union-attr]
        for word in ("保存数据", "存进卷里。", "要创建的卷", "改动主机", "参数"):
            assert word in text
        (check,) = chinese.select("#check-4-2-1-3")
        assert "✔ docker 说它是 <b>local</b>" in check.get_text()
        svg, _ = chinese.select("figure.diagram svg")
        assert "标签" in svg.get_text()
        (caption, _) = chinese.select("figcaption")
        assert caption.get_text() == "甲喂养乙"

    def test_what_was_said_by_the_engine_stays(
        self, chapter: BeautifulSoup, chinese: BeautifulSoup
    ) -> None:
        for page in (chapter, chinese):
            (output,) = page.select(".step.change .cell_output pre")
            assert output.get_text() == "site-data\n"

    def test_the_notebook_is_that_of_the_english_page(
        self, built: Path, chinese: BeautifulSoup
    ) -> None:
        (link,) = chinese.select("ul.run a[download]")
        target = (built / "zh" / "runbooks" / str(link["href"])).resolve()
        assert target == (built / "runbooks" / "05-volumes.ipynb").resolve()

    def test_the_front_page_lists_the_chapters(self, built: Path) -> None:
        items = page_at(built, "zh/index.html").select("ol.chapters li")
        assert [item.get_text(" ", strip=True) for item in items] == [
            "保存数据 存进卷里。 通过 1 项检查中 1 项成立",
            "保存数据 存进卷里。 失败 2 项检查中 1 项成立",
        ]

    def test_the_ledger_is_in_chinese(self, built: Path) -> None:
        row = page_at(built, "zh/ledger.html").select_one("#claim-5-1-1")
        assert row
        assert row.get_text(" ", strip=True) == (
            "5.1-1 无人查看。 没有主机。 跳过 未检查"
        )

    def test_a_failure_is_as_loud(self, built: Path) -> None:
        failed = page_at(built, "zh/runbooks/06-networks.html")
        (alarm,) = failed.select(".alarm")
        assert "本次执行失败。" in alarm.get_text()
        assert "✘ 天空是绿色的" in failed.get_text()
        assert failed.select_one(".cell.not-run p.not-run")


@pytest.mark.usefixtures("runbooks")
def test_a_text_that_is_not_translated_stops_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "locale" / "zh_CN" / "LC_MESSAGES"
    shutil.copytree(translation.CATALOGUES, folder, ignore=lambda *_: ["runbooks"])
    monkeypatch.setattr(source, "LOCALE", tmp_path / "locale")
    monkeypatch.setattr(translation, "CATALOGUES", folder)
    catalogues.update(folder, translation.templates(tmp_path / "out"))
    path = folder / "runbooks" / "05-volumes.po"
    with pytest.raises(DockbookError) as told:
        build.build(tmp_path / "runs", tmp_path / "out")
    assert str(told.value).splitlines() == [
        "the site is not translated",
        f"{path}:8: untranslated: Recorded",
    ]
    assert not (tmp_path / "out" / "html").exists()
    said = 'msgid "Recorded"\nmsgstr "'
    path.write_text(path.read_text().replace(said, f"{said}已记录"))
    assert translation.untranslated(tmp_path / "out") == []


def test_what_cannot_be_a_page_stops_the_build_with_a_line_for_each_fault(
    tmp_path: Path, runbooks: Path
) -> None:
    parameters = code('name: str = "web"  # help', tag="parameters")
    printed = code("%%look\necho web", said("web\n"))
    dumb = [code("show()", drawn("digraph { a }", " \n")) for _ in range(2)]
    nbformat.write(notebook(parameters, printed, *dumb), runbooks / "05-volumes.ipynb")
    for orphan in ("more.ipynb", "notes.ipynb"):
        nbformat.write(notebook(), runbooks / orphan)
    with pytest.raises(ChapterError) as told:
        build.build(tmp_path / "runs", tmp_path / "out")
    away, words = "no page leads to it", "a diagram has no words: give it an alt"
    lines = str(told.value).splitlines()
    for line, start in zip(
        lines,
        (
            f"{runbooks / 'more.ipynb'}: {away}",
            f"{runbooks / 'notes.ipynb'}: {away}",
            "volumes: the default of name, 'web', is in an output",
            f"runbooks/05-volumes.ipynb, cell 4: {words}",
            f"runbooks/05-volumes.ipynb, cell 5: {words}",
        ),
        strict=True,
    ):
        assert line.startswith(start)
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("runbooks")
def test_sphinx_stops_the_build_with_a_line_for_each_fault(tmp_path: Path) -> None:
    page = source.PROSE / "index.md"
    faults = "```{diagram} book\n```\n\nSee [there](nowhere.md).\n"
    page.write_text(f"{page.read_text()}\n{faults}")
    with pytest.raises(DockbookError) as told:
        build.build(tmp_path / "runs", tmp_path / "out", draft=True)
    head, *lines = str(told.value).splitlines()
    assert head == "the site was not built; Sphinx says:"
    alt, link = lines
    assert "a diagram needs :alt:" in alt
    assert "nowhere.md" in link
    assert all(f"{page.name}:" in line for line in lines)


@pytest.mark.usefixtures("runbooks")
def test_a_build_that_fails_says_why_and_leaves_the_last_site(
    tmp_path: Path, runbooks: Path
) -> None:
    made = notebook(v4.new_markdown_cell("See [there](nowhere.ipynb)."))
    nbformat.write(made, runbooks / "05-volumes.ipynb")
    last = tmp_path / "out" / "html" / "index.html"
    last.parent.mkdir(parents=True)
    last.write_text("the last site")
    with pytest.raises(DockbookError, match=r"nowhere\.ipynb"):
        build.build(tmp_path / "runs", tmp_path / "out")
    assert last.read_text() == "the last site"


@pytest.mark.parametrize(
    ("page", "language", "file"),
    [
        ("runbooks/05-volumes", "en", "runbooks/05-volumes.ipynb"),
        ("index", "en", "site/index.md"),
        ("index", "zh-CN", "site/locale/zh_CN/LC_MESSAGES/index.po"),
    ],
)
def test_a_page_is_edited_where_its_text_is(
    page: str, language: str, file: str
) -> None:
    templates = Environment(
        loader=FileSystemLoader(source.SITE / "_templates"), autoescape=True
    )
    suffix = ".ipynb" if "/" in page else ".md"
    given = {"pagename": page, "page_source_suffix": suffix, "language": language}
    edit = functools.partial(templates.get_template("edit.html").render, given, _=str)
    home = "https://example.com/dockbook"
    assert f'href="{home}/edit/main/{file}"' in edit(repository=home)
    assert edit(repository=None).strip() == ""
    assert (source.SITE.parent / file).is_file()
