import re
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


def named(images: dict[str, list[str]]) -> diagrams.Diagram:
    """Draw what has a name in the registry r.test:5, of images with these names."""
    found = [
        SimpleNamespace(
            id=f"sha256:{name * 64}",
            attrs={
                "RepoTags": [n for n in names if "@" not in n] or None,
                "RepoDigests": [n for n in names if "@" in n],
            },
        )
        for name, names in images.items()
    ]
    docker: Any = SimpleNamespace(images=SimpleNamespace(list=lambda: found))
    return diagrams.names(docker, "r.test:5")


def test_every_name_of_an_image_in_the_registry_is_drawn() -> None:
    digest = f"r.test:5/team/tool@sha256:{'e' * 64}"
    found = named({"a": ["r.test:5/team/tool:1", "busybox:2", digest], "b": ["c:3"]})
    image = f'"sha256 {"a" * 64}"'
    assert f'"docker.io/library/busybox 2" -> {image}' in found.dot
    assert f'"r.test 5/team/tool 1" -> {image}' in found.dot
    assert '"r.test 5" -> "r.test 5/team/tool"' in found.dot
    assert f'"r.test 5/team/tool sha256 {"e" * 64}" [label="sha256:{"e" * 12}"]' in (
        found.dot
    )
    assert "b" * 12 not in found.dot
    assert f"r.test:5/team/tool 1 is sha256:{'a' * 12}" in found.alt


def test_the_same_names_give_the_same_dot_in_any_order() -> None:
    one = {"a": ["r.test:5/x:1", "r.test:5/x:2"], "b": ["r.test:5/y:1"]}
    other = {"b": ["r.test:5/y:1"], "a": ["r.test:5/x:2", "r.test:5/x:1"]}
    assert named(one) == named(other)


def test_a_registry_of_a_longer_name_is_another_one() -> None:
    assert named({"a": ["r.test:50/x:1"]}).alt == "no names"


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
def test_every_diagram_is_used(path: Path) -> None:
    chapters = [p.read_text() for p in book.chapters().values()]
    used = [t for t in chapters if re.search(rf'\\?"{path.stem}\\?"', t)]
    pages = [p.read_text() for p in (book.ROOT / "site").glob("*.md")]
    used += [text for text in pages if f"{{diagram}} {path.stem}\n" in text]
    assert used
