"""Build the site with Sphinx, for each language from the same pages.

A page whose evidence has not changed since the last build is not made again.
"""

import html as markup
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat

from kernels_helpers import book
from kernels_helpers.errors import DockbookError, UsageError
from kernels_helpers.site import (
    downloads,
    feeds,
    printed,
    proof,
    search,
    source,
    sphinx,
    translation,
)
from kernels_helpers.site.newest import Evidence
from kernels_helpers.site.pages import Page, clean
from kernels_helpers.site.runs import engines, finished
from kernels_helpers.site.source import SITE

# the book of a wheel is not written to
BUILD = (Path() if book.ROOT == book.IN_WHEEL else book.ROOT) / "site" / "_build"
PICTURE = "page.png"
CHINESE = re.compile(
    r" · 找不到页面|\s*<section lang=\"zh-CN\">.*?</section>", re.DOTALL
)


def build(
    runs: Path,
    out: Path = BUILD,
    *,
    draft: bool = False,
    address: str | None = None,
    repository: str | None = None,
    pdf: bool = False,
) -> list[Page]:
    """Build the site into ``out/html`` and return the pages of its chapters.

    Takes the newest run of a chapter below ``runs`` that is not at work, or else what
    is recorded in the chapter. English is at the root, and Chinese, if the book has it,
    in ``zh``, from the same source. A build that fails leaves the last site as it was;
    one with a text that is not translated fails, unless it is a ``draft``, which shows
    it in English.

    What has to name pages by their full address is written only with the ``address``
    where the site will be: canonical links, ``sitemap.xml``, RSS. Pages lead to where
    their text can be edited in the ``repository``. With ``pdf`` the book is printed in
    each language, by Chromium.
    """
    base = feeds.base(address) if address else ""
    told = _told(repository, pdf=pdf)
    if pdf:
        printed.chromium()  # or say now that there is none
    evidence, languages = source.evidence(runs), source.languages()
    pages = source.write(out / "source", evidence, engines(finished(runs)))
    with ThreadPoolExecutor() as together:
        judged = (
            None
            if draft or len(languages) == 1
            else together.submit(translation.untranslated, out)
        )
        made = [
            together.submit(sphinx.run, out, "html", name, *_placed(name, base), *told)
            for name in languages
        ]
        for pages_made in made:
            pages_made.result()
        problems = judged.result() if judged else []
    if problems:
        raise DockbookError("\n".join(["the site is not translated", *problems]))
    html = _assemble(out, evidence, pages)
    if base:
        english = out / "pages" / "en"
        docs = sorted(
            twin.relative_to(english).with_suffix("") for twin in english.rglob("*.md")
        )
        (html / "sitemap.xml").write_bytes(feeds.sitemap(docs, base, languages))
    if pdf:
        printed.books(html, languages)
    shutil.rmtree(out / "html", ignore_errors=True)
    html.rename(out / "html")
    return pages


def _assemble(out: Path, evidence: dict[str, Evidence], pages: list[Page]) -> Path:
    """Put together what is to be published, in a folder beside the last site."""
    html = out / "html.new"
    shutil.rmtree(html, ignore_errors=True)
    for language, folder in source.languages().items():
        shutil.copytree(out / "pages" / language, html / folder, dirs_exist_ok=True)
    for page in pages:
        found = evidence[page.name]
        nbformat.write(clean(found.notebook), html / f"{page.doc}.ipynb")
        downloads.write(page.name, found.notebook, html / f"{page.doc}.html")
        if found.folder and page.proof:
            proof.publish(found.folder, html / page.proof)
    if _has_picture():
        shutil.copyfile(source.PROSE / PICTURE, html / PICTURE)
    search.index(html)
    (html / "404.html").write_text(_missing(), encoding="utf-8")
    return html


def _missing() -> str:
    """Write the page for a page that is not there."""
    text = (SITE / "404.html").read_text(encoding="utf-8")
    if len(source.languages()) == 1:
        text = CHINESE.sub("", text)
    return text.replace("dockbook", markup.escape(source.settings()["title"]))


def built(out: Path = BUILD) -> Path:
    """Return the folder of the built site, or say what to run first."""
    if not (made := out / "html").is_dir():
        raise UsageError(f"there is no site in {made}; run `dockbook site build` first")
    return made


def _placed(language: str, base: str) -> list[str]:
    """Tell Sphinx where the pages of a language will be, and the picture."""
    if not base:
        return []
    picture = ["-A", f"picture={base}{PICTURE}"] if _has_picture() else []
    return ["-D", f"html_baseurl={base}{source.LANGUAGES[language]}", *picture]


def _told(repository: str | None, *, pdf: bool) -> list[str]:
    """Tell Sphinx the languages, the repository, and whether there is a PDF."""
    spoken = ",".join(source.languages())
    return [
        *("-D", f"book_languages={spoken}"),
        *(["-A", f"repository={repository.rstrip('/')}"] if repository else []),
        *(["-A", "printed=1"] if pdf else []),
    ]


def _has_picture() -> bool:
    """Tell whether the book has a picture of itself, for those who link to it."""
    return (source.PROSE / PICTURE).is_file()
