"""What a chapter says of Podman is read from its source, and counted by no limit."""

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kernels_helpers import differences, lint
from kernels_helpers.site import runs, source
from tests.unit.small_book import code, notebook

sys.path.append(str(source.SITE / "_ext"))
ledger: Any = importlib.import_module("dockbook_site.ledger")

CHECK = (
    'check(\n    "a claim",\n    1 == 1,\n    note="1",\n    podman="It is `b`.",\n)'
)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (CHECK, {"a claim": "It is `b`."}),
        ('check("a claim", True, podman=None)', {}),
        ('check("a claim", True)', {}),
        ('check(claim, True, podman="b")', {}),
        ("check(", {}),
    ],
)
def test_of_checks(source: str, found: dict[str, str]) -> None:
    assert differences.of_checks(code(source)) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("%%look\n#| rc: 1\n#| podman: It is `b`.\ntrue", "It is `b`."),
        ("%%look\ntrue", None),
        ("%%look\n#| podmn: it is\ntrue", None),
        ('"%%look\\n#| podman: no"', None),
    ],
)
def test_of_a_step(source: str, found: str | None) -> None:
    assert differences.of_step(code(source)) == found


def test_of_a_chapter() -> None:
    opening = code('chapter = open_chapter("x", podman="It has no daemon.")')
    made = notebook(code("1"), opening, code(CHECK))
    assert differences.of_chapter(made) == "It has no daemon."
    assert [*differences.of_notebook(made)] == ["It has no daemon.", "It is `b`."]
    assert differences.of_chapter(notebook(code('open_chapter("x")'))) is None


def test_a_check_is_one_line_however_much_it_says_of_podman() -> None:
    whole = "\n".join(["x = 1"] * (lint.MAX_LINES - 1) + [CHECK])
    assert [*lint.sizes(notebook(code(whole)))] == []
    (told,) = lint.sizes(notebook(code(f"{whole}\nx")))
    assert "16 lines: keep to 15" in told


def test_a_column_has_the_newest_run_of_each_chapter() -> None:
    def ran(chapter: str, engine: str | None, *checks: dict[str, Any]) -> Any:
        facts = {"product": "Podman", "engine": engine, "checks": list(checks)}
        return runs.Finished(chapter, facts, Path(chapter))

    new, old, other = ({"claim": c, "ok": True, "note": "1"} for c in "noc")
    made = runs.engines(
        [
            ran("a", "5.0", new),
            ran("a", "5.0", old),
            ran("b", "5.0", other, {**other, "note": None}),
            ran("a", "4.3", old),
            ran("bare", None, old),
        ]
    )
    assert made == [
        {"product": "Podman", "version": "4.3", "claims": {"1": [old]}},
        {"product": "Podman", "version": "5.0", "claims": {"1": [new, other]}},
    ]


@pytest.mark.parametrize(
    ("name", "podman", "shown"),
    [
        ("held", None, ["held", "held"]),
        ("differs", None, ["held", "differs"]),
        ("no longer", None, ["held", "failed"]),
        ("proved", "It has no daemon.", ["", "skipped"]),
        ("proved", None, ["", ""]),
        ("untold", "It has no daemon.", ["", ""]),  # by Docker neither
    ],
)
def test_a_cell_says_what_a_run_has_found(
    monkeypatch: pytest.MonkeyPatch, name: str, podman: str | None, shown: list[str]
) -> None:
    monkeypatch.setattr(ledger, "speaker", lambda *_: str)
    true = {"claim": "c", "ok": True}
    other = {**true, "differs": "It is elsewhere."}
    on_docker = {name: [true] for name in ("held", "differs", "no longer")}
    on_podman = {
        "held": [true],
        "differs": [{**other, "ok": False}],
        "no longer": [true, other],
    }
    here = SimpleNamespace(
        env=None,
        pages={"chapter": {"doc": "runbooks/chapter", "podman": podman}},
        proofs={"held": [], "differs": [], "no longer": [], "proved": []},
        engines=[
            {"product": "Docker Engine", "version": "20", "claims": on_docker},
            {"product": "Podman", "version": "4", "claims": on_podman},
        ],
    )
    cells = [*ledger.Ledger.found(here, {"id": name, "chapter": "chapter"})]
    for cell, verdict in zip(cells, shown, strict=True):
        assert (f">{verdict}</span>" in cell) if verdict else ("badge" not in cell)
    why = {"differs": "It is elsewhere.", "skipped": "It has no daemon."}.get(shown[1])
    assert ("why" in cells[1]) == bool(why)
    assert (why or "") in cells[1]
