"""What a second build of the site makes anew, and what it leaves alone."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat import v4

from kernels_helpers.errors import DockbookError
from kernels_helpers.site import build
from tests.unit.small_book import open_book

CLAIM = {
    "id": "9-1",
    "section": "9",
    "claim": {"en": "It holds.", "zh": "成立。"},
    "verdict": "confirmed",
    "why": {"en": "Seen.", "zh": "已验证。"},
    "chapter": "copy",
}
Builder = Callable[[], set[str]]


def write(path: Path, *texts: str) -> None:
    cells = [v4.new_markdown_cell(text) for text in texts]
    nbformat.write(v4.new_notebook(cells=cells), path)


def ran(runs: Path, chapter: str, **facts: object) -> None:
    folder = runs / f"20260101T100000Z-{chapter}-aaaaaa"
    if not folder.exists():
        folder.mkdir(parents=True)
        write(folder / "chapter.ipynb", f"# Ran {chapter}")
    told = {"run": folder.name, "status": "passed", **facts}
    (folder / "report.json").write_text(json.dumps(told))


@pytest.fixture
def rebuild(tmp_path: Path) -> Iterator[Builder]:
    """Build a book of two chapters, and return what builds it again.

    It answers with the pages that were made anew.
    """
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "claims.yaml").write_text(yaml.safe_dump([CLAIM]))
    for file in ("04-copy.ipynb", "05-volumes.ipynb"):
        write(tmp_path / "runbooks" / file, f"# {file}")
    out = tmp_path / "out"

    def times() -> dict[str, int]:
        made = out / "pages" / "en"
        return {
            path.relative_to(made).with_suffix("").as_posix(): path.stat().st_mtime_ns
            for path in made.rglob("*.html")
        }

    def build_again() -> set[str]:
        before = times()
        build.build(tmp_path / "runs", out, draft=True)
        anew = {page for page, time in times().items() if time != before.get(page)}
        return anew - {"search"}  # which is no document, and costs nothing

    with open_book(tmp_path):
        build_again()
        yield build_again


class TestAgain:
    def test_nothing_when_nothing_has_changed(self, rebuild: Builder) -> None:
        assert rebuild() == set()

    def test_the_page_of_a_newer_run_and_what_lists_it(
        self, rebuild: Builder, tmp_path: Path
    ) -> None:
        ran(tmp_path / "runs", "copy")
        rebuild()
        ran(tmp_path / "runs", "copy", engine="20.10.24")
        assert rebuild() == {"runbooks/04-copy", "index", "ledger"}
        page = tmp_path / "out" / "html" / "runbooks" / "04-copy.html"
        assert "Docker Engine 20.10.24" in page.read_text()

    def test_the_page_of_a_claim_that_is_judged_anew(
        self, rebuild: Builder, tmp_path: Path
    ) -> None:
        path = tmp_path / "runbooks" / "claims.yaml"
        path.write_text(yaml.safe_dump([CLAIM | {"verdict": "corrected"}]))
        anew = rebuild()
        assert {"runbooks/04-copy", "ledger"} <= anew
        assert "runbooks/05-volumes" not in anew

    def test_every_page_when_a_title_in_the_sidebar_changes(
        self, rebuild: Builder, tmp_path: Path
    ) -> None:
        write(tmp_path / "runbooks" / "05-volumes.ipynb", "# Renamed")
        assert "runbooks/04-copy" in rebuild()
        page = tmp_path / "out" / "html" / "runbooks" / "04-copy.html"
        assert "Renamed" in page.read_text()

    def test_a_chapter_that_is_gone_leaves_no_page(
        self, rebuild: Builder, tmp_path: Path
    ) -> None:
        (tmp_path / "runbooks" / "05-volumes.ipynb").unlink()
        rebuild()
        pages = {p.stem for p in (tmp_path / "out" / "html").rglob("*volumes.*")}
        assert pages == set()

    def test_a_fault_is_not_forgotten(self, rebuild: Builder, tmp_path: Path) -> None:
        write(tmp_path / "runbooks" / "04-copy.ipynb", "# Copy", "[x](nowhere.ipynb)")
        for _ in range(2):
            with pytest.raises(DockbookError, match=r"nowhere\.ipynb"):
                rebuild()
