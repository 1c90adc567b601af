"""The index of the search, made by Pagefind from the text of the pages.

There is one index for each language; Pagefind takes that of ``<html lang>``.
"""

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from kernels_helpers.errors import DockbookError

FOLDER = "pagefind"
UNUSED = ("*ui.*", "*-highlight.js")  # of Pagefind: pages have a search of their own
LEFT_OUT = (".headerlink", "details.source", "form", "svg", "button")
LANGUAGE = re.compile(r"<html[^>]* lang=\"([\w-]+)\"")
TITLE = re.compile(r"<title>(.*?) &#8212;")
ARTICLE = re.compile(r"<article\b.*</article>", re.DOTALL)
SECTION = re.compile(r'<section id="([^"]+)">\s*((?:<span[^>]*></span>\s*)*)<h(\d)>')
CLAIM = re.compile(r'<a class="id" href="#(claim-[^"]+)">([^<]+)</a>')


def index(html: Path) -> None:
    """Index the site in a folder, into ``pagefind`` within it."""
    with TemporaryDirectory() as folder:
        texts = Path(folder)
        for page in html.rglob("*.html"):
            place = texts / page.relative_to(html)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text(page.read_text(encoding="utf-8")), encoding="utf-8")
        run = [sys.executable, "-m", "pagefind", "--quiet", "--site", folder]
        run += ["--output-path", str(html / FOLDER)]
        run += [word for left in LEFT_OUT for word in ("--exclude-selectors", left)]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DockbookError(f"the search was not made; Pagefind says:\n{done.stderr}")
    for pattern in UNUSED:
        for file in (html / FOLDER).glob(pattern):
            file.unlink()


def text(page: str) -> str:
    """Take from a page what can be searched, with ids where Pagefind looks for them.

    It leads to headings. In the pages the section has the id, or the row of a claim.
    """
    language, title = LANGUAGE.search(page), TITLE.search(page)
    article = ARTICLE.search(page)
    if not (language and title and article):
        return ""
    body = SECTION.sub(r'<section>\2<h\3 id="\1">', article[0])
    body = CLAIM.sub(r'<h4 id="\1">\2</h4>', body)
    return (
        f'<html lang="{language[1]}"><head><title>{title[1]}</title></head>'
        f"<body>{body}</body></html>"
    )
