"""Each fault of a built site is found, and a site without one has none."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from kernels_helpers.site import links

HEAD = """\
<!doctype html><html lang="{lang}"><head><title>A page</title>
<link rel="stylesheet" href="{up}a.css"><link rel="icon" href="data:,">
<link rel="alternate" hreflang="en" href="{up}page.html">
<link rel="alternate" hreflang="zh-CN" href="{up}zh/page.html">
<link rel="alternate" hreflang="x-default" href="{up}page.html">
<script src="{up}a.js"></script><script type="application/json">{{}}</script></head>
"""
BODY = """\
<body><h1>A page</h1><h2 id="place">A place</h2>
<a href="#place">here</a> <a href="page.html?from=here#place">there</a>
<a href="">top</a>
<a href="https://docs.docker.com/#any">elsewhere</a> <a href="notes.md#any">notes</a>
<img src="a.png" alt=""><svg aria-hidden="true"></svg>
<svg role="img"><title>A picture</title></svg></body></html>
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Write a site without a fault, of one page in two languages."""
    for folder, lang, up in (tmp_path, "en", ""), (tmp_path / "zh", "zh-CN", "../"):
        folder.mkdir(exist_ok=True)
        page = HEAD.format(lang=lang, up=up) + BODY
        (folder / "page.html").write_text(page, encoding="utf-8")
        (folder / "notes.md").write_text("")
        (folder / "a.png").write_bytes(b"png")
    (tmp_path / "a.js").write_text("")
    (tmp_path / "a.css").write_text('p { src: url("fonts/a.woff2"), url(data:,x) }')
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts/a.woff2").write_bytes(b"font")
    return tmp_path


def found(site: Path, old: str, new: str, file: str = "page.html") -> list[str]:
    """Put a fault into a file of the site, and judge the site."""
    path = site / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1), encoding="utf-8")
    return links.problems(site)


def test_a_site_without_a_fault_has_no_problems(site: Path) -> None:
    assert links.problems(site) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("page.html?", "gone.html?", "gone.html?from=here#place leads nowhere"),
        ('"notes.md', '"/page.html', "/page.html#any leads nowhere"),
        ('"notes.md', '"../page.html', "../page.html#any leads nowhere"),
        ('"#place"', '"#gone"', "#gone leads to no place on that page"),
        (
            "here#place",
            "here#%E5%8D%B7",
            "page.html?from=here#%E5%8D%B7 leads to no place",
        ),
        ("<title>A page", "<title> ", "it has no title"),
        ("<h1>A page</h1>", "", "it has not one h1"),
        ("<h2", "<h1>Two</h1><h2", "it has not one h1"),
        ("<body>", "<body><script>go()</script>", "a script is inline"),
        ("<body>", '<body onload="go()">', "a handler is inline"),
        ('"#place"', '" javascript:go()"', "a link is a script"),
        (' alt=""', "", "an image has no alternative"),
        ("<title>A picture</title>", "", "a drawing has no alternative"),
        ("a.png", "gone.png", "gone.png is loaded and is not there"),
        ('src="a.js"', 'src="//cdn.example/a.js"', "//cdn.example/a.js is loaded from"),
        ('hreflang="zh-CN"', 'hreflang="fr"', "it does not name its page in zh-CN"),
        ('"zh/page.html"', '"zh/gone.html"', "zh/gone.html leads nowhere in the site"),
        ('lang="en"', 'lang="de"', "it does not name itself as the page in its lang"),
        ('lang="en"', "", "it has no lang"),
    ],
)
def test_a_fault_of_a_page_is_found(
    site: Path, old: str, new: str, problem: str
) -> None:
    said = found(site, old, new)
    assert [line for line in said if line.startswith(f"page.html: {problem}")], said


def test_a_page_that_no_other_names_is_found(site: Path) -> None:
    said = found(
        site, 'en" href="../page.html"', 'en" href="page.html"', "zh/page.html"
    )
    assert "page.html: its page in zh-CN names other languages" in said


def test_an_inline_script_may_run_where_the_policy_names_it(site: Path) -> None:
    digest = b64encode(sha256(b"go()").digest()).decode()
    policy = f"script-src 'sha256-{digest}'"
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    page = f'<html lang="en"><title>404</title>{meta}<h1>404</h1><script>go()</script>'
    (site / "404.html").write_text(page)
    assert links.problems(site) == []
    (said,) = found(site, "go()", "went()", "404.html")
    assert said.startswith("404.html: a script is inline")


def test_the_files_of_a_run_are_in_english_only(site: Path) -> None:
    report = '<html lang="en"><title>Report</title><h1>Report</h1></html>'
    (site / "page.run").mkdir()
    (site / "page.run/report.html").write_text(report)
    assert links.problems(site) == []


def test_what_a_style_sheet_loads_is_judged(site: Path) -> None:
    said = found(site, "fonts/a.woff2", "https://fonts.example/a.woff2", "a.css")
    problem = "https://fonts.example/a.woff2 is loaded from another host"
    assert said == [
        f"{page}: a.css: {problem}" for page in ("page.html", "zh/page.html")
    ]
    assert found(site, "https:", "", "a.css")[0].endswith("is loaded from another host")


def test_a_page_is_weighed_with_all_that_it_loads(site: Path) -> None:
    page = links.Page(site, site / "page.html")
    own = sum(
        (site / file).stat().st_size
        for file in ("page.html", "a.js", "a.css", "a.png", "fonts/a.woff2")
    )
    assert links.weight(page) == own
    (site / "fonts/a.woff2").write_bytes(bytes(links.WEIGHT))
    assert links.problems(site)[0] == (
        f"page.html: it weighs {own - len(b'font') + links.WEIGHT} bytes"
        f" with what it loads, more than {links.WEIGHT}"
    )


def test_a_link_by_the_address_of_the_site_leads_into_it(site: Path) -> None:
    base = "https://docs.example.org/"
    for name in ("page.html", "zh/page.html"):
        text = (site / name).read_text(encoding="utf-8")
        up = "../" * name.count("/")
        for page in ("page.html", "zh/page.html"):
            text = text.replace(f'href="{up}{page}">', f'href="{base}{page}">')
        canonical = f'<link rel="canonical" href="{base}{name}"></head>'
        (site / name).write_text(text.replace("</head>", canonical), encoding="utf-8")
    assert links.problems(site) == []
    (problem, *_) = found(site, f"{base}zh/page.html", f"{base}zh/gone.html")
    assert problem == f"page.html: {base}zh/gone.html leads nowhere in the site"
