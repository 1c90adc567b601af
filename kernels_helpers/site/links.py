"""The built site, judged without a browser: what a page says, loads and leads to."""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from hashlib import sha256
from os.path import normpath
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from lxml import html as markup

WEIGHT = 900_000  # bytes of a page with all that it may load, as they are on disk
LANGUAGES = {"en", "zh-CN", "x-default"}
RUN = ".run"  # the folder with the files of a run, which are in English only
MISSING = "404.html"  # in all languages at once
IN_CSS = re.compile(r"""(?:url\(|@import )\s*["']?([^"')\s]+)""")
LEADS = "//a/@href | //area/@href | //form/@action | //link/@href"
LOADS = (
    "//script/@src | //img/@src | //iframe/@src | //source/@src | //object/@data"
    " | //link[@rel='stylesheet' or @rel='icon' or @rel='preload']/@href"
)
WANTED = {  # what is true of a page, as XPath, or else is said of it
    "normalize-space(/html/@lang)": "it has no lang",
    "normalize-space(//head/title)": "it has no title",
    "count(//h1) = 1 and normalize-space(//h1)": "it has not one h1",
    "not(//@*[starts-with(name(), 'on')])": "a handler is inline",
    "not(//@*[starts-with(normalize-space(), 'javascript:')])": "a link is a script",
    "not(//img[not(@alt)])": "an image has no alternative",
    "not(//svg[not(@aria-hidden='true')][not(title) and not(@aria-label)])": (
        "a drawing has no alternative"
    ),
}


class Page:
    """Read a page of the site."""

    def __init__(self, root: Path, file: Path) -> None:
        self.root, self.file = root, file
        utf8 = markup.HTMLParser(encoding="utf-8")
        self.tree = markup.parse(str(file), utf8).getroot()

    def of(self, xpath: str) -> list[str]:
        """Find texts, each once."""
        return [*dict.fromkeys(str(found) for found in self.tree.xpath(xpath))]

    @cached_property
    def anchors(self) -> set[str]:
        """Find the places on the page that a link can name."""
        return {"", *self.of("//@id | //a/@name")}

    @cached_property
    def languages(self) -> dict[str, Path | None]:
        """Find the same page in each language."""
        links = self.tree.xpath("//link[@rel='alternate'][@hreflang]")
        return {
            str(link.get("hreflang")): self.target(str(link.get("href")))
            for link in links
        }

    @cached_property
    def base(self) -> str:
        """Find the address of the site, if it has one, by that of the page."""
        name = self.file.relative_to(self.root).as_posix()
        canonical = "".join(self.of("//link[@rel='canonical']/@href"))
        return canonical.removesuffix(name) if canonical.endswith(name) else ""

    def target(self, link: str) -> Path | None:
        """Find the file of the site that a link leads to, by its address, too."""
        if self.base and link.startswith(self.base):
            inside = link.removeprefix(self.base)
            return target(self.root, self.root / MISSING, inside)
        return target(self.root, self.file, link)

    def leads_outside(self, link: str) -> bool:
        """Tell whether a link leads out of the site."""
        return is_outside(link) and not (self.base and link.startswith(self.base))


Pages: TypeAlias = Mapping[Path, Page]


def problems(html: Path) -> list[str]:
    """Say of each fault of a built site where it is: one line each, ``page: what``."""
    root = html.resolve()
    pages = {file: Page(root, file) for file in sorted(root.rglob("*.html"))}
    return [
        f"{file.relative_to(root)}: {problem}"
        for file, page in pages.items()
        for judge in (_said, _led, _spoken, _loaded)
        for problem in judge(page, pages)
    ]


def weight(page: Page) -> int:
    """Count the bytes of a page and of all the files that it may load."""
    return sum(file.stat().st_size for file in {page.file, *_files(page)})


def target(root: Path, file: Path, link: str) -> Path | None:
    """Find the file below ``root`` that a link of ``file`` leads to, if any."""
    path = unquote(urlsplit(link).path)
    found = Path(normpath(file.parent / path)) if path else file
    if found.is_dir():
        found /= "index.html"
    inside = found.is_relative_to(root) and not path.startswith("/")
    return found if inside and found.is_file() else None


def is_outside(link: str) -> bool:
    """Tell whether a link has a scheme or a host, so that it leads out of the site."""
    parts = urlsplit(link)
    return bool(parts.scheme or parts.netloc)


def _said(page: Page, _pages: Pages) -> Iterator[str]:
    yield from (said for xpath, said in WANTED.items() if not page.tree.xpath(xpath))
    policy = "".join(page.of("//meta[@http-equiv='Content-Security-Policy']/@content"))
    for script in page.of("//script[not(@src)][not(contains(@type, 'json'))]/text()"):
        digest = b64encode(sha256(script.encode()).digest()).decode()
        if f"'sha256-{digest}'" not in policy:
            yield "a script is inline, and the policy of the page does not name it"


def _led(page: Page, pages: Pages) -> Iterator[str]:
    for link in page.of(LEADS):
        if page.leads_outside(link):
            continue
        found, anchor = page.target(link), unquote(urlsplit(link).fragment)
        if found is None:
            yield f"{link} leads nowhere in the site"
        elif found in pages and anchor not in pages[found].anchors:
            yield f"{link} leads to no place on that page"


def _spoken(page: Page, pages: Pages) -> Iterator[str]:
    """Judge the links to the page in each language: all its pages name one another."""
    if page.file.parent.suffix == RUN or page.file.name == MISSING:
        return
    if page.languages.get(page.tree.get("lang", "")) != page.file:
        yield "it does not name itself as the page in its language"
    wanted = LANGUAGES if (page.root / "zh").is_dir() else LANGUAGES - {"zh-CN"}
    for spoken in wanted - {*page.languages}:
        yield f"it does not name its page in {spoken}"
    for spoken, file in page.languages.items():
        if file and file in pages and pages[file].languages != page.languages:
            yield f"its page in {spoken} names other languages"


def _loaded(page: Page, _pages: Pages) -> Iterator[str]:
    for link in page.of(LOADS):
        yield from _lacking(page.root, page.file, link)
    for sheet in _files(page):
        for link in _in_css(sheet):
            name = sheet.relative_to(page.root)
            yield from (f"{name}: {p}" for p in _lacking(page.root, sheet, link))
    if (bytes_ := weight(page)) > WEIGHT:
        yield f"it weighs {bytes_} bytes with what it loads, more than {WEIGHT}"


def _lacking(root: Path, file: Path, link: str) -> Iterator[str]:
    if link.startswith("data:"):
        return
    if is_outside(link):
        yield f"{link} is loaded from another host"
    elif target(root, file, link) is None:
        yield f"{link} is loaded and is not there"


def _files(page: Page) -> Iterable[Path]:
    """Find the files that a page may load, those of its style sheets too."""
    found: dict[Path, None] = {}
    waiting = [page.target(link) for link in page.of(LOADS) if not is_outside(link)]
    while waiting:
        file = waiting.pop()
        if file is None or file in found:
            continue
        found[file] = None
        waiting += [target(page.root, file, link) for link in _in_css(file)]
    return found


def _in_css(file: Path) -> list[str]:
    if file.suffix != ".css":
        return []
    links = IN_CSS.findall(file.read_text(encoding="utf-8"))
    return [link for link in links if not link.startswith(("data:", "#"))]
