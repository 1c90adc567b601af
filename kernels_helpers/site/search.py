"""The index of the search, made by Pagefind from the text of the pages.

There is one index for each language; Pagefind takes that of ``<html lang>``. The first
page is not in it: its tasks are searched at the places where they are answered.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from kernels_helpers.errors import DockbookError

FOLDER = "pagefind"
UNUSED = ("*ui.*", "*-highlight.js")  # of Pagefind: pages have a search of their own
LEFT_OUT = (
    *(".headerlink", "details.source", ".parameters", "form", "svg", "button"),
    *(".took", ".claim", ".correction", "ul.run", "ul.downloads"),
)
LANGUAGE = re.compile(r"<html[^>]* lang=\"([\w-]+)\"")
ARTICLE = re.compile(r"<article\b.*</article>", re.DOTALL)
SECTION = re.compile(
    r'<section id="([^"]+)">\s*((?:<span[^>]*></span>\s*)*)(<h\d)(>.*?</h\d>)'
)
CLAIM = re.compile(r'<a class="id" href="#(claim-[^"]+)">([^<]+)</a>')
TASK = re.compile(r"<li><p>((?:(?!</?li>|<a\b).)*)(<a\b.*?)</p>\s*</li>", re.DOTALL)
ANSWER = re.compile(
    r'<a [^>]*href="(runbooks/[^"#]+)#([^"]+)"[^>]*>(.*?)</a>', re.DOTALL
)

ASKED = '<p data-pagefind-weight="4">{}</p>'

Tasks = dict[tuple[str, str], list[str]]  # by page and place


def index(html: Path) -> None:
    """Index the site in a folder, into ``pagefind`` within it."""
    with TemporaryDirectory() as folder:
        for path, text in _texts(html):
            place = Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        run = [sys.executable, "-m", "pagefind", "--quiet", "--site", folder]
        run += ["--output-path", str(html / FOLDER)]
        run += [word for left in LEFT_OUT for word in ("--exclude-selectors", left)]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DockbookError(f"the search was not made; Pagefind says:\n{done.stderr}")
    for pattern in UNUSED:
        for file in (html / FOLDER).glob(pattern):
            file.unlink()


def _texts(html: Path) -> Iterator[tuple[Path, str]]:
    """Find the texts of the pages, by the path of each in the site."""
    for home in sorted(html.rglob("index.html")):
        asked = tasks(home.read_text(encoding="utf-8"))
        chapters = home.parent.glob("runbooks/*.html")
        for page in (*home.parent.glob("ledger.html"), *chapters):
            path = page.relative_to(home.parent).as_posix()
            places = {place: said for (p, place), said in asked.items() if p == path}
            weight = 0.5 if path == "ledger.html" else 1  # chapters explain more
            found = text(page.read_text(encoding="utf-8"), places, weight)
            yield page.relative_to(html), found


def tasks(home: str) -> Tasks:
    """Take from the first page what it names as answered at which place."""
    found: Tasks = {}
    for task, answers in TASK.findall(home):
        for page, place, words in ANSWER.findall(answers):
            found.setdefault((page, place), []).append(task + words)
    return found


def text(page: str, tasks: Mapping[str, list[str]], weight: float = 1) -> str:
    """Take from a page what can be searched, with ids where Pagefind looks for them.

    It leads to headings. In the pages the section has the id, or the row of a claim.
    """

    def headed(section: re.Match[str]) -> str:
        asked = "".join(ASKED.format(task) for task in tasks.get(section[1], ()))
        return f'<section>{section[2]}{section[3]} id="{section[1]}"{section[4]}{asked}'

    language, article = LANGUAGE.search(page), ARTICLE.search(page)
    if not (language and article):
        raise DockbookError("a page without language or article cannot be searched")
    body = CLAIM.sub(r'<h4 id="\1">\2</h4>', SECTION.sub(headed, article[0]))
    return (
        f'<html lang="{language[1]}"><body data-pagefind-weight="{weight}">'
        f"{body}</body></html>"
    )
