"""The recipe of docs/publishing.md, with Debian's rsync and nginx."""

import gzip
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser

from tests.site import server
from tests.site.conftest import watched


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nginx")


@pytest.fixture(scope="module")
def nginx(html: Path, folder: Path) -> Iterator[str]:
    with server.nginx(html, folder) as address:
        (folder / "www/journal.jsonl").write_text("{}")  # as a site of runs has
        yield address


def get(address: str, **headers: str) -> tuple[int, Message, bytes]:
    try:
        with urlopen(Request(address, headers=headers)) as answer:
            return answer.status, answer.headers, answer.read()
    except HTTPError as error:
        return error.code, error.headers, error.read()


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("zh/runbooks/*.html", "text/html; charset=utf-8"),
        ("_static/dockbook.css", "text/css; charset=utf-8"),
        ("_static/language.js", "application/javascript; charset=utf-8"),
        ("_static/favicon.svg", "image/svg+xml"),
        ("runbooks/*.ipynb", "application/json; charset=utf-8"),
        ("*.md", "text/markdown; charset=utf-8"),
        ("llms.txt", "text/plain; charset=utf-8"),
        ("journal.jsonl", "application/jsonl"),
        ("pagefind/*.pagefind", "application/octet-stream"),
    ],
)
def test_a_file_has_its_type(nginx: str, folder: Path, pattern: str, kind: str) -> None:
    found = sorted((folder / "www").glob(pattern))[0]
    status, headers, body = get(f"{nginx}{found.relative_to(folder / 'www')}")
    assert (status, headers["Content-Type"]) == (200, kind)
    assert body == found.read_bytes()


@pytest.mark.parametrize(
    "file", ["index.html", "_static/dockbook.css", "_static/language.js"]
)
def test_what_is_text_is_compressed(nginx: str, html: Path, file: str) -> None:
    plain = (html / file).read_bytes()
    _, headers, body = get(f"{nginx}{file}", **{"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == plain
    assert len(body) < len(plain)


def test_a_folder_is_its_page(nginx: str, html: Path) -> None:
    assert get(f"{nginx}zh/")[2] == (html / "zh/index.html").read_bytes()


@pytest.mark.parametrize("place", ["index.html", "zh/runbooks/05-volumes.html"])
def test_a_page_may_not_be_framed(nginx: str, place: str) -> None:
    _, headers, body = get(f"{nginx}{place}")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert b"script-src 'self' 'wasm-unsafe-eval'" in body


@pytest.mark.parametrize("place", ["gone.html", "runbooks/deep/gone.html"])
def test_a_page_that_is_not_there(nginx: str, html: Path, place: str) -> None:
    status, headers, body = get(f"{nginx}{place}")
    assert status == 404
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert body == (html / "404.html").read_bytes()


def test_a_browser_finds_nothing_to_complain_of(browser: Browser, nginx: str) -> None:
    with watched(browser, nginx) as context:
        page = context.new_page()
        page.goto(f"{nginx}runbooks/05-volumes.html")
        page.click("a.language:visible")
        page.wait_for_url("**/zh/runbooks/05-volumes.html")
