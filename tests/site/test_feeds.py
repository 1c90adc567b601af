"""What the site tells other programs of itself."""

from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urljoin
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup

from kernels_helpers.site import links
from tests.site.conftest import ADDRESS, REPOSITORY

MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
LINK = "{http://www.w3.org/1999/xhtml}link"


def head(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def read(path: Path) -> ElementTree.Element:
    return ElementTree.fromstring(path.read_bytes())  # noqa: S314 - written by us


def told(path: Path, name: str) -> str | None:
    found = head(path).select_one(f'meta[name="{name}"], meta[property="{name}"]')
    return str(found["content"]) if found else None


def test_the_map_has_every_page_and_its_counterparts(published: Path) -> None:
    urls = read(published / "sitemap.xml").findall(f"{MAP}url")
    places = [url.findtext(f"{MAP}loc") for url in urls]
    twins = [path.relative_to(published) for path in published.rglob("*.md")]
    assert sorted(map(str, places)) == sorted(
        f"{ADDRESS}/{path.with_suffix('.html')}" for path in twins
    )
    for url in urls:
        others = {link.get("hreflang"): link.get("href") for link in url.findall(LINK)}
        assert others.keys() == {"en", "zh-CN", "x-default"}
        assert url.findtext(f"{MAP}loc") in others.values()
        assert others["x-default"] == others["en"] != others["zh-CN"]
        for place in map(str, others.values()):
            assert (published / place.removeprefix(f"{ADDRESS}/")).is_file()


@pytest.mark.parametrize("page", ["index.html", "zh/runbooks/05-volumes.html"])
def test_a_page_names_its_address(published: Path, page: str) -> None:
    (canonical,) = head(published / page).select('link[rel="canonical"]')
    assert canonical["href"] == f"{ADDRESS}/{page}"
    assert told(published / page, "og:url") == f"{ADDRESS}/{page}"
    (feed,) = head(published / page).select('link[type="application/rss+xml"]')
    place = urljoin(f"{ADDRESS}/{page}", str(feed["href"]))
    assert (published / place.removeprefix(f"{ADDRESS}/")).is_file()


@pytest.mark.parametrize(
    ("file", "failed", "language"),
    [
        ("changes.xml", "Keep data: failed", "en"),
        ("zh/changes.xml", "保存数据: 失败", "zh-CN"),
    ],
)
def test_the_feed_has_the_newest_first(
    published: Path, file: str, failed: str, language: str
) -> None:
    channel = read(published / file).find("channel")
    assert channel is not None
    assert channel.findtext("language") == language
    items = channel.findall("item")
    times = [parsedate_to_datetime(str(item.findtext("pubDate"))) for item in items]
    assert [time.day for time in times[1:]] == [3, 2, 1]
    assert times[0] > times[1]
    assert items[2].findtext("title") == failed
    folder = file.removesuffix("changes.xml")
    link = f"{ADDRESS}/{folder}runbooks/06-networks.html"
    assert items[2].findtext("link") == link
    assert len({item.findtext("guid") for item in items}) == 4


@pytest.mark.parametrize("page", ["index.html", "zh/runbooks/05-volumes.html"])
def test_what_others_are_told_is_absolute(published: Path, page: str) -> None:
    name = page.removeprefix("zh/")
    others = head(published / page).select('link[rel="alternate"][hreflang]')
    assert {link["hreflang"]: link["href"] for link in others} == {
        "en": f"{ADDRESS}/{name}",
        "zh-CN": f"{ADDRESS}/zh/{name}",
        "x-default": f"{ADDRESS}/{name}",
    }
    (switch,) = head(published / page).select(".bd-header a.language")
    assert not str(switch["href"]).startswith("http")
    picture = str(told(published / page, "og:image")).removeprefix(f"{ADDRESS}/")
    assert (published / picture).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("index.html", "site/index.md"),
        ("runbooks/05-volumes.html", "runbooks/05-volumes.ipynb"),
        (
            "zh/runbooks/05-volumes.html",
            "site/locale/zh_CN/LC_MESSAGES/runbooks/05-volumes.po",
        ),
    ],
)
def test_a_page_leads_to_its_text(published: Path, page: str, text: str) -> None:
    (link,) = head(published / page).select("a.edit")
    assert link["href"] == f"{REPOSITORY}/edit/main/{text}"


def test_a_site_with_an_address_passes_its_own_check(published: Path) -> None:
    assert links.problems(published) == []


def test_without_an_address_nothing_claims_one(html: Path) -> None:
    assert not [*html.rglob("*.xml")]
    assert told(html / "index.html", "og:image") is None
    found = head(html / "index.html")
    assert not found.select('[rel="canonical"], [type="application/rss+xml"]')
    assert told(html / "index.html", "og:url") is None


@pytest.mark.parametrize(
    ("page", "locale", "kind"),
    [
        ("index.html", "en_US", "website"),
        ("runbooks/05-volumes.html", "en_US", "article"),
        ("zh/runbooks/05-volumes.html", "zh_CN", "article"),
        ("zh/ledger.html", "zh_CN", "article"),
    ],
)
def test_a_page_says_what_it_is_about(
    html: Path, page: str, locale: str, kind: str
) -> None:
    article = head(html / page).select_one("article.bd-article")
    assert article
    assert article.h1
    first = next(p for p in article.select("p") if not p.find_parent("ul"))
    about = told(html / page, "description")
    assert about == " ".join(first.get_text().split())
    assert told(html / page, "og:description") == about
    assert told(html / page, "og:title") == article.h1.find(string=True)
    assert told(html / page, "og:locale") == locale
    assert told(html / page, "og:type") == kind
