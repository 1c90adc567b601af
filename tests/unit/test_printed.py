"""The pages of a book on end, and the characters in its PDF."""

from pathlib import Path

import pikepdf
import pytest
from bs4 import BeautifulSoup

from kernels_helpers.errors import DockbookError
from kernels_helpers.site import glyphs, printed

HOME = """<html lang="en"><head><meta name="description" content="a &lt;b&gt;">
<link rel="stylesheet" href="_static/a.css"><script src="b.js"></script></head><body>
<nav class="bd-docs-nav"><a class="internal" href="#">Home</a>
<a class="internal" href="runbooks/1.html">One</a>
<a class="internal" href="ledger.html">Ledger</a></nav>
<h1>Book<a class="headerlink">#</a></h1></body></html>
"""
ONE = """<article class="bd-article"><h1 id="one">One</h1><a href="#one">up</a>
<a href="../ledger.html#claim">claim</a> <a href="../ledger.html">all</a>
<a href="1.ipynb">notebook</a> <a href="https://a.example/">web</a>
<svg aria-labelledby="t"><title id="t">drawn</title><a xlink:href="#one">x</a></svg>
<details class="source">hidden</details><pre><span>a</span> b</pre></article>"""
LEDGER = '<article class="bd-article"><h1>Ledger</h1><p id="claim">c</p></article>'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "runbooks").mkdir()
    for name, text in (("index", HOME), ("runbooks/1", ONE), ("ledger", LEDGER)):
        (tmp_path / f"{name}.html").write_text(text, encoding="utf-8")
    return tmp_path


def test_pages_are_put_on_end_in_the_order_of_the_sidebar(folder: Path) -> None:
    made = BeautifulSoup(printed.assemble(folder), "html.parser")
    assert [h1.get_text() for h1 in made.select("h1")] == ["Book", "One", "Ledger"]
    assert made.title
    assert made.title.get_text() == "Book"
    assert [link["href"] for link in made.select("link")] == ["_static/a.css"]
    assert "a <b>" in made.get_text()
    assert "hidden" not in made.get_text()
    assert not made.select("script, pre span")


def test_links_lead_to_places_in_the_book_or_to_the_web(folder: Path) -> None:
    made = BeautifulSoup(printed.assemble(folder), "html.parser")
    links = {a.get_text(): a.get("href", a.get("xlink:href")) for a in made.select("a")}
    assert links == {
        "Home": "#index",
        "One": "#runbooks-1",
        "Ledger": "#ledger",
        "up": "#runbooks-1--one",
        "claim": "#ledger--claim",
        "all": "#ledger",
        "notebook": None,
        "web": "https://a.example/",
        "x": "#runbooks-1--one",
    }
    places = [str(element["id"]) for element in made.select("[id]")]
    assert {"index", "runbooks-1--one", "runbooks-1--t", "ledger--claim"} < {*places}
    (drawing,) = made.select("svg")
    assert drawing["aria-labelledby"] == "runbooks-1--t"


def test_a_page_without_contents_is_not_printed(folder: Path) -> None:
    (folder / "index.html").write_text("<h1>Book</h1>")
    with pytest.raises(DockbookError, match=r"index\.html has no title or no contents"):
        printed.assemble(folder)


def test_what_chromium_says_is_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    false = tmp_path / "bin" / "chromium"
    false.parent.mkdir()
    false.write_text("#!/bin/sh\necho no room >&2\nexit 3\n")
    false.chmod(0o755)
    monkeypatch.setenv("PATH", f"{false.parent}:/usr/bin:/bin")
    with pytest.raises(DockbookError, match=r"chromium says:\nno room"):
        printed.write(folder, tmp_path / "book.pdf")
    assert not (folder / printed.SHEET).exists()


def test_a_glyph_means_the_character_and_not_the_radical(tmp_path: Path) -> None:
    noted = b"3 beginbfchar\n<01> <2F42>\n<0002> <2ED3>\n<03> <2F3E>\n<04> <6587>\nend"
    path = tmp_path / "book.pdf"
    with pikepdf.new() as pdf:
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, ToUnicode=pdf.make_stream(noted)
        )
        pdf.Root.Font = pdf.make_indirect(font)
        pdf.save(path)
    glyphs.mend(path)
    with pikepdf.open(path) as pdf:
        (meant,) = [pdf.Root.Font.ToUnicode.read_bytes()]
    assert [chr(int(line[-5:-1], 16)) for line in meant.splitlines()[1:5]] == [
        *"文长户文"
    ]
