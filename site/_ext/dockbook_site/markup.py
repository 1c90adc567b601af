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
    "edited since": _("edited since"),
    "recorded": _("recorded"),
    "not run": _("not run"),
    "confirmed": _("confirmed"),
    "corrected": _("corrected"),
    "obsolete": _("obsolete"),
    "refused": _("refused"),
    "skipped": _("skipped"),
    "held": _("held"),
    "differs": _("differs"),
}


def read_book(source: Path) -> list[dict[str, Any]]:
    """Read what is known of the chapters."""
    book: list[dict[str, Any]] = json.loads((source / "book.json").read_text())
    return book


def read_engines(source: Path) -> list[dict[str, Any]]:
    """Read what runs have found on each engine."""
    engines: list[dict[str, Any]] = json.loads((source / "engines.json").read_text())
    return engines


@cache
def read_claims(source: Path) -> list[dict[str, Any]]:
    """Read the ledger; it is empty as long as it has not been written."""
    path = source / "claims.yaml"
    if not path.exists():
        return []
    with path.open("rb") as file:
        claims: list[dict[str, Any]] = yaml.load(file, yaml.CSafeLoader)
    return claims


def said(text: Any, language: str) -> str:
    """Take a text of the ledger in a language, or else in English."""
    if not isinstance(text, dict):
        return str(text or "")
    return str(text.get(language[:2]) or text.get("en") or "")


def correction(claim: dict[str, Any], language: str) -> str:
    """Write what the note said, and what is true instead."""
    parts = (_("The note said"), claim["claim"]), (_("What is true"), claim.get("why"))
    rows = "".join(
        f"<div><dt>{word}</dt><dd>{prose(said(text, language))}</dd></div>"
        for word, text in parts
    )
    return f'<dl class="correction">{rows}</dl>'


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
