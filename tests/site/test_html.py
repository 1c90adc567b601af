"""The HTML of every page is valid, and `dockbook site check` has nothing to say."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kernels_helpers.site import links

HERE = Path(__file__).parent
VALIDATE = HERE / "node_modules/html-validate/bin/html-validate.mjs"


def validate(*files: Path) -> list[str]:
    """Find the faults of pages, by the short list of rules in html-validate.json."""
    assert VALIDATE.exists(), "run `make test` once: it installs html-validate"
    node = Path(sys.executable).with_name("node")
    options: list[str | Path] = [
        "--config",
        HERE / "html-validate.json",
        "--formatter",
        "json",
    ]
    done = subprocess.run(
        [node, VALIDATE, *options, *files], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return [
        f"{Path(report['filePath']).name}:{fault['line']}: {fault['message']}"
        for report in json.loads(done.stdout)
        for fault in report["messages"]
    ]


def test_every_page_is_valid(html: Path, files: list[str]) -> None:
    assert validate(*(html / file for file in files)) == []


def test_every_page_is_valid_however_a_chapter_fared(
    published: Path, fates: list[str]
) -> None:
    assert validate(*(published / file for file in fates)) == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("<h3>Too deep</h3>", "Heading level"),
        ('<p id="x">1</p><p id="x">2</p>', "Duplicate ID"),
        ("<p><div>In a paragraph</div></p>", "Stray end tag"),
        ('<button aria-labelledby="gone">Go</button>', "gone"),
    ],
)
def test_a_fault_is_found(tmp_path: Path, fault: str, said: str) -> None:
    page = tmp_path / "page.html"
    head = '<!doctype html><html lang="en"><head><title>A page</title></head>'
    page.write_text(f"{head}<body><main><h1>A page</h1>{fault}</main></body></html>")
    (problem,) = validate(page)
    assert said in problem


def test_the_site_passes_its_own_check(html: Path) -> None:
    assert links.problems(html) == []
