"""Web servers of the tests: our own, and Debian's nginx as in docs/publishing.md."""

import contextlib
import re
import shlex
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from kernels_helpers import book, system
from kernels_helpers.site import serving
from tests.waiting import until

RECIPE = (book.ROOT / "docs/publishing.md").read_text(encoding="utf-8")
AROUND = """\
daemon off;
pid nginx.pid;
worker_processes 1;
events {{}}
http {{
  access_log off;
  default_type application/octet-stream;
  client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;
  uwsgi_temp_path tmp; scgi_temp_path tmp;
  {server}
}}
"""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder as ``dockbook site serve`` does, and give its address."""
    with serving.server(folder, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


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


@contextlib.contextmanager
def nginx(html: Path, folder: Path) -> Iterator[str]:
    """Copy a site into a folder as the recipe does, serve it, and give its address."""
    port = free_port()
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
