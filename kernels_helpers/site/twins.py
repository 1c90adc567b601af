"""The Markdown twin of a page: what the page says, for readers that are programs.

It is made from the HTML of the article, so that it says the same in each language.
"""

import re

from bs4 import BeautifulSoup, Tag
from markdownify import MarkdownConverter

UNSAID = "a.headerlink, details.source, button, script, style, template, svg"
LANGUAGE = re.compile(r"highlight-(bash|python|json|yaml)$")


class Converter(MarkdownConverter):
    """Write HTML as Markdown, with no escape that is not needed."""

    def escape(self, text: str, parent_tags: set[str]) -> str:
        """Escape what Markdown would take for a tag, a link, code, or a cell's end."""
        said: str = super().escape(text, parent_tags)  # type: ignore[misc]  # no stub
        return re.sub(r"([<\[`|])", r"\\\1", said)


def markdown(article: str, *, diagram: str) -> str:
    """Write the HTML of an article as Markdown.

    Commands are fenced as ``bash``, outputs as ``text``. A diagram is its words,
    behind ``diagram``, which names it in the language of the page. Links between
    pages lead from twin to twin.
    """
    soup = BeautifulSoup(article, "html.parser")
    for element in soup.select(UNSAID):
        element.decompose()
    for block in soup.select("figure.diagram :is(div, figcaption)"):
        block.unwrap()
    for selector, rewrite in REWRITES.items():
        for element in soup.select(selector):
            rewrite(element)
    for figure in soup.select("figure.diagram"):
        figure.name = "p"
        figure.insert(0, mark := soup.new_tag("strong", string=diagram))
        mark.insert_after(" ")
    converter = Converter(
        bullets="-", code_language_callback=_language, heading_style="ATX"
    )
    made: str = converter.convert_soup(soup)
    return re.sub(r"\n{3,}", "\n\n", made).strip() + "\n"


def _facts(run: Tag) -> None:
    """Write the facts of a run on one line."""
    run.name = "p"
    for fact in run.select("li + li"):
        fact.insert(0, " · ")
    for fact in run.select("li"):
        fact.unwrap()


def _list(definitions: Tag) -> None:
    """Write definitions as a list, each term with what is said of it."""
    definitions.name = "ul"
    for group in definitions.select("div"):
        group.name = "li"
        for said in group.select("dd"):
            said.insert_before(" ")
            said.unwrap()
        for term in group.select("dt"):
            term.unwrap()


def _row(head: Tag) -> None:
    """Make the head of some rows a cell: a table in Markdown has one head."""
    head.name = "td"


def _cell(code: Tag) -> None:
    code.string = code.get_text().replace("|", r"\|")


def _aside(small: Tag) -> None:
    """Put what is small in brackets, and leave out what is empty."""
    if text := small.get_text(strip=True):
        before = str(small.previous_sibling or "")
        small.replace_with(f"{'' if before.endswith(' ') else ' '}({text})")
    else:
        small.decompose()


def _lead(link: Tag) -> None:
    """Lead to the twin of a page; what is on the page itself needs no link."""
    target, _, _ = str(link["href"]).partition("#")
    if not target:
        link.unwrap()
    elif ":" not in target:
        link["href"] = re.sub(r"\.html$", ".md", target)


def _language(pre: Tag) -> str:
    """Name the language of a listing: what is none that we write is output."""
    for parent in list(pre.parents)[:3]:
        for name in parent.get_attribute_list("class"):
            if found := LANGUAGE.match(str(name)):
                return found[1]
    return "text"


REWRITES = {
    "ul.run": _facts,
    "dl": _list,
    "tbody th[scope=rowgroup]": _row,
    "td code, th code": _cell,
    "small": _aside,
    "a[href]": _lead,
}
