"""What of a page can be searched, and where its words lead to."""

import pytest

from kernels_helpers.errors import DockbookError
from kernels_helpers.site import search

PAGE = """\
<html lang="zh-CN" data-theme="auto"><head></head><body><nav>menu</nav>
<article class="bd-article"><section id="keep-data">
<h1>Keep <code>data</code><a class="headerlink" href="#keep-data">#</a></h1>
<section id="find-it">
<span id="old"></span><h2>2. Find it</h2><p>Here.</p></section>
<table><tr id="claim-4-2"><td>
<a class="id" href="#claim-4-2">4.2</a> It is.</td></tr></table>
</section></article><footer>end</footer></body></html>
"""
HOME = """\
<ul class="simple">
<li><p>My <code>disk</code> is full: <a class="x" href="runbooks/a.html#fills"><span>see
it</span></a>, <a href="runbooks/b.html#logs">logs</a></p></li>
<li><p>No answer here.</p></li>
<li><p>Elsewhere: <a href="ledger.html">ledger</a></p></li>
</ul>
"""


def test_headings_and_claims_have_the_ids_of_their_places() -> None:
    text = search.text(PAGE, {})
    assert '<h1 id="keep-data">Keep' in text
    assert '<span id="old"></span><h2 id="find-it">2. Find it</h2>' in text
    assert '<h4 id="claim-4-2">4.2</h4> It is.' in text
    assert text.count('id="keep-data"') == text.count('id="find-it"') == 1


def test_only_the_article_is_searched_in_its_language() -> None:
    text = search.text(PAGE, {}, 0.5)
    assert text.startswith('<html lang="zh-CN"><body data-pagefind-weight="0.5">')
    assert "menu" not in text
    assert "end" not in text


def test_a_task_is_found_where_it_is_answered() -> None:
    tasks = search.tasks(HOME)
    full = "My <code>disk</code> is full: "
    assert tasks == {
        ("runbooks/a.html", "fills"): [f"{full}<span>see\nit</span>"],
        ("runbooks/b.html", "logs"): [f"{full}logs"],
    }
    text = search.text(PAGE, {"find-it": ["Where is it"]})
    assert text.count("Where is it") == 1
    assert (
        text.index("2. Find it</h2>") < text.index("Where is it") < text.index("Here.")
    )


def test_a_page_without_an_article_is_told() -> None:
    with pytest.raises(DockbookError, match="without language or article"):
        search.text("<html lang='en'><p>bare</p></html>", {})
