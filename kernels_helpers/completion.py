"""What the shell proposes for a word: the names of chapters and of their parameters."""

from collections.abc import Iterator

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class

from kernels_helpers import book, notebook
from kernels_helpers.errors import ChapterError
from kernels_helpers.parameters import Contract


@add_completion_class
class Bash(BashComplete):
    """Let the value follow a parameter at once: ``volume=`` is not yet a word."""

    source_template = BashComplete.source_template.replace(
        "    return 0",
        "    [[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace\n    return 0",
    )


def chapters(
    _ctx: click.Context, _option: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Propose the chapters of the book, or files once the word is a path."""
    if "/" in begun or begun.startswith("."):
        return [CompletionItem(begun, type="file")]
    known = [name for name in book.chapters() if name.startswith(begun)]
    return [CompletionItem(name, help=_title(name)) for name in known]


def parameters(
    ctx: click.Context, _option: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Propose ``name=`` for the parameters of the chapters on the line."""
    found = {p.name: p.help for contract in _contracts(ctx) for p in contract}
    return [
        CompletionItem(f"{name}=", help=help_ or None)
        for name, help_ in found.items()
        if name.startswith(begun)
    ]


def _contracts(ctx: click.Context) -> Iterator[Contract]:
    """Read what is a chapter among the words; click leaves them where the line ends."""
    for word in ctx.args:
        try:
            yield notebook.head(book.find(word)).contract
        except ChapterError:
            continue


def _title(name: str) -> str | None:
    try:
        return notebook.head(book.find(name)).title
    except ChapterError:
        return None
