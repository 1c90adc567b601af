"""The pages on paper, and the book as a PDF."""

import re
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Page
from pypdf import PdfReader

from kernels_helpers.errors import DockbookError
from kernels_helpers.site import build, printed
from tests.site.conftest import Once

A4 = {"width": 665, "height": 1000}  # pixels inside the margins
FIELDS = "input, select, button, .acts, .notice, .downloads, .wrong"
HIDDEN = ".bd-header, .bd-sidebar-primary, .copybtn, details.source, .headerlink"


@pytest.fixture(scope="module")
def sheet(html: Path) -> BeautifulSoup:
    return BeautifulSoup(printed.assemble(html / "zh"), "html.parser")


@pytest.fixture(scope="module")
def chinese(html: Path, once: Once) -> PdfReader:
    """Print the Chinese book: it has more letters, and takes longer."""

    def write(root: Path) -> None:
        shutil.copytree(html, root / "html")  # it is written into, and others read it
        printed.write(root / "html" / "zh", root / "book-zh.pdf")

    return PdfReader(once("printed", write) / "book-zh.pdf")


def outline(items: Any) -> Iterator[str]:
    for item in items:
        if isinstance(item, list):
            yield from outline(item)
        else:
            yield item.title


def words(text: str) -> str:
    return "".join(text.split())


def fonts(reader: PdfReader) -> Iterator[Any]:
    for page in reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():  # type: ignore[attr-defined]
            yield font.get_object()


class TestPage:
    def test_a_dark_page_is_printed_in_dark_ink_on_white(
        self, page: Page, address: str
    ) -> None:
        page.emulate_media(color_scheme="dark")
        page.goto(f"{address}runbooks/05-volumes.html")
        colours = """[document.body, document.querySelector("article p"),
            document.querySelector(".cell pre span")].map(e => getComputedStyle(e))
            .map((style, i) => i ? style.color : style.backgroundColor)"""
        assert page.evaluate(colours)[0] != "rgb(255, 255, 255)"
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate(colours) == ["rgb(255, 255, 255)", *["rgb(0, 0, 0)"] * 2]

    def test_only_what_is_said_is_printed_and_nothing_is_cut_off(
        self, page: Page, address: str
    ) -> None:
        page.emulate_media(media="print")
        page.set_viewport_size(A4)  # type: ignore[arg-type]
        page.goto(f"{address}zh/runbooks/05-volumes.html")
        hidden = page.locator(HIDDEN)
        assert hidden.count() > 50
        assert not [e for e in hidden.all() if e.is_visible()]
        wide = """[...document.querySelectorAll("pre, table, figure, .scroll")]
            .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1)
            .map(e => e.outerHTML.slice(0, 200))"""
        assert page.evaluate(wide) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= A4["width"]

    @pytest.mark.parametrize(
        ("place", "head"),
        [("", "Parameter Default Meaning"), ("zh/", "参数 默认值 含义")],
    )
    def test_parameters_are_a_table_with_their_defaults(
        self, page: Page, address: str, place: str, head: str
    ) -> None:
        page.goto(f"{address}{place}runbooks/05-volumes.html")
        field = page.locator(".parameters input[data-name=volume]")
        field.fill("mine")
        page.emulate_media(media="print")
        table = page.locator("form.parameters table")
        assert table.locator("th[scope=col]").all_inner_texts() == head.split()
        (row,) = table.locator("tr:has(input[data-name=volume])").all()
        assert row.locator("td").first.inner_text() == "dockbook-data"
        assert not [e for e in page.locator(FIELDS).all() if e.is_visible()]
        assert "mine" in page.locator(".step.change pre").first.inner_text()

    @pytest.mark.parametrize("place", ["", "zh/"])
    def test_what_is_folded_is_open(self, page: Page, address: str, place: str) -> None:
        page.goto(f"{address}{place}runbooks/01-install.html")
        listings = page.locator('details[name="system"] pre')
        assert [e.is_visible() for e in listings.all()] == [True, False, False, False]
        page.emulate_media(media="print")
        assert [e.is_visible() for e in listings.all()] == [True] * 4
        tops = listings.evaluate_all("all => all.map(e => e.getBoundingClientRect().y)")
        assert tops == sorted({*tops})  # one below the other


class TestBook:
    def test_it_is_tagged_and_says_its_title_and_language(
        self, chinese: PdfReader
    ) -> None:
        root: Any = chinese.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"].value is True
        assert root["/StructTreeRoot"]["/K"]
        assert root["/Lang"] == "zh-CN"
        assert chinese.metadata
        assert chinese.metadata.title == "能自证的 Docker 运行手册"

    def test_its_outline_is_every_heading(
        self, chinese: PdfReader, sheet: BeautifulSoup
    ) -> None:
        heads = sheet.select("h1, h2, h3, h4, [role=heading]")
        for link in sheet.select(".headerlink"):
            link.decompose()
        said = [" ".join(head.get_text().split()) for head in heads]
        assert [*outline(chinese.outline)] == said
        chapters = [str(h1.get_text()) for h1 in sheet.select("article h1")]
        top = [item.title for item in chinese.outline if not isinstance(item, list)]
        assert top[1:] == chapters
        assert len(chapters) > 10

    def test_its_fonts_are_embedded(self, chinese: PdfReader) -> None:
        seen = 0
        for font in fonts(chinese):
            assert "/ToUnicode" in font
            if font["/Subtype"] == "/Type3":  # drawn in the file itself
                assert font["/CharProcs"]
            else:
                (below,) = font["/DescendantFonts"]
                assert "/FontFile2" in below.get_object()["/FontDescriptor"]
            seen += 1
        assert seen > 100

    def test_what_it_says_can_be_found(
        self, chinese: PdfReader, sheet: BeautifulSoup
    ) -> None:
        for font in fonts(chinese):
            noted = re.findall(
                rb"^<\w+> <(\w{4})>$", font["/ToUnicode"].get_data(), re.M
            )
            names = [unicodedata.name(chr(int(code, 16)), "") for code in noted]
            assert not [name for name in names if "RADICAL" in name]
        chapters = [item for item in chinese.outline if not isinstance(item, list)]
        first, end = map(chinese.get_destination_page_number, chapters[1:3])
        assert first is not None
        pages = chinese.pages[first:end]
        text = words("".join(page.extract_text() for page in pages))
        article = sheet.select_one("article")
        assert article
        said = [
            sentence
            for paragraph in article.select("section > p")
            for sentence in re.findall(r"[\u4e00-\u9fff]{6,}", paragraph.get_text())
        ]
        found = [sentence for sentence in said if sentence in text]
        assert len(found) > 0.95 * len(said) > 50  # some go on, on another page

    def test_it_has_what_is_folded_or_typed_on_the_site(
        self, chinese: PdfReader, sheet: BeautifulSoup
    ) -> None:
        text = words("".join(page.extract_text() for page in chinese.pages))
        rows = sheet.select("form.parameters tbody th code")
        assert len(rows) > 50
        assert not [row for row in rows if words(row.get_text()) not in text]
        listings = sheet.select("details pre")
        assert len(listings) == 4
        assert not [pre for pre in listings if words(pre.get_text())[:60] not in text]
        heads = sheet.select("form.parameters thead tr")
        assert text.count("参数默认值含义") >= len(heads) > 10

    def test_its_links_stay_in_the_book_or_lead_to_the_web(
        self, chinese: PdfReader, sheet: BeautifulSoup
    ) -> None:
        places = {str(element["id"]) for element in sheet.select("[id]")}
        assert len(places) == len(sheet.select("[id]"))
        inside = 0
        for link in sheet.select("a[href]"):
            kind, _, place = str(link["href"]).partition("#")
            assert place in places if not kind else kind.startswith("http"), link
            inside += not kind
        assert inside > 200
        for page in chinese.pages:
            for note in page.get("/Annots", []):
                action = note.get_object().get("/A", {})
                assert not str(action.get("/URI", "http")).startswith("file")

    def test_the_contents_lead_to_the_chapters(self, sheet: BeautifulSoup) -> None:
        titles = []
        for link in sheet.select("nav a"):
            part = sheet.find(id=str(link["href"]).removeprefix("#"))
            assert part
            assert part.name == "article"
            assert part.h1
            titles.append(str(part.h1.find(string=True)))
        assert titles == [link.get_text().strip() for link in sheet.select("nav a")]


class TestBuild:
    @pytest.mark.parametrize(
        ("page", "book"),
        [
            ("index.html", "book-en.pdf"),
            ("zh/index.html", "../book-zh.pdf"),
            ("zh/runbooks/05-volumes.html", "../../book-zh.pdf"),
        ],
    )
    def test_a_page_leads_to_the_book(
        self, published: Path, page: str, book: str
    ) -> None:
        text = (published / page).read_text(encoding="utf-8")
        (link,) = BeautifulSoup(text, "html.parser").select('footer a[href$=".pdf"]')
        assert link["href"] == book
        (title, *_) = outline(PdfReader((published / page).parent / book).outline)
        assert title == {"b": "Runbooks for Docker that prove themselves"}.get(
            book[0], "能自证的 Docker 运行手册"
        )

    def test_no_page_leads_to_a_book_that_is_not_there(self, html: Path) -> None:
        pages = [*html.rglob("*.html")]
        assert len(pages) > 20
        assert not [p for p in pages if ".pdf" in p.read_text(encoding="utf-8")]

    def test_nothing_is_left_of_the_printing(self, published: Path) -> None:
        assert not [*published.rglob(printed.SHEET)]

    def test_without_chromium_the_build_says_so_and_does_not_begin(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(DockbookError, match=r"no chromium .* package chromium"):
            build.build(tmp_path / "runs", tmp_path / "out", pdf=True)
        assert not (tmp_path / "out").exists()
