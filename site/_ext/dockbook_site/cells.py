"""Draw the cells of a chapter: parameters, steps, checks, and how the run went."""

import html
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.locale import _
from sphinx.transforms.post_transforms import SphinxPostTransform

from dockbook_site.diagrams import diagram
from dockbook_site.forms import form
from dockbook_site.languages import speaker, up
from dockbook_site.markup import WORDS, prose, raw, read_book, read_claims
from dockbook_site.proof import Proof, took
from dockbook_site.references import References
from kernels_helpers import steps
from kernels_helpers.errors import DockbookError
from kernels_helpers.parameters import Contract

OPTIONS = {
    "rc": _("exit code"),
    "as": _("as user"),
    "on": _("on the host"),
    "podman": _("on Podman"),
}
COMMANDS = ("unless", "undo", "until", "when")


class Draw(SphinxPostTransform):
    """Draw the cells of a chapter and, under its title, how its run went."""

    default_priority = 50
    formats = ("html",)

    def run(self, **_options: Any) -> None:
        source = Path(self.env.srcdir)
        page = {p["doc"]: p for p in read_book(source)}.get(self.env.docname)
        if page is None:
            return
        self.page = page
        self.say = speaker(self.env, page["doc"])
        self.proof = Proof(self.env, page, read_claims(source))
        self.references = References(Contract(()), page["name"])
        failed = False
        for cell in list(self.document.findall(nodes.container)):
            if cell.get("nb_element") != "cell_code":
                continue
            mark = cell["cell_metadata"]["dockbook"]
            if failed:
                cell["classes"].append("not-run")
                cell += raw(f'<p class="not-run">{WORDS["not run"]}</p>')
            elif mark["failed"]:
                cell["classes"].append("failed")
                cell.insert(0, raw('<span id="failed"></span>'))
            failed = failed or mark["failed"]
            self.cell(cell, mark)
        self.references.prose(self.document)
        title = next(iter(self.document.findall(nodes.title)))
        place = title.parent.index(title) + 1
        title.parent.insert(place, raw(self.proof.run_badge(failed=failed)))

    def cell(self, cell: nodes.container, mark: dict[str, Any]) -> None:
        """Draw a cell as what it is; a plain one stays as it is written."""
        join_streams(cell)
        block = next(iter(cell.findall(nodes.literal_block)), None)
        if block is None:
            return
        text = block.astext()
        try:
            if "parameters" in cell["cell_metadata"].get("tags", ()):
                self.parameters(cell, Contract.parse(text))
                return
            magic, _, body = text.partition("\n")
            if magic.rstrip() in ("%%look", "%%change"):
                self.step(cell, block, steps.parse(magic.rstrip()[2:], body), body)
                cell.insert(1, raw(took(mark["took"])))
                return
        except DockbookError:
            pass  # malformed: shown as it is written
        if mark["checks"]:
            self.fold(cell, "checks", "".join(map(self.proof.check, mark["checks"])))
        elif next(iter(cell.findall(diagram)), None):
            self.fold(cell, "drawn", "")

    def parameters(self, cell: nodes.container, contract: Contract) -> None:
        """Show the parameters as a form; what comes after them follows it."""
        name, doc = self.page["name"], self.page["doc"]
        self.references = References(contract, name)
        files, stem = doc.rsplit("/", 1)
        files = f"{up(self.env, doc)}{files}"
        cell.parent.replace(cell, raw(form(contract, self.say, name, stem, files)))

    def step(
        self,
        cell: nodes.container,
        block: nodes.literal_block,
        step: steps.Step,
        body: str,
    ) -> None:
        """Show a step as the command that it is, with its options below."""
        cell["classes"] += ["step", step.kind]
        command = self.references.command(step.body)  # first: an option may need it
        items = []
        if step.kind == "change":
            said = _("changes the host")
            items.append(f'<div class="kind"><dt>{said}</dt></div>')
        for line in body.splitlines():
            if not (option := steps.OPTION.fullmatch(line)):
                break
            word = OPTIONS.get(option[1], option[1])
            items.append(f"<div><dt>{word}</dt><dd>{self.option(option)}</dd></div>")
        if items:
            block.parent += raw(f'<dl class="options">{"".join(items)}</dl>')
        block.replace_self(command)
        self.references.output(cell)

    def option(self, option: re.Match[str]) -> str:
        """Write the value of an option: a command, a word, or what Podman does."""
        if option[1] == "podman":
            return prose(self.say(option[2]))
        if option[1] in COMMANDS:
            return f"<code>{self.references.option(option[2])}</code>"
        return f"<code>{html.escape(option[2])}</code>"

    def fold(self, cell: nodes.container, kind: str, shown: str) -> None:
        """Show what a Python cell says, and fold its source."""
        cell["classes"].append(kind)
        cell.attributes.pop("hide_mode", None)  # of the tag hide-input
        source, *outputs = (
            child for child in cell.children if isinstance(child, nodes.container)
        )
        word = _("source")
        marks = [child for child in cell.children if isinstance(child, nodes.raw)]
        cell.children = []
        cell += [
            *marks,
            raw(shown),
            *outputs,
            raw(f'<details class="source"><summary>{word}</summary>'),
            source,
            raw("</details>"),
        ]


def join_streams(cell: nodes.container) -> None:
    """Join the pieces in which a command has written its output."""
    before: nodes.Element = cell
    for block in list(cell.findall(nodes.literal_block)):
        pieces = "stream" in block["classes"] and "stream" in before["classes"]
        if pieces and before.next_node(descend=False, siblings=True) is block:
            text = before.astext() + block.astext()
            before.replace_self(joined := block.copy())
            joined.rawsource = text
            joined += nodes.Text(text)
            block.parent.remove(block)
            before = joined
        else:
            before = block
