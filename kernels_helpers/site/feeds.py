"""What tells other programs of the site: its map, and the changes of its chapters.

Both name pages by their full address, so there is neither without one.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from kernels_helpers.errors import UsageError

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"


@dataclass(frozen=True)
class Change:
    """Tell what a page says since it has changed; ``proved`` is an ISO time or none."""

    title: str
    said: str
    link: str
    version: str
    proved: str | None


def base(address: str) -> str:
    """Check the address of the site, and end it with a slash."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageError(
            f"{address!r} is no address of a site; give one like "
            "https://example.org/docker/"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/"


def rss(channel: Mapping[str, str], changes: Iterable[Change]) -> bytes:
    """Write the changes as RSS 2.0, the newest first, those without a time last.

    ``channel`` holds the title, link, description and language of all.
    """
    root = Element("rss", version="2.0")
    top = SubElement(root, "channel")
    for name, text in channel.items():
        SubElement(top, name).text = text
    for change in sorted(changes, key=lambda c: c.proved or "", reverse=True):
        item = SubElement(top, "item")
        SubElement(item, "title").text = change.title
        SubElement(item, "link").text = change.link
        SubElement(item, "description").text = change.said
        SubElement(item, "guid", isPermaLink="false").text = change.version
        if change.proved:
            time = format_datetime(datetime.fromisoformat(change.proved))
            SubElement(item, "pubDate").text = time
    return _written(root)


def version(notebook: Mapping[str, Any]) -> str:
    """Name what a chapter says: its text, its commands and the ends of its checks.

    Another run of the same chapter has the same name, as long as the checks end
    as they did: what a command printed is not in it.
    """
    said = [
        (cell["source"], cell["metadata"].get("dockbook")) for cell in notebook["cells"]
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def sitemap(docs: Iterable[Path], base: str, languages: Mapping[str, str]) -> bytes:
    """Map the pages of documents, each with its counterparts in the other languages.

    ``languages`` has the folder of each, by its name; the first is the default.
    """
    ElementTree.register_namespace("", SITEMAP)
    ElementTree.register_namespace("xhtml", XHTML)
    root = Element(f"{{{SITEMAP}}}urlset")
    for doc in docs:
        places = {
            name.replace("_", "-"): f"{base}{folder}{doc.as_posix()}.html"
            for name, folder in languages.items()
        }
        for place in places.values():
            url = SubElement(root, f"{{{SITEMAP}}}url")
            SubElement(url, f"{{{SITEMAP}}}loc").text = place
            default = next(iter(places.values()))
            for tag, other in {**places, "x-default": default}.items():
                link = {"rel": "alternate", "hreflang": tag, "href": other}
                SubElement(url, f"{{{XHTML}}}link", link)
    return _written(root)


def _written(root: Element) -> bytes:
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"
