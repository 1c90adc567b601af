"""What a chapter says of Podman is read from its source, and counted by no limit."""

from pathlib import Path
from typing import Any

import pytest

from kernels_helpers import differences, lint
from kernels_helpers.site import runs
from tests.unit.small_book import code, notebook

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
