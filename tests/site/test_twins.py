"""The Markdown twins and llms.txt of the real site."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from markdown_it import MarkdownIt

MARKDOWN = MarkdownIt().enable("table")
LINK = re.compile(r"\]\(([^)\s]+)\)")
PAGES = [
    f"{folder}{page}.html"
    for folder in ("", "zh/")
    for page in ("index", "ledger", "runbooks/05-volumes", "runbooks/09-mirrors")
]


def article(html: Path, page: str) -> Tag:
    """Read the article of a page without what is folded or can be clicked."""
    soup = BeautifulSoup((html / page).read_text(encoding="utf-8"), "html.parser")
    found = soup.select_one("article.bd-article")
    assert found
    for element in found.select(".headerlink, details.source, svg, button, script"):
        element.decompose()
    return found


def words(text: str) -> str:
    return "".join(text.split())


def twin(html: Path, page: str) -> str:
    return (html / page).with_suffix(".md").read_text(encoding="utf-8")


def test_every_page_leads_to_its_twin(html: Path) -> None:
    for twin in html.rglob("*.md"):
        page = twin.with_suffix(".html").read_text(encoding="utf-8")
        link = BeautifulSoup(page, "html.parser").select_one('[type="text/markdown"]')
        assert link
        assert link["href"] == twin.name
    chapters = [path.stem for path in html.glob("runbooks/*.ipynb")]
    for folder in ("", "zh"):
        found = [path.stem for path in (html / folder / "runbooks").glob("*.md")]
        assert sorted(found) == sorted(chapters) != []


@pytest.mark.parametrize("page", PAGES)
def test_a_twin_says_what_the_page_says(html: Path, page: str) -> None:
    shown = article(html, page)
    rendered = MARKDOWN.render(twin(html, page))
    said = words(BeautifulSoup(rendered, "html.parser").get_text())
    for element in shown.select("h1, h2, h3, p:not(.check), td:not(:has(small)), li"):
        for text in element.stripped_strings:
            assert words(text) in said, (page, text)


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_outputs_are_fenced_as_they_are(html: Path, page: str) -> None:
    shown = article(html, page)
    for kind, selector in (
        ("bash", ".highlight-bash pre"),
        ("text", ".cell_output pre, .highlight-none pre"),
    ):
        listings = [pre.get_text().strip("\n") for pre in shown.select(selector)]
        fences = [
            token.content.strip("\n")
            for token in MARKDOWN.parse(twin(html, page))
            if token.type == "fence" and token.info == kind
        ]
        assert fences == listings
        assert listings or "runbooks" not in page


@pytest.mark.parametrize("page", ["runbooks/05-volumes", "zh/runbooks/05-volumes"])
def test_checks_have_their_sign_and_their_claim(html: Path, page: str) -> None:
    checks = article(html, f"{page}.html").select(".check")
    lines = twin(html, f"{page}.html").splitlines()
    signed = [line for line in lines if line.startswith(("✔ ", "✘ "))]
    assert len(signed) == len(checks) > 50
    for line, check in zip(signed, checks, strict=True):
        claim = check.select_one(".claim")
        number = claim.get_text(strip=True) if claim else ""
        assert line.endswith(f"({number})" if number else line[-1])


def test_diagrams_are_words_and_sources_are_left_out(html: Path) -> None:
    for page, mark in (("runbooks/05-volumes", "Diagram:"), ("zh/ledger", "图：")):
        text = twin(html, f"{page}.html")
        figures = article(html, f"{page}.html").select("figure.diagram figcaption")
        assert text.count(f"**{mark}** ") == len(figures)
        assert "check(" not in text
        assert "<svg" not in text


def test_links_lead_from_twin_to_twin(html: Path) -> None:
    seen = 0
    for path in [*html.rglob("*.md"), *html.rglob("llms.txt")]:
        rendered = MARKDOWN.render(path.read_text(encoding="utf-8"))
        for link in BeautifulSoup(rendered, "html.parser").select("a[href]"):
            target = str(link["href"])
            if not target.startswith("http"):
                assert (path.parent / target).is_file(), (path, target)
                assert not target.endswith(".html")
                seen += 1
    assert seen > 100


@pytest.mark.parametrize(
    ("folder", "heads"), [("", ["Chapters", "The book"]), ("zh/", ["章节", "本书"])]
)
def test_llms_txt_names_every_twin_once(
    html: Path, folder: str, heads: list[str]
) -> None:
    lines = (html / folder / "llms.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# dockbook"
    assert lines[2].startswith("> ")
    assert [line[3:] for line in lines if line.startswith("## ")] == heads
    named = [LINK.findall(line)[0] for line in lines if line.startswith("- [")]
    found = [*(html / folder).glob("*.md"), *(html / folder / "runbooks").glob("*.md")]
    assert sorted(named) == sorted(
        path.relative_to(html / folder).as_posix() for path in found
    )
    chapter = next(line for line in lines if "05-volumes.md" in line)
    (title, summary) = article(html, f"{folder}runbooks/05-volumes.html").select(
        "h1, h1 ~ p"
    )[:2]
    assert title.get_text() in chapter
    assert words(summary.get_text()) in words(chapter)
