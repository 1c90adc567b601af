"""A book of two small chapters, and what is needed to build its site."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat import NotebookNode, v4

from kernels_helpers import book, report
from kernels_helpers.cases import is_step
from kernels_helpers.diagrams import DOT_MIME
from kernels_helpers.journal import Journal
from kernels_helpers.kernel import CHECK_MIME
from kernels_helpers.site import catalogues, source, translation

PARAMETERS = """\
from kernels_helpers.field_types import VolumeName

volume: VolumeName = "site-data"  # volume to make
"""
STEP = """\
%%change
#| unless: docker volume inspect "$volume"
#| undo: docker volume rm "$volume"
docker volume create "$volume"
"""
ELSEWHERE = "It is *elsewhere*."
CLAIMS = [
    {
        "id": "4.2.1-3",
        "section": "4.2.1 volume",
        "claim": {"en": "The default driver is `local`.", "zh": "默认驱动是 local。"},
        "verdict": "confirmed",
        "why": {"en": "The engine says so.", "zh": "引擎如此回答。"},
        "chapter": "volumes",
    },
    {
        "id": "5.1-1",
        "section": "5.1 bridge",
        "claim": {"en": "Nobody has looked.", "zh": "无人查看。"},
        "verdict": "skipped",
        "why": {"en": "No host for it.", "zh": "没有主机。"},
        "chapter": None,
    },
]


def code(source: str, *outputs: NotebookNode, tag: str | None = None) -> NotebookNode:
    cell = v4.new_code_cell(source, outputs=list(outputs), execution_count=7)
    cell.metadata = {"papermill": {"duration": 1.0}, "tags": [tag] if tag else []}
    return cell


def said(text: str) -> NotebookNode:
    return v4.new_output("stream", name="stdout", text=text)


def held(claim: str, note: str | None = None) -> NotebookNode:
    record = {"claim": claim, "ok": True, "note": note}
    data = {"text/plain": f"✔ {claim}", CHECK_MIME: record}
    return v4.new_output("display_data", data)


def error(kind: str, message: str) -> NotebookNode:
    line = f"{kind}: {message}"
    return v4.new_output("error", ename=kind, evalue=message, traceback=[line])


def drawn(dot: str, alt: str) -> NotebookNode:
    data = {DOT_MIME: dot, "image/svg+xml": "<svg/>", "text/plain": alt}
    return v4.new_output("display_data", data, metadata={DOT_MIME: {"alt": alt}})


def notebook(*cells: NotebookNode, title: str = "# Keep data\n\nIn a volume.") -> Any:
    made = v4.new_notebook(cells=[v4.new_markdown_cell(title), *cells])
    made.metadata = {"papermill": {"output_path": "/home/me/out.ipynb"}}
    return made


def volumes(claim: str = "it is local") -> Any:
    return notebook(
        code(PARAMETERS, tag="parameters"),
        code('volume = "other"', tag="injected-parameters"),
        code('chapter = open_chapter("volumes")'),
        code(STEP, said("site"), said("-data\n")),
        code(
            f"check({claim!r}, driver == 1, podman={ELSEWHERE!r})",
            held(claim, "4.2.1-3"),
        ),
        code("show(...)", drawn('digraph { a -> b [label="the label"] }', "a feeds b")),
        code("%%look\n#| rc: 3\nexit 3"),
        code("show(...)", drawn("digraph { a }", "a alone")),
    )


def failing() -> Any:
    return notebook(
        code("%%look\ntrue"),
        code("check(...)", held("first"), error("CheckFailed", "the sky is green")),
        code("%%look\necho never"),
    )


def prose(folder: Path) -> Path:
    """Write the pages that are no chapters: those of the site name its chapters."""
    folder.mkdir(exist_ok=True)
    shutil.copy(source.SITE / "ledger.md", folder)
    tree = "```{toctree}\n:hidden:\n:glob:\n\nrunbooks/*\nledger\n```\n"
    opening, _, _ = (source.SITE / "index.md").read_text().partition("\n\nIn a copy")
    text = f"{opening}\n\n```{{chapters}}\n```\n\n{tree}"
    (folder / "index.md").write_text(text)
    return folder


@contextlib.contextmanager
def open_book(root: Path) -> Iterator[None]:
    """Let the site be that of the book in a folder, with its locale if it has one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(book, "RUNBOOKS", root / "runbooks")
        patch.setattr(source, "PROSE", prose(root / "prose"))
        if (root / "locale").exists():
            patch.setattr(source, "LOCALE", root / "locale")
        yield


def ran(
    runs: Path, folder: str, made: NotebookNode, status: str | None, **facts: Any
) -> None:
    (runs / folder).mkdir(parents=True)
    nbformat.write(made, runs / folder / "chapter.ipynb")
    if status:
        report = {"run": folder, "status": status, **facts}
        (runs / folder / "report.json").write_text(json.dumps(report))


def proved(folder: Path, made: NotebookNode, started: str) -> None:
    """Write the folder of a run in a lab, whole: its notebook, journal and report."""
    record = Journal(folder / report.JOURNAL)
    record.write("open", run=folder.name, host="lab://x", engine="20.10.24", secrets={})
    for cell in made.cells:
        if is_step(cell):
            kind, _, body = cell.source.removeprefix("%%").partition("\n")
            step = {"kind": kind, "body": body}
            record.write("begin", **step)
            ended = {"rc": 0, "seconds": 0.5, "attempt": 1, "output": "site-data\n"}
            record.write("end", **step, **ended)
        for output in cell.get("outputs", ()):
            if known := output.get("data", {}).get(CHECK_MIME):
                record.write("check", **known)
            elif "evalue" in output:
                record.write("check", claim=output.evalue, ok=False, note=None)
                record.write("undo", undo="docker volume rm site-data", ok=True)
    record.write("close")
    made.metadata["papermill"]["start_time"] = started
    nbformat.write(made, folder / report.NOTEBOOK)
    text = report.make(folder, folder.name, folder.name.split("-")[1]).as_text()
    (folder / report.REPORT).write_text(text, encoding="utf-8")


ENGLISH = {
    "Keep data": "保存数据",
    "In a volume.": "存进卷里。",
    "volume to make": "要创建的卷",
    "it is <b>local</b>, says `docker`": "`docker` 说它是 <b>local</b>",
    "the sky is green": "天空是绿色的",
    ELSEWHERE: "它在*别处*。",
    "a feeds b": "甲喂养乙",
    "the label": "标签",
}


def translated(folder: Path) -> None:
    """Write catalogues for the small chapters; those of the site are its own."""
    shutil.copytree(translation.CATALOGUES, folder, ignore=lambda *_: ["runbooks"])
    (folder / "runbooks").mkdir()
    lines = [f'msgid {json.dumps(t)}\nmsgstr "{m}"\n' for t, m in ENGLISH.items()]
    for name in ("05-volumes", "06-networks", "07-edited", "08-killed"):
        path = folder / "runbooks" / f"{name}.po"
        path.write_text("\n".join([catalogues.HEADER, *lines]), encoding="utf-8")


def page_at(html: Path, name: str) -> BeautifulSoup:
    return BeautifulSoup((html / name).read_text(encoding="utf-8"), "html.parser")
