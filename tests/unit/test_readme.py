"""The two READMEs say the same, as far as a program can tell."""

import re
from collections.abc import Callable
from typing import TypeAlias

import pytest

from kernels_helpers import book

Part: TypeAlias = Callable[[str], list[str]] | Callable[[str], list[list[str]]]

FENCE = "    "  # a line of code


def lines(name: str) -> list[str]:
    return (book.PACKAGE.parent / name).read_text(encoding="utf-8").splitlines()


def headings(name: str) -> list[str]:
    return [line.split(" ")[0] for line in lines(name) if line.startswith("#")]


def commands(name: str) -> list[str]:
    """Take the lines of code without their comments."""
    code = [line for line in lines(name) if line.startswith(FENCE)]
    return [re.split(r"(?:^|\s+)# ", line.strip())[0] for line in code]


def rows(name: str) -> list[list[str]]:
    """Take what is code in the first column of each row of a table."""
    return [
        re.findall(r"`[^`]+`", line.split("|")[1])
        for line in lines(name)
        if line.startswith("|")
    ]


@pytest.mark.parametrize("part", [headings, commands, rows])
def test_they_have_the_same_parts(part: Part) -> None:
    english, chinese = part("README.md"), part("README.zh.md")
    assert english
    assert english == chinese
