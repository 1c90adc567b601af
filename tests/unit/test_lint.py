import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import nbformat
import pytest

from kernels_helpers import book, lint
from kernels_helpers.errors import ChapterError

Notebook: TypeAlias = nbformat.NotebookNode
VOLUMES = book.find("volumes")


@pytest.fixture
def model(tmp_path: Path) -> Callable[[Callable[[Notebook], None]], list[str]]:
    """Lint the model chapter after it has been spoiled."""

    def spoiled(spoil: Callable[[Notebook], None]) -> list[str]:
        notebook = nbformat.read(VOLUMES, as_version=4)
        spoil(notebook)
        path = tmp_path / "05-volumes.ipynb"
        nbformat.write(notebook, path)
        return lint.lint(path)

    return spoiled


def code(notebook: Notebook, number: int = -1) -> Notebook:
    return [c for c in notebook.cells if c.cell_type == "code"][number]


def add(source: str) -> Callable[[Notebook], None]:
    def spoil(notebook: Notebook) -> None:
        notebook.cells.append(nbformat.v4.new_code_cell(source, id="spoiled"))

    return spoil


def rename_section(notebook: Notebook) -> None:
    for cell in notebook.cells:
        cell.source = cell.source.replace("## Roll back", "## Undo")


def second_title(notebook: Notebook) -> None:
    notebook.cells.append(nbformat.v4.new_markdown_cell("# Again"))


def no_risk(notebook: Notebook) -> None:
    notebook.cells[0].source = notebook.cells[0].source.replace("**Risk:**", "Risk:")


def run(name: str) -> Callable[[Notebook], None]:
    def spoil(notebook: Notebook) -> None:
        first = notebook.cells[0]
        first.source = first.source.replace("    dockbook run volumes", name)

    return spoil


def untag(notebook: Notebook) -> None:
    first = code(notebook, 0)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("1"))
    assert "parameters" in first.metadata.tags


def drop_apply(notebook: Notebook) -> None:
    first = code(notebook, 0)
    kept = [line for line in first.source.splitlines() if not line.startswith("apply")]
    first.source = "\n".join(kept)


def drop_checks(notebook: Notebook) -> None:
    notebook.cells = [c for c in notebook.cells if "check(" not in c.source]


def drop_prose(notebook: Notebook) -> None:
    first, *rest = notebook.cells
    sections = [c for c in rest if c.cell_type == "code"]
    notebook.cells = [first, *sections]


def colour(notebook: Notebook) -> None:
    code(notebook).outputs = [
        nbformat.v4.new_output("stream", name="stdout", text="\x1b[31mred")
    ]


def error(notebook: Notebook) -> None:
    code(notebook).outputs = [
        nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])
    ]


def secret(step: str) -> Callable[[Notebook], None]:
    def spoil(notebook: Notebook) -> None:
        add(step)(notebook)
        first = code(notebook, 0)
        head, *rest = first.source.splitlines()
        assert "field_types import" in head
        first.source = "\n".join(
            [
                "from kernels_helpers.field_types import Secret",
                head,
                *rest,
                'token: Secret = "env:TOKEN"  # of the user',
            ]
        )

    return spoil


def many(notebook: Notebook) -> None:
    notebook.cells += [
        nbformat.v4.new_code_cell('check("x", True)') for _ in range(lint.MAX_CELLS)
    ]


@pytest.mark.parametrize("path", book.chapters().values(), ids=lambda p: p.stem)
def test_every_chapter_has_nothing_to_mend(path: Path) -> None:
    assert lint.lint(path) == []


SPOILED = [
    (rename_section, "the sections are"),
    (second_title, "write one title"),
    (no_risk, "write **Risk:**"),
    (run(""), "write a line `    dockbook run volumes`"),
    (run("dockbook run volumes"), "it does not say how to run the chapter"),
    (run("    dockbook run networks"), "it does not say how to run the chapter"),
    (run("    dockbook run volumes-2"), "it does not say how to run the chapter"),
    (untag, "move it up"),
    (drop_apply, "lack `apply: bool"),
    (drop_checks, "has no check"),
    (drop_prose, "code cells follow prose"),
    (colour, "terminal colours"),
    (error, "an error is recorded"),
    (many, "split the chapter"),
    (add('check("x", True, podman=why)'), "write claim and podman= as texts"),
    (add('check(claim, True, podman="why")'), "write claim and podman= as texts"),
    (add("x = 1\n" * 16), "16 lines"),
    (add("%%look\n#| unles: x\ntrue"), "option 'unles'"),
    (add("%%look\nif true"), "syntax error"),
    (add("%%look\n#| rc: 1\n#| on: far\nx"), "line 3: add a parameter `far: Host"),
    (add("%%look\n#| rc: 1\nfi"), "syntax error"),
    (add("%%change\n#| unless: ((\ntrue"), "unexpected"),
    (add("%%change\ndocker run -d busybox"), "makes an object"),
    (add("%%change\ndocker volume create x"), "makes an object"),
    (add("%%change\ntrue && docker build ."), "makes an object"),
    (add("%%change\ndocker volume prune -f"), "prunes what is not ours"),
    (add("%%change\ndocker system prune -f --volumes"), "prunes what is not ours"),
    (secret('%%look\nx --password "$token"'), "use --password-stdin"),
    (secret("%%look\nx --password=${token} y"), "goes to argv and ps"),
    (secret('%%look\nx -p "${token:-}" y'), "goes to argv and ps"),
    (secret("%%change\n#| undo: x -p$token\ny"), "goes to argv and ps"),
    (add("for x in y:\n    pass"), "belongs into the package"),
    (add("container.exec_run('ls')"), "exec_run can lose output"),
    (add('check("x", True, note="0.0-0")'), "is not in runbooks/claims.yaml"),
]


@pytest.mark.parametrize(
    "step",
    [
        'docker login -u u --password-stdin <<<"$token"',
        'docker run --rm -p "$port" -e token busybox',
        'x --password "$tokens"',
        'x-p "$token"',
    ],
)
def test_a_secret_that_is_no_word_of_a_command_is_right(
    model: Callable[[Callable[[Notebook], None]], list[str]], step: str
) -> None:
    problems = model(secret(f"%%look\n{step}"))
    assert not any("argv" in problem for problem in problems), problems


def test_a_problem_names_its_line_and_the_way_out(
    model: Callable[[Callable[[Notebook], None]], list[str]],
) -> None:
    created = 'docker volume create "$volume"'
    assert model(add(f"%%change\n#| rc: 0\ntrue\n{created}"))[-1] == (
        "cell spoiled, line 4: 'docker volume create \"$volume\"' makes an object: "
        'add --label "$label"'
    )
    (told,) = model(second_title)
    assert told.endswith(
        ", line 1: a second title: write one title (`# …`), in the first cell"
    )


def test_too_much_code_is_told_at_the_cell_where_it_begins(
    model: Callable[[Callable[[Notebook], None]], list[str]],
) -> None:
    had = len([c for c in nbformat.read(VOLUMES, 4).cells if c.cell_type == "code"])

    def more(source: str) -> Callable[[Notebook], None]:
        def spoil(notebook: Notebook) -> None:
            for n in range(lint.MAX_CELLS):
                cell = nbformat.v4.new_code_cell(source, id=f"more-{had + n + 1}")
                notebook.cells.append(cell)

        return spoil

    (told,) = model(more('check("x", True)'))
    assert told.startswith(f"cell more-{lint.MAX_CELLS + 1}, line 1: ")
    assert any(
        line.startswith(f"cell more-{had + 2}, line 1: {had + 1} of ")
        for line in model(more("%%look\ntrue"))
    ), model(more("%%look\ntrue"))


def test_parameters_in_a_cell_that_is_no_code_are_refused(tmp_path: Path) -> None:
    notebook = nbformat.read(VOLUMES, as_version=4)
    tagged = code(notebook, 0)
    tagged.cell_type = "markdown"
    del tagged["outputs"], tagged["execution_count"]
    path = tmp_path / "05-volumes.ipynb"
    nbformat.write(notebook, path)
    with pytest.raises(ChapterError, match="is markdown: tag the code that has them"):
        lint.lint(path)
    tagged.metadata.tags = None
    path.write_text(json.dumps(notebook))
    with pytest.raises(ChapterError, match="is not a notebook"):
        lint.lint(path)


@pytest.mark.parametrize(
    ("spoil", "said"), SPOILED, ids=[f"{n} {s}" for n, (_, s) in enumerate(SPOILED)]
)
def test_a_spoiled_chapter_is_told_what_to_mend(
    model: Callable[[Callable[[Notebook], None]], list[str]],
    spoil: Callable[[Notebook], None],
    said: str,
) -> None:
    problems = model(spoil)
    assert any(said in problem for problem in problems), problems
