from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kernels_helpers import book, diagrams
from kernels_helpers.errors import ChapterError


def mount(kind: str, name: str, at: str, *, writable: bool = True) -> dict[str, Any]:
    named = {"Name": name} if kind == "volume" else {}
    return {"Type": kind, "Source": name, "Destination": at, "RW": writable, **named}


def drawn(mounts: dict[str, list[dict[str, Any]]]) -> diagrams.Diagram:
    containers = [
        SimpleNamespace(name=name, status="running", attrs={"Mounts": found})
        for name, found in mounts.items()
    ]
    docker: Any = SimpleNamespace(
        containers=SimpleNamespace(list=lambda **_: containers)
    )
    return diagrams.mounts(docker, "dockbook.run=x")


def test_the_same_state_gives_the_same_dot_in_any_order() -> None:
    one = {"a": [mount("volume", "v", "/x"), mount("bind", "/etc", "/y")], "b": []}
    other = {"b": [], "a": list(reversed(one["a"]))}
    assert drawn(one) == drawn(other)


def test_what_the_engine_says_is_in_the_picture() -> None:
    found = drawn({"web": [mount("volume", "data", "/srv", writable=False)]})
    assert found.alt == "data is mounted in web at /srv (read-only)"
    assert '"source data" -> "container web" [label="/srv (read-only)"]' in found.dot


def test_two_anonymous_volumes_are_two_nodes_without_their_random_names() -> None:
    found = drawn(
        {"a": [mount("volume", "0" * 64, "/x"), mount("volume", "1" * 64, "/y")]}
    )
    assert found.dot.count("shape=cylinder") == 2
    assert "000" not in found.dot


def test_nothing_mounted_is_said() -> None:
    assert drawn({"a": []}).alt == "no mounts"


def test_a_static_diagram_has_the_shared_style_and_shows_itself() -> None:
    bundle, metadata = diagrams.load("mount-kinds", alt="kinds")._repr_mimebundle_()
    assert "Noto Sans" in bundle[diagrams.DOT_MIME]
    assert "<svg" in bundle["image/svg+xml"]
    assert metadata[diagrams.DOT_MIME] == {"alt": "kinds"}


def test_a_missing_diagram_is_named() -> None:
    with pytest.raises(ChapterError, match="no diagram"):
        diagrams.load("nothing", alt="")


@pytest.mark.parametrize(
    "path", sorted(book.DIAGRAMS.glob("*.dot")), ids=lambda p: p.stem
)
def test_every_diagram_is_used_in_a_chapter(path: Path) -> None:
    used = [p for p in book.chapters().values() if f'"{path.stem}"' in p.read_text()]
    used += [
        p for p in book.chapters().values() if f'\\"{path.stem}\\"' in p.read_text()
    ]
    assert used
