"""Read what is known of the book, and write small pieces of HTML."""

import html
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.locale import _

WORDS = {
    "passed": _("passed"),
    "failed": _("failed"),
    "recorded": _("recorded"),
    "not run": _("not run"),
    "confirmed": _("confirmed"),
    "corrected": _("corrected"),
    "obsolete": _("obsolete"),
    "refused": _("refused"),
    "skipped": _("skipped"),
}


def read_book(source: Path) -> list[dict[str, Any]]:
    """Read what is known of the chapters."""
    book: list[dict[str, Any]] = json.loads((source / "book.json").read_text())
    return book


@cache
def read_claims(source: Path) -> list[dict[str, Any]]:
    """Read the ledger; it is empty as long as it has not been written."""
    path = source / "claims.yaml"
    if not path.exists():
        return []
    with path.open("rb") as file:
        claims: list[dict[str, Any]] = yaml.load(file, yaml.CSafeLoader)
    return claims


def claim_anchor(name: object) -> str:
    """Name the place of a claim in the ledger."""
    return "claim-" + re.sub(r"[^a-z0-9]+", "-", str(name).lower()).strip("-")


def prose(text: object) -> str:
    """Write a text as HTML, with `code` between backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(str(text), quote=False))


def badge(word: str) -> str:
    """Write a status or a verdict as a small label."""
    shown = html.escape(str(WORDS.get(word, word)))
    return f'<span class="badge is-{word.replace(" ", "-")}">{shown}</span>'


def raw(text: str) -> nodes.raw:
    """Hold HTML."""
    return nodes.raw("", text, format="html")
