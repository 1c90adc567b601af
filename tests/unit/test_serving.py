"""`dockbook site serve` and `dockbook site check`."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from kernels_helpers.cli import main
from kernels_helpers.errors import UsageError
from kernels_helpers.site import build, serving

SERVE = """\
import sys
from pathlib import Path
from kernels_helpers.cli import main
from kernels_helpers.site import build
build.built = lambda: Path(sys.argv[1])
main(["site", "serve", "--port", "0"])
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    (tmp_path / "index.html").write_text("<h1>Home</h1>")
    (tmp_path / "页.md").write_text("# 卷")
    command = [sys.executable, "-u", "-c", SERVE, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_the_site_is_served_until_ctrl_c(served: subprocess.Popen[str]) -> None:
    assert served.stdout
    address, _, said = served.stdout.readline().strip().partition("  ")
    assert address.startswith("http://127.0.0.1:")
    assert said == "(Ctrl-C ends)"
    with urlopen(address) as page:
        assert page.read() == b"<h1>Home</h1>"
    with urlopen(f"{address}%E9%A1%B5.md") as text:
        assert text.headers["Content-Type"] == "text/markdown; charset=utf-8"
    served.send_signal(signal.SIGINT)
    assert served.wait(timeout=10) == 0
    assert served.stdout.read() == ""


def test_what_is_not_there_has_the_page_of_the_site(tmp_path: Path) -> None:
    with serving.server(tmp_path, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for page in ("Error response", "Not here"):
            with pytest.raises(HTTPError) as told:
                urlopen(f"http://127.0.0.1:{server.server_port}/zh/gone.html")
            assert told.value.code == 404
            assert page in told.value.read().decode()
            told.value.close()
            (tmp_path / "404.html").write_text("<title>Not here</title>")
        server.shutdown()


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with serving.server(tmp_path, 0) as server:
        port = server.server_port
        with pytest.raises(UsageError, match=f"port {port} cannot be used .*--port"):
            serving.server(tmp_path, port)


@pytest.mark.parametrize("command", ["serve", "check"])
def test_without_a_site_it_is_said_what_to_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.setattr(build.built, "__defaults__", (tmp_path,))
    done = CliRunner().invoke(main, ["site", command])
    assert done.exit_code == 2
    assert "run `dockbook site build` first" in done.output


def test_a_fault_is_one_line_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(build.built, "__defaults__", (tmp_path,))
    (tmp_path / "html").mkdir()
    done = CliRunner().invoke(main, ["site", "check"])
    assert (done.output, done.exit_code) == ("every page is as it should be\n", 0)
    page = '<html lang="en"><title>Title</title><h1>Title</h1><a href="gone.html">'
    (tmp_path / "html/x.run").mkdir()
    (tmp_path / "html/x.run/report.html").write_text(page)
    done = CliRunner().invoke(main, ["site", "check"])
    said = "x.run/report.html: gone.html leads nowhere in the site\n"
    assert (done.output, done.exit_code) == (said, 1)
