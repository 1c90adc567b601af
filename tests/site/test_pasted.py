"""What is taken from the page of a chapter runs: files, steps and whole lines."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import yaml
from playwright.sync_api import Page

from kernels_helpers import book, notebook, steps
from kernels_helpers.hosts import LabHost
from kernels_helpers.lab import life
from kernels_helpers.parameters_file import read_file
from tests.site.forms import INSTALL, NASTY, VOLUMES, copied, field, lines


class TestFiles:
    @pytest.mark.parametrize("language", ["", "zh/"])
    def test_without_changes_they_have_the_defaults(
        self, page: Page, address: str, language: str
    ) -> None:
        page.goto(f"{address}{language}{VOLUMES}")
        contract = notebook.head(book.find("volumes")).contract
        got = self.download(page, "yaml")
        assert contract.read(read_file(got)) == contract.bind({})
        text = self.download(page, "sh").read_text()
        assert "\nexport volume=dockbook-data\n" in text
        assert (
            subprocess.run(
                ["bash", "-n"], input=text, text=True, check=False
            ).returncode
            == 0
        )

    def test_they_follow(self, page: Page, address: str) -> None:
        page.goto(address + INSTALL)
        page.fill(field("user"), NASTY + " $& é")
        page.check(field("apply"))
        contract = notebook.head(book.find("install")).contract
        wanted = contract.bind({"user": NASTY + " $& é", "apply": True})
        got = self.download(page, "yaml")
        assert contract.read(read_file(got)) == wanted
        assert yaml.safe_load(got.read_text()) == wanted
        text = self.download(page, "sh").read_text()
        head = text.partition("# How steps are run")[0]
        told = subprocess.run(
            ["bash", "-c", f'{head}\nprintf %s "$user $apply $run"'],
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout == f"{NASTY} $& é true install-script"

    def download(self, page: Page, kind: str) -> Path:
        with page.expect_download() as expected:
            page.click(f'a[download$=".{kind}"]')
        assert expected.value.suggested_filename.endswith(f".{kind}")
        return expected.value.path()


class TestPasted:
    """What is copied from the page runs, in a shell that knows none of the names."""

    @pytest.fixture
    def lab(self, dockbook_home: Path) -> Iterator[LabHost]:
        del dockbook_home
        host = life.up("pasted")
        try:
            yield host
            host.docker.close()
        finally:
            life.down("pasted")

    @pytest.mark.usefixtures("clipboard")
    def test_every_step_of_a_chapter_runs(self, volumes: Page, lab: LabHost) -> None:
        volumes.fill(field("volume"), "my.data")
        volumes.fill(field("archive"), "/srv/my backup.tar")
        cells = [cell.source.partition("\n") for cell in self.cells("volumes")]
        known = [steps.parse(kind[2:], body) for kind, _, body in cells]
        buttons = volumes.locator(".step .cell_input .copybtn")
        assert buttons.count() == len(known) > 10
        for number, step in enumerate(known):
            buttons.nth(number).click(force=True)
            command = copied(volumes)
            assert "$volume" not in command
            done = lab.run(f"set -euo pipefail\n{command}")
            assert done.rc == step.rc, (command, done.output)
            if number == 0:
                assert lab.docker.volumes.get("my.data").attrs["Labels"] == {
                    "dockbook.run": "volumes-by-hand"
                }

    def cells(self, chapter: str) -> list[nbformat.NotebookNode]:
        loaded, _ = notebook.load(book.find(chapter))
        return [c for c in loaded.cells if c.source.startswith(("%%look", "%%change"))]

    @pytest.mark.parametrize(
        ("chapter", "typed", "choices", "said"),
        [
            ("02-concepts", {"prefix": "my.own"}, {}, "my.own-small running"),
            pytest.param(
                "12-backup",
                {"volume": "my.data", "target": "/srv/my.backup", "port": "8099"},
                {"compress": "gzip", "quiet": "stop"},
                "/srv/my.backup/volumes/my.data.tar.gz: good",
                marks=pytest.mark.exhaustive,  # twice, in two labs
            ),
        ],
    )
    def test_the_lines_run_the_chapter(
        self,
        page: Page,
        address: str,
        dockbook_home: Path,
        tmp_path: Path,
        chapter: str,
        typed: dict[str, str],
        choices: dict[str, str],
        said: str,
    ) -> None:
        page.goto(f"{address}runbooks/{chapter}.html")
        for name, value in typed.items():
            page.fill(field(name), value)
        for name, value in choices.items():
            page.select_option(field(name), value)
        for part in (book.RUNBOOKS, book.DIAGRAMS):
            (tmp_path / part.name).symlink_to(part)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = os.environ | {"PATH": path, "DOCKBOOK_HOME": str(dockbook_home)}
        for line in lines(page):
            done = subprocess.run(
                ["bash", "-c", line],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, (line, done.stderr)
        (ran,) = tmp_path.glob("runs/*/chapter.ipynb")
        for made in (ran, tmp_path / "out.ipynb"):
            assert said in json.dumps(nbformat.read(made, 4))
