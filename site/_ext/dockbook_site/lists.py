"""The directive for the list of chapters."""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective

from dockbook_site.languages import speaker
from dockbook_site.markup import badge, prose, raw, read_book


class Chapters(SphinxDirective):
    """List the chapters, and how each of them fared."""

    def run(self) -> list[nodes.Node]:
        source = Path(self.env.srcdir)
        self.env.note_dependency(source / "book.json")
        items = "".join(self.item(page) for page in read_book(source))
        return [raw(f'<ol class="chapters">{items}</ol>')]

    def item(self, page: dict[str, Any]) -> str:
        """Write the entry of a chapter."""
        say = speaker(self.env, page["doc"])
        total = len(page["checks"])
        held = sum(check["ok"] for check in page["checks"])
        told = _("{held} of {total} checks held").format(held=held, total=total)
        return (
            f'<li><div><a href="{page["doc"]}.html">{prose(say(page["title"]))}</a>'
            f"<p>{prose(first_sentence(say(page['summary'])))}</p></div>"
            f'<p class="state">{badge(page["status"])}'
            f"<small>{told if total else ''}</small></p></li>"
        )


def first_sentence(text: str) -> str:
    """Take the first sentence of a text in English or in Chinese."""
    return re.split(r"(?<=\.)\s|(?<=。)", text, maxsplit=1)[0]
