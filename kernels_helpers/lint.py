"""The structure of a chapter: a table of small rules that say what to do."""

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import nbformat

from kernels_helpers import book, differences, soundness, steps
from kernels_helpers.errors import ChapterError
from kernels_helpers.notebook import load
from kernels_helpers.parameters import Contract

SECTIONS = (
    "Parameters",
    "Preflight",
    "Steps",
    "Verify",
    "Roll back",
    "Clean up",
    "Next",
)
MAX_LINES = 15
MAX_CELLS = 45
PROSE_RATIO = 0.8
STANDARD = {"host": "HostURL", "apply": "bool"}
PYTHON_WORDS = re.compile(r"^\s*(def|class|try|while|for)\b|\btime\.sleep\b", re.M)
EXEC_RUN = "exec_run("  # loses output under load: docker/docker-py#3332
TO_ARGV = r"(?<!\S)(?:--password(?:=|\s+)|-p=?\s*)[\"']?\$\{?"  # a variable follows
ON = re.compile(r"%%(?:look|change)\n(?:#\|.*\n)*?#\| *on: *(\S+)")
NAMED = re.compile(r"open_chapter\(\s*\"(.+?)\"")
NOTE = re.compile(r"note=\"([^\"]+)\"")

Notebook: TypeAlias = nbformat.NotebookNode
Rule: TypeAlias = Callable[[Notebook], Iterator[str]]


def lint(path: Path) -> list[str]:
    """List the problems of a chapter; ChapterError when it cannot be read at all."""
    notebook, _ = load(path)
    return [problem for rule in RULES for problem in rule(notebook)]


def headings(notebook: Notebook) -> Iterator[str]:
    """Want the fixed sections, in their order, under one title."""
    lines = [
        (_where(cell, number), line)
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for number, line in enumerate(cell.source.splitlines(), 1)
    ]
    titles = [where for where, line in lines if line.startswith("# ")]
    if len(titles) != 1:
        where = f"{titles[1]}: a second title" if titles else "there is no title"
        yield f"{where}: write one title (`# …`), in the first cell"
    found = [(w, line[3:].strip()) for w, line in lines if line.startswith("## ")]
    names = [name for _, name in found]
    if tuple(names) != SECTIONS:
        wrong = (w for (w, n), s in zip(found, SECTIONS, strict=False) if n != s)
        where = next(wrong, found[-1][0] if found else "no section")
        yield (
            f"{where}: the sections are {', '.join(names)}: write {', '.join(SECTIONS)}"
        )


def opening(notebook: Notebook) -> Iterator[str]:
    """Want the risk of a chapter, and the line that runs it, under the title."""
    first, code = notebook.cells[0], _code(notebook)
    name = next((found[1] for cell in code if (found := NAMED.search(cell.source))), "")
    if "**Risk:**" not in first.source:
        yield f"{_where(first)}: it does not say what may go wrong: write **Risk:** …"
    if not re.search(rf"^    dockbook run {re.escape(name)}(?!\S)", first.source, re.M):
        yield (
            f"{_where(first)}: it does not say how to run the chapter: "
            f"write a line `    dockbook run {name}`"
        )


def parameters(notebook: Notebook) -> Iterator[str]:
    """Want the parameters cell first, with the two that every chapter has."""
    code = _code(notebook)
    if "parameters" not in code[0].metadata.get("tags", []):
        where = _where(code[0])
        yield f"{where}: the first code cell is not tagged `parameters`: move it up"
    for name, type_ in STANDARD.items():
        if not re.search(rf"^{name}: {type_} = ", code[0].source, re.M):
            yield (
                f"{_where(code[0])}: the parameters lack `{name}: {type_}`: "
                f"write a line `{name}: {type_} = …`"
            )
    if not any("open_chapter(" in cell.source for cell in code[1:2]):
        where = _where(code[min(1, len(code) - 1)])
        yield f"{where}: the second code cell must be `chapter = open_chapter(…)`"


def sizes(notebook: Notebook) -> Iterator[str]:
    """Want short cells, few of them."""
    code = _code(notebook)
    if len(code) > MAX_CELLS:
        where = _where(code[MAX_CELLS])
        yield f"{where}: {len(code)} code cells: split the chapter at {MAX_CELLS}"
    for cell in code:
        lines = [line for line in cell.source.splitlines() if line.strip()]
        count = len(lines) - differences.lines(cell)
        if count > MAX_LINES:
            where = _where(cell, MAX_LINES + 1)
            yield f"{where}: {count} lines: keep to {MAX_LINES}, split the cell"


def prose(notebook: Notebook) -> Iterator[str]:
    """Want prose before code, and a check under every step."""
    cells, count = notebook.cells, len(_code(notebook))
    bare = [
        b
        for a, b in itertools.pairwise([nbformat.v4.new_code_cell(), *cells])
        if b.cell_type == "code" and a.cell_type != "markdown"
        if "check(" not in b.source
    ]
    if (after := count - len(bare)) < PROSE_RATIO * count:
        told = f"{after} of {count} code cells follow prose"
        yield f"{_where(bare[0])}: {told}: explain more"
    heading, checked, where = "", True, ""
    for cell in [*cells, nbformat.v4.new_markdown_cell("### end")]:
        if cell.cell_type == "code":
            checked = checked or "check(" in cell.source
            continue
        for number, line in enumerate(cell.source.splitlines(), 1):
            if re.match(r"#{1,3} ", line):
                if not checked:
                    yield f"{where}: {heading!r} has no check: prove what it says"
                where = _where(cell, number)
                heading, checked = line, not line.startswith("### ")


def shell(notebook: Notebook) -> Iterator[str]:
    """Want steps that parse, label what they create and prune only what is ours."""
    for cell in _code(notebook):
        kind, _, rest = cell.source.partition("\n")
        if kind not in ("%%look", "%%change"):
            continue
        try:
            step = steps.parse(kind[2:], rest)
        except ChapterError as error:
            yield f"{_where(cell)}: {error}"
            continue
        for part, problem in soundness.problems(step):
            at = max(cell.source.find(part), 0)
            yield f"{_where(cell, _line(cell, at))}: {problem}"


def secrets(notebook: Notebook) -> Iterator[str]:
    """Want no secret among the words of a command, where ps shows it to all."""
    (cell,) = (c for c in _code(notebook) if "parameters" in c.metadata.get("tags", []))
    names = [re.escape(p.name) for p in Contract.parse(cell.source) if p.is_secret]
    if not names:
        return
    given = re.compile(rf"{TO_ARGV}({'|'.join(names)})\b")
    for cell in _code(notebook):
        if cell.source.startswith(("%%look", "%%change")):
            for found in given.finditer(cell.source):
                where = _where(cell, _line(cell, found.start()))
                yield (
                    f"{where}: {found[0].strip()!r} goes to argv and ps: "
                    f'use --password-stdin <<<"${found[1]}"'
                )


def hosts(notebook: Notebook) -> Iterator[str]:
    """Want steps on hosts that the parameters name."""
    code = _code(notebook)
    for cell in code:
        found = ON.match(cell.source)
        if found and f"\n{found[1]}: HostURL = " not in code[0].source:
            line = _line(cell, found.end())
            yield f"{_where(cell, line)}: add a parameter `{found[1]}: HostURL = …`"


def python(notebook: Notebook) -> Iterator[str]:
    """Want no programs in chapters: longer logic has a test in the package."""
    for cell in _code(notebook):
        found = PYTHON_WORDS.search(cell.source)
        if found and not cell.source.startswith("%%"):
            line = _line(cell, found.end())
            yield (
                f"{_where(cell, line)}: {found[0].strip()!r} belongs into the package: "
                "write a function with a test, or a step of shell"
            )
        if EXEC_RUN in cell.source:
            line = _line(cell, cell.source.index(EXEC_RUN))
            yield f"{_where(cell, line)}: exec_run can lose output: use `docker exec`"


def outputs(notebook: Notebook) -> Iterator[str]:
    """Want recorded outputs without errors and terminal colours."""
    for cell in _code(notebook):
        text = str(cell.outputs)
        if "\\x1b[" in text:
            yield f"{_where(cell)}: the output has terminal colours: switch them off"
        if any(o.output_type == "error" for o in cell.outputs):
            yield f"{_where(cell)}: an error is recorded: bake the chapter again"


def claims(notebook: Notebook) -> Iterator[str]:
    """Want every note of a check in the ledger."""
    known = {claim["id"] for claim in book.ledger()}
    for cell in _code(notebook):
        for found in NOTE.finditer(cell.source):
            if (note := found[1]) not in known:
                where = _where(cell, _line(cell, found.start()))
                yield f"{where}: {note!r} is not in runbooks/claims.yaml: add it there"


def podman(notebook: Notebook) -> Iterator[str]:
    """Want what a page is to say of Podman as a text, beside the text of a claim."""
    for cell in _code(notebook):
        found = [*re.finditer(r"\bpodman=", cell.source)]
        if len(found) > len(differences.of_cell(cell)):
            where = _where(cell, _line(cell, found[-1].start()))
            yield f"{where}: write claim and podman= as texts: the page shows both"


RULES: tuple[Rule, ...] = (
    headings,
    opening,
    parameters,
    sizes,
    prose,
    shell,
    hosts,
    secrets,
    python,
    outputs,
    claims,
    podman,
)


def _code(notebook: Notebook) -> list[Notebook]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _where(cell: Notebook, line: int = 1) -> str:
    return f"cell {cell.id}, line {line}"


def _line(cell: Notebook, place: int) -> int:
    """Count the lines of a cell up to a place in its source."""
    return int(cell.source.count("\n", 0, place)) + 1
