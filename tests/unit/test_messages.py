"""What there is to translate in code cells and in the interface."""

from pathlib import Path

import pytest
from nbformat import NotebookNode, v4

from kernels_helpers import diagrams
from kernels_helpers.diagrams import DOT_MIME
from kernels_helpers.kernel import CHECK_MIME
from kernels_helpers.site import messages
from kernels_helpers.site.source import SITE

PARAMETERS = """\
from kernels_helpers.field_types import VolumeName

volume: VolumeName = "site-data"  # volume to make
"""


def shown(mime: str, data: object, **metadata: object) -> NotebookNode:
    output = v4.new_output("display_data", {mime: data}, metadata=metadata)
    return v4.new_code_cell("show()", outputs=[output])


def test_code_cells_say_parameters_checks_and_diagrams() -> None:
    first = v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    check = shown(CHECK_MIME, {"claim": "it is there", "ok": True, "note": None})
    dot = 'digraph { a [label="a cup"]; a -> b [label="of tea"] }'
    drawn = shown(DOT_MIME, dot, **{DOT_MIME: {"alt": "a cup\nof tea"}})
    chapter = v4.new_notebook(cells=[v4.new_markdown_cell("# T"), first, check, drawn])
    assert list(messages.of_cells(chapter)) == [
        ("parameter", "volume to make"),
        ("check", "it is there"),
        ("diagram", "a cup of tea"),
        ("label", "a cup"),
        ("label", "of tea"),
    ]


def test_a_malformed_contract_says_nothing() -> None:
    cell = v4.new_code_cell("volume = 1", metadata={"tags": ["parameters"]})
    assert list(messages.of_cells(v4.new_notebook(cells=[cell]))) == []


@pytest.mark.parametrize(
    ("label", "texts"),
    [
        ("writable layer", ["writable layer"]),
        (r"writable layer\nof one", ["writable layer\nof one"]),
        ("web\nrunning", ["web\nrunning"]),
        ("web-1\nrunning", ["running"]),
        (r"volume\nvolumes/NAME/_data", ["volume"]),
        (r"eth0\n172.17.0.2", []),
        ("/data (read-only)", []),
        (r"say \"hello\"", ['say "hello"']),
        ("docker0, a bridge", ["docker0, a bridge"]),
    ],
)
def test_labels_are_texts_by_line_only_beside_names(
    label: str, texts: list[str]
) -> None:
    assert messages.labels(f'a [label="{label}"]') == texts


def test_a_label_that_needs_no_quotes_is_a_name() -> None:
    assert messages.labels("a [label=inspect]") == []


def test_labels_are_said_in_their_place() -> None:
    dot = 'digraph { a [label="volume\\n/data", xlabel="\\"b\\""]; a -> "volume" }'
    said = messages.relabel(dot, {"volume": '卷 "1"'}.get)  # type: ignore[arg-type]
    assert (
        said
        == 'digraph { a [label="卷 \\"1\\"\\n/data", xlabel="\\"b\\""]; a -> "volume" }'
    )


class TestInterface:
    def test_texts_of_extension_and_templates_are_found(self) -> None:
        found = [text for _, text in messages.of_interface(SITE)]
        assert {"changes the host", "Claim", "passed", "Table of Contents"} <= {*found}

    def test_no_text_hides_in_an_f_string(self) -> None:
        """Babel finds those with some versions of Python only."""
        sources = [path.read_text() for path in Path(SITE, "_ext").rglob("*.py")]
        assert sources
        assert not [source for source in sources if "{_(" in source]


def test_a_diagram_of_a_page_is_translated_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "book.dot").write_text('digraph { a [label="the first"] }')
    monkeypatch.setattr(diagrams, "DIAGRAMS", tmp_path)
    page = "# Home\n\n```{diagram} book\n:alt: A first.\n```\n\n```{chapters}\n```\n"
    assert [*messages.of_prose(page)] == [
        ("diagram", "A first."),
        ("label", "the first"),
    ]
