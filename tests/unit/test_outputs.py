"""Which defaults are found in an output, and which are too short for it."""

import pytest
from nbformat import v4

from kernels_helpers.parameters import Contract
from kernels_helpers.site.outputs import findable, mark, not_findable

HEAD = (
    "from typing import Literal\n"
    "from kernels_helpers.field_types import AbsolutePath, Port, Secret\n"
)


def contract(*lines: str) -> Contract:
    return Contract.parse(HEAD + "".join(f"{line}  # help\n" for line in lines))


def told(output: str, names: dict[str, str]) -> str:
    pieces = mark(output, names)
    assert "".join(piece.text for piece in pieces) == output
    return "".join(f"<{p.name}:{p.text}>" if p.name else p.text for p in pieces)


def test_only_free_texts_that_are_long_and_unlike_are_found() -> None:
    made = contract(
        'image: str = "busybox"',
        'first: str = "dockbook-copy"',
        'second: str = "dockbook-copy"',
        'short: str = "abc"',
        'empty: str = ""',
        'mode: Literal["bind", "tmpfs"] = "bind"',
        "port: Port = 18080",
        "apply: bool = False",
        'password: Secret = "env:PASSWORD"',
    )
    assert findable(made) == {"busybox": "image"}


@pytest.mark.parametrize(
    ("output", "wanted"),
    [
        ("/data", "<mount:/data>"),
        ("/data/docker on /data.", "<new:/data/docker> on <mount:/data>."),
        ("/data/dockers", "<mount:/data>/dockers"),
        ("/srv/data /data2", "/srv/data /data2"),
        ("web-1 weber (web)\nweb", "<name:web>-1 weber (<name:web>)\n<name:web>"),
        ("", ""),
    ],
)
def test_the_longest_whole_word_is_found(output: str, wanted: str) -> None:
    names = {"/data": "mount", "/data/docker": "new", "web": "name"}
    assert told(output, names) == wanted


def test_without_values_nothing_is_marked() -> None:
    assert told("web", {}) == "web"


@pytest.mark.parametrize(
    ("default", "output", "refused"),
    [
        ("web", "the web", True),
        ("web", "the webs", False),
        ("webs", "the webs", False),
        ("", "the web", False),
    ],
)
def test_a_default_that_is_too_short_is_refused(
    default: str, output: str, refused: bool
) -> None:
    said = v4.new_output("stream", name="stdout", text=output)
    picture = v4.new_output("display_data", {"text/plain": "web"})
    cells = [v4.new_markdown_cell("web"), v4.new_code_cell("", outputs=[picture, said])]
    made, notebook = contract(f'name: str = "{default}"'), v4.new_notebook(cells=cells)
    fault = (
        "volumes: the default of name, 'web', is in an output and too short to be "
        "found there: give it 4 characters or more"
    )
    assert [*not_findable("volumes", made, notebook)] == [fault] * refused
