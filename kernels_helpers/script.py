"""A chapter as one bash script, for a person to read and run on a Docker host.

Each step is a function. It is called by ``timeout bash -euo pipefail -c NAME``: a
shell of its own, as in the notebook, so that errexit holds in it (a subshell
behind ``||`` would lose it), its variables stay in it, and timeout(1) can end it.
What needs Python is left out: a check becomes a comment.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from shlex import quote
from typing import Any

import nbformat

from kernels_helpers import book, steps
from kernels_helpers.hosts.base import AS_USER
from kernels_helpers.labels import label_of
from kernels_helpers.parameters import Contract
from kernels_helpers.references import in_shell
from kernels_helpers.script_bash import HEAD, KEEP, RUN, TRAPS, UNWIND
from kernels_helpers.steps import Step


def script(
    notebook: nbformat.NotebookNode,
    contract: Contract,
    values: Mapping[str, object],
    run: str,
    *,
    unwind: bool = True,
) -> str:
    """Write a chapter as a bash script that leaves the host as the notebook does.

    Without ``unwind`` nothing is undone, not even after a failure, as with
    ``dockbook run --keep``. Raises ParameterError or ChapterError as a run does.
    """
    bound = contract.bind(values)
    environment = contract.environment(bound) | {"run": run, "label": label_of(run)}
    sources = "".join(c.source for c in notebook.cells if c.cell_type == "code")
    named = {n: text for n, text in book.programs().items() if n in sources}
    environment = named | environment
    exports = {n: f"export {n}={quote(text)}" for n, text in environment.items()}
    exports |= {n: in_shell(n, ref) for n, ref in contract.secrets(bound).items()}
    body = [*_body(notebook)]
    parts = [
        HEAD.format(title=_title(notebook), exports="\n".join(exports.values())),
        _as_user() if any(" _user=" in part for part in body) else "",
        RUN,
        UNWIND if unwind else KEEP,
        TRAPS,
        *body,
    ]
    return "".join(parts)


def _body(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """Write the cells in their order, each piece after an empty line."""
    number = 0
    for cell in notebook.cells:
        kind, _, rest = cell.source.partition("\n")
        if cell.cell_type == "markdown":
            yield from (f"\n# {heading}\n" for heading in _headings(cell.source))
        elif cell.cell_type == "code" and kind in ("%%look", "%%change"):
            number += 1
            yield _step(number, steps.parse(kind[2:], rest))
        elif cell.cell_type == "code" and (lines := [*_python(cell.source)]):
            yield "\n" + "".join(f"{line}\n" for line in lines)


def _headings(markdown: str) -> list[str]:
    """Find the headings of a cell outside its code blocks."""
    prose = re.sub(r"(?ms)^(```|~~~).*?(^\1|\Z)", "", markdown)
    return [_line(line) for line in prose.splitlines() if re.match(r"#{1,6} ", line)]


def _title(notebook: nbformat.NotebookNode) -> str:
    """Take the first heading without its signs."""
    found = (h for c in notebook.cells for h in _headings(c.source))
    return next(found, "A chapter").lstrip("# ")


def _python(source: str) -> Iterator[str]:
    """Say what a Python cell claims, and where it unwinds or finishes."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        yield f"# not here, as it needs Python: {_line(source)}"
        return
    only = _conditions(tree)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for node in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        match node:
            case ast.Call(ast.Name("check"), [claim, *_]):
                yield f"# check: {_claim(claim)}"
            case ast.Call(ast.Attribute(_, "unwind" | "finish" as name), [], []):
                yield f"{only.get(node, '')}{name}"


def _conditions(tree: ast.Module) -> dict[ast.AST, str]:
    """Say of the calls below `if NAME`, NAME being a parameter, when they happen."""
    return {
        node: f'[ "${name}" {sign} true ] || '
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and isinstance(branch.test, ast.Name)
        for name in [branch.test.id]
        for sign, body in (("!=", branch.body), ("=", branch.orelse))
        for inner in body
        for node in ast.walk(inner)
    }


def _claim(node: ast.expr) -> str:
    """Write what a check claims on one line."""
    match node:
        case ast.Constant(str(text)):
            return _line(text)
    return _line(ast.unparse(node))


def _line(text: str) -> str:
    """Bring a text to one line, so that it cannot end a comment."""
    return " ".join(text.split())


def _step(number: int, step: Step) -> str:
    """Write the functions of a step, and the line that runs it."""
    if step.on:
        lines = "".join(f"# {line}".rstrip() + "\n" for line in step.body.splitlines())
        return f"\n# not here, as it is for the host {step.on}:\n{lines}"
    bodies = {
        "when": step.when,
        "unless": step.unless,
        "undo": step.undo,
        "until": step.until,
        "step": step.body,
    }
    functions = [
        _function(f"{name}_{number}", body) for name, body in bodies.items() if body
    ]
    options: dict[str, Any] = {"rc": step.rc, "retry": step.retry, "user": step.user}
    given = [f" _{name}={quote(str(v))}" for name, v in options.items() if v]
    call = f"step {number} _timeout={step.timeout}{''.join(given)}\n"
    return "\n" + "".join(functions) + call


def _function(name: str, body: str) -> str:
    """Write a function; the body is not indented, as texts in it may be long."""
    if body.endswith("\\"):
        body += "\n"  # else the brace would go on its last line
    if not re.search(r"^\s*[^\s#]", body, re.M):
        body += "\n:"  # comments alone are no body
    return f"{name}() {{\n{body}\n}}\n"


def _as_user() -> str:
    """Define the switch to a user, in the words that the hosts use."""
    return f"_as_user=$(\n  cat <<'END'\n{AS_USER.strip()}\nEND\n)\n"
