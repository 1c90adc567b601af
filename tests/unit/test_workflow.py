"""The workflow that publishes the site, judged without running it."""

import shlex
from typing import Any

import click
import pytest
import yaml

from kernels_helpers import book, system
from kernels_helpers.cli import main
from kernels_helpers.site.build import BUILD

WORKFLOW = yaml.safe_load((book.ROOT / ".github/workflows/site.yml").read_text())
STEPS: list[dict[str, Any]] = WORKFLOW["jobs"]["build"]["steps"]
CALLS = [shlex.split(step.get("run", "")) for step in STEPS]


def number(*words: str) -> int:
    """Find the one step whose command has some words."""
    (found,) = (n for n, call in enumerate(CALLS) if {*words} <= {*call})
    return found


def test_what_prints_the_book_is_installed_before() -> None:
    assert "chromium" in [tool.name for tool in system.EXTRA]
    installed = number("kernels_helpers.system", "chromium")
    assert installed < number("build", "--pdf")


@pytest.mark.parametrize("words", [("build", "--pdf"), ("check",)])
def test_its_commands_can_be_understood(words: tuple[str, ...]) -> None:
    _, group, name, *options = CALLS[number("site", *words)]
    site = main.commands[group]
    assert isinstance(site, click.Group)
    site.commands[name].make_context(name, options)


def test_what_was_built_and_checked_is_what_is_published() -> None:
    used = [step.get("uses", "").partition("@")[0] for step in STEPS]
    upload = used.index("actions/upload-pages-artifact")
    assert book.ROOT / STEPS[upload]["with"]["path"] == BUILD / "html"
    order = [number("site", "build"), number("site", "check"), upload]
    assert order == sorted(order)
