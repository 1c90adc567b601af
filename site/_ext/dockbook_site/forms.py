"""The form of a chapter: parameters, the lines that run it, and files to take along.

It is a table without JavaScript; ``form.js`` puts a field into each row.
"""

import html
import json
from collections.abc import Callable
from typing import Any

from sphinx.application import Sphinx
from sphinx.locale import _

from dockbook_site.markup import prose
from dockbook_site.references import has_field
from kernels_helpers.kinds import Choice, as_text
from kernels_helpers.labels import label_of
from kernels_helpers.parameters import Contract, Parameter
from kernels_helpers.site.downloads import by_hand, in_yaml


def load(app: Sphinx, page: str, _template: str, _context: Any, _doctree: Any) -> None:
    """Let the page of a chapter load what the form needs."""
    if page.startswith("runbooks/"):
        app.add_css_file("form.css")
        app.add_js_file("form.js", defer="defer")


def form(
    contract: Contract, say: Callable[[str], str], name: str, stem: str, files: str
) -> str:
    """Write the form of a chapter; ``files`` is where its downloads are."""
    rows = "".join(row(parameter, say) for parameter in contract)
    heads = (_("Parameter"), _("Default"), _("Meaning"))
    head = "".join(f'<th scope="col">{word}</th>' for word in heads)
    linked = _("These values came with the link.")
    return (
        f'<form class="parameters" data-chapter="{name}" data-value="{_("Value")}" '
        f'data-copied="{_("Copied.")}" autocomplete="off">'
        f'<p class="notice" role="status" hidden>{linked}</p>'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f"{buttons()}{hint(name)}{ways(name, stem, files)}</form>"
    )


def row(parameter: Parameter, say: Callable[[str], str]) -> str:
    """Write a parameter; a row with a rule is one for a field."""
    shown = as_text(parameter.default) or repr(parameter.default)
    given = ""
    if has_field(parameter):
        rule = html.escape(json.dumps(parameter.kind.schema()))
        data = (
            f'data-name="{parameter.name}" data-rule="{rule}" '
            f'data-usual="{html.escape(as_text(parameter.default))}" '
            f'data-wanted="{html.escape(wanted(parameter))}"'
        )
    else:
        data = f'data-yaml="{html.escape(in_yaml(parameter, parameter.default))}"'
    if parameter.is_secret:
        given = f"<small>{_('given by reference, never typed here')}</small>"
    return (
        f'<tr {data}><th scope="row"><code>{parameter.name}</code>'
        f"<small>{html.escape(parameter.type)}</small></th>"
        f"<td><code>{html.escape(shown)}</code>{given}</td>"
        f"<td>{prose(say(parameter.help))}</td></tr>"
    )


def wanted(parameter: Parameter) -> str:
    """Say in words what a parameter accepts."""
    kind = parameter.kind
    if isinstance(kind, Choice):
        return _("one of {words}").format(words=", ".join(kind.words))
    return _(kind.wanted)


def buttons() -> str:
    """Write what acts on all fields; without JavaScript there is nothing to act on."""
    also = _("show my values in recorded outputs, too")
    return (
        '<p class="acts" hidden>'
        f'<button type="button" class="reset">{_("Reset")}</button>'
        f'<button type="button" class="link">{_("Copy a link with these values")}'
        f'</button><label><input type="checkbox" class="outputs"> {also}</label>'
        '<output class="said"></output></p>'
    )


def hint(name: str) -> str:
    """Say what the commands of the page are, and how what they make is removed."""
    run = by_hand(name)
    told = _(
        "The commands on this page have these values filled in, and run as you copy "
        "them. What they make in Docker carries the label {label}; {sweep} removes it."
    )
    sweep = f"<code>dockbook sweep {run} --host local:// --apply</code>"
    return f"<p>{told.format(label=f'<code>{label_of(run)}</code>', sweep=sweep)}</p>"


def ways(name: str, stem: str, files: str) -> str:
    """Write the lines that run a chapter as a whole, and the links to its files."""
    lines = "".join(
        f'<div class="highlight-bash notranslate"><div class="highlight"><pre>{line}'
        f'<span data-line="{tool}"></span></pre></div></div>'
        for tool, line in (
            ("dockbook", f"dockbook run {name}"),
            ("papermill", f"papermill runbooks/{stem}.ipynb out.ipynb"),
        )
    )
    links = {"yaml": _("parameters as YAML"), "sh": _("the chapter as a bash script")}
    shown = "".join(
        f'<li><a href="{files}/{stem}.{kind}" download="{stem}.{kind}" '
        f'data-file="{kind}">{word} ↓</a></li>'
        for kind, word in links.items()
    )
    return (
        f"<p>{_('Or run the whole chapter:')}</p>{lines}"
        f'<ul class="downloads">{shown}</ul>'
    )
