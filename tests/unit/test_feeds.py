"""The address of the site, and when a chapter has changed."""

from typing import Any

import pytest

from kernels_helpers.errors import UsageError
from kernels_helpers.site import feeds


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("https://example.org", "https://example.org/"),
        ("https://example.org/docs/", "https://example.org/docs/"),
        ("http://example.org:8080/a/b?c#d", "http://example.org:8080/a/b/"),
    ],
)
def test_an_address_ends_with_a_slash(address: str, base: str) -> None:
    assert feeds.base(address) == base


@pytest.mark.parametrize(
    "address", ["", "example.org", "/docs", "file:///srv", "https:///a"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match=r"no address of a site; give one like https"):
        feeds.base(address)


def chapter() -> dict[str, Any]:
    mark = {"checks": [{"claim": "it is local", "ok": True}], "failed": False}
    metadata = {"dockbook": mark}
    source = "docker volume create data"
    cell = {"source": source, "metadata": metadata, "outputs": [{"text": "data"}]}
    return {"cells": [{"source": "# Keep data", "metadata": {}}, cell]}


def test_a_version_is_what_a_chapter_says_and_not_what_was_printed() -> None:
    first = feeds.version(chapter())
    made = chapter()
    made["cells"][1]["outputs"] = [{"text": "other"}]
    assert feeds.version(made) == first
    text, command, check = chapter(), chapter(), chapter()
    text["cells"][0]["source"] = "# Keep all data"
    command["cells"][1]["source"] = "docker volume create other"
    check["cells"][1]["metadata"]["dockbook"]["checks"][0]["ok"] = False
    assert len({feeds.version(made) for made in (text, command, check)} - {first}) == 3


def test_changes_without_a_time_come_last() -> None:
    changes = [
        feeds.Change("a & b", "said", "https://e.org/a", "1", None),
        feeds.Change("c", "said", "https://e.org/c", "2", "2026-01-01T10:00:00+00:00"),
    ]
    written = feeds.rss({"title": "dockbook"}, changes).decode()
    assert written.index("<title>c<") < written.index("<title>a &amp; b<")
    assert written.count("<pubDate>Thu, 01 Jan 2026 10:00:00 +0000</pubDate>") == 1
    assert written.count("<pubDate>") == 1
