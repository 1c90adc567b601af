"""Which book is meant, and what an author begins in it."""

from pathlib import Path

import pytest

from kernels_helpers import bake, book, lint, new
from kernels_helpers.errors import UsageError


def test_the_book_is_the_nearest_folder_with_a_chapter(tmp_path: Path) -> None:
    inside = tmp_path / "book" / "runbooks" / "more"
    inside.mkdir(parents=True)
    assert book.root(inside) is None
    (tmp_path / "book/runbooks/notes.ipynb").touch()
    assert book.root(inside) is None  # a notebook is no chapter
    (tmp_path / "book/runbooks/01-a.ipynb").touch()
    for folder in (inside, inside.parent, tmp_path / "book"):
        assert book.root(folder) == tmp_path / "book"
    assert book.root(tmp_path) is None


def test_new_chapters_are_numbered_pass_lint_and_overwrite_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = new.new("a-b")
    monkeypatch.chdir(first.parent)  # further down it is the same book
    second = new.new("c" * new.LONGEST)
    assert [p.name[:5] for p in (first, second)] == ["01-a-", "02-cc"]
    assert second.parent == first.parent == tmp_path / "runbooks"
    assert lint.lint(first) == lint.lint(second) == []
    for name in ("a-b", "A", "-a", "a--b", "a/b", "", "c" * (new.LONGEST + 1)):
        with pytest.raises(UsageError):
            new.new(name)


def test_a_run_that_is_no_pass_with_the_defaults_is_not_recorded(
    tmp_path: Path,
) -> None:
    began = '{"event": "run", "path": "x", "settings": {"parameters": {"volume": "x"}}}'
    (tmp_path / "journal.jsonl").write_text(began + "\n")
    for status, product, said in (
        ("failed", "Docker Engine", "only a pass"),
        ("passed", "Podman", "Docker's"),
        ("passed", "Docker Engine", "run with volume"),
    ):
        told = f'{{"status": "{status}", "product": "{product}"}}'
        (tmp_path / "report.json").write_text(told)
        with pytest.raises(UsageError, match=said):
            bake.accept(tmp_path)
