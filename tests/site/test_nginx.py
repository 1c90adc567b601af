"""The recipe of docs/publishing.md, with Debian's rsync and nginx."""

import gzip
import re
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser

from kernels_helpers import book, system
from tests.site.conftest import watched
from tests.waiting import until

RECIPE = (book.ROOT / "docs/publishing.md").read_text(encoding="utf-8")
AROUND = """\
daemon off;
pid nginx.pid;
worker_processes 1;
events {{}}
http {{
  access_log off;
  client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;
  uwsgi_temp_path tmp; scgi_temp_path tmp;
  {server}
}}
"""


def recipe(kind: str, instead: dict[str, str]) -> str:
    """Take the lines of a kind from the recipe, with other places in them."""
    (found,) = re.findall(rf"```{kind}\n(.*?)```", RECIPE, re.DOTALL)
    for old, new in instead.items():
        assert old in found
        found = found.replace(old, new)
    return str(found)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def nginx(html: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Copy the site as the recipe does, and serve it: as a child, never a service."""
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    www, listen = f"{folder}/www", f"listen 127.0.0.1:{port}"
    places = {"site/_build/html/": f"{html}/", "web.example:/srv/dockbook": www}
    subprocess.run(shlex.split(recipe("sh", places)), check=True)
    server = recipe("nginx", {"listen 80": listen, "/srv/dockbook": www})
    config = AROUND.format(server=server)
    (folder / "nginx.conf").write_text(config, encoding="utf-8")
    program = shutil.which("nginx", path=system.SEARCH)
    assert program
    options = ["-p", str(folder), "-c", "nginx.conf", "-e", "error.log"]
    # The workers of root would be nobody, who may not look into a temporary folder.
    command = [program, *options, "-g", "user root;"]
    with subprocess.Popen(command) as process:
        until(lambda: process.poll() is not None or answers(port))
        assert process.poll() is None, (folder / "error.log").read_text()
        yield f"http://127.0.0.1:{port}/"
        process.terminate()


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
        ("runbooks/*/journal.jsonl", "application/jsonl"),
        ("pagefind/*.pagefind", "application/octet-stream"),
    ],
)
def test_a_file_has_its_type(nginx: str, html: Path, pattern: str, kind: str) -> None:
    found = next(iter(sorted(html.glob(pattern))), None)
    if found is None:
        pytest.skip("the site has no such file")
    status, headers, body = get(f"{nginx}{found.relative_to(html)}")
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


@pytest.mark.parametrize("place", ["gone.html", "runbooks/deep/gone.html"])
def test_a_page_that_is_not_there(nginx: str, html: Path, place: str) -> None:
    status, headers, body = get(f"{nginx}{place}")
    assert status == 404
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    if (html / "404.html").exists():
        assert body == (html / "404.html").read_bytes()


def test_a_browser_finds_nothing_to_complain_of(browser: Browser, nginx: str) -> None:
    with watched(browser, nginx) as context:
        page = context.new_page()
        page.goto(f"{nginx}runbooks/05-volumes.html")
        page.click("a.language:visible")
        page.wait_for_url("**/zh/runbooks/05-volumes.html")
