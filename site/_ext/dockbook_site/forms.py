"""The form of a chapter: parameters, the lines that run it, and files to take along.

It is a table without JavaScript; ``form.js`` puts a field into each row.
"""

import html
from collections.abc import Callable
from typing import Any

from sphinx.application import Sphinx
from sphinx.locale import _

from dockbook_site.markup import prose
from kernels_helpers.kinds import FORMS, JSON_TYPES, Choice, Kind, as_text
from kernels_helpers.labels import label_of
from kernels_helpers.parameters import Contract, Parameter
from kernels_helpers.site.downloads import by_hand, has_field, in_yaml


def load(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: Any
) -> None:
    """Let the page of a chapter load what its form needs, and its tabs."""
    if page.startswith("runbooks/"):
        app.add_css_file("form.css")
        app.add_js_file("form.js", defer="defer")
        if '<details name="system"' in context["body"]:
            app.add_js_file("systems.js", defer="defer")


def form(
    contract: Contract, say: Callable[[str], str], name: str, stem: str, files: str
) -> str:
    """Write the form of a chapter; ``files`` is where its downloads are."""
    rows = "".join(row(parameter, name, say) for parameter in contract)
    default, value = _("Default"), _("Value")  # without and with fields
    second = f"<span>{default}</span><span hidden>{value}</span>"
    heads = (_("Parameter"), second, _("Meaning"))
    head = "".join(f'<th scope="col">{word}</th>' for word in heads)
    linked, copied = _("These values came with the link."), _("Copied.")
    return (
        f'<form class="parameters" data-chapter="{name}" '
        f'data-copied="{copied}" autocomplete="off">'
        f'<p class="notice" role="status" hidden>{linked}</p>'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f"{buttons()}{hint(name)}{ways(name, stem, files)}</form>"
    )


def row(parameter: Parameter, chapter: str, say: Callable[[str], str]) -> str:
    """Write a parameter; its field is for ``form.js`` to put in place."""
    shown = html.escape(as_text(parameter.default) or repr(parameter.default))
    about = f"{chapter}-{parameter.name}"
    data = field = ""
    if has_field(parameter):
        field = (
            f"<template>{field_for(parameter, about)}</template><code>{shown}</code>"
            f'<small class="wrong" id="{about}-rule" hidden>{wanted(parameter)}</small>'
        )
    else:
        line = html.escape(f"{in_yaml(parameter, parameter.default)}\n")
        data = f' data-yaml="{line}"'
        field = f"<code>{shown}</code>"
    if parameter.is_secret:
        said = _("given by reference, never typed here")
        field += f"<small>{said}</small>"
    return (
        f'<tr{data}><th scope="row"><code>{parameter.name}</code>'
        f"<small>{html.escape(parameter.type)}</small></th><td>{field}</td>"
        f'<td id="{about}-help">{prose(say(parameter.help))}</td></tr>'
    )


def field_for(parameter: Parameter, about: str) -> str:
    """Write the field for a parameter, with its rule."""
    kind, text = parameter.kind, as_text(parameter.default)
    data = {"name": parameter.name, **rule(kind)}
    held = "".join(f' data-{key}="{html.escape(data[key])}"' for key in data)
    held += (
        f' aria-label="{parameter.name}" aria-describedby="{about}-rule {about}-help"'
        f' id="{about}" autocomplete="off" spellcheck="false"'
    )
    if isinstance(kind, Choice):
        options = "".join(
            f"<option{' selected' * (word == text)}>{html.escape(word)}</option>"
            for word in kind.words
        )
        return f"<select{held}>{options}</select>"
    if data["type"] == "boolean":
        return f'<input type="checkbox"{held}{" checked" * (text == "true")}>'
    return f'<input value="{html.escape(text)}"{held}>'


def rule(kind: Kind) -> dict[str, str]:
    """Say what a field accepts: a pattern, and the limits of a number.

    A control character is refused even in a free text: a terminal might act on it.
    """
    schema = kind.schema()
    if schema["type"] != "string":
        base = next(base for base, name in JSON_TYPES.items() if name == schema["type"])
        limits = {"min": "minimum", "max": "maximum"}
        found = {
            key: str(schema[name]) for key, name in limits.items() if name in schema
        }
        return {"type": schema["type"], "pattern": f"^(?:{FORMS[base][0]})$", **found}
    longest = schema.get("maxLength", "")
    plain = rf"^(?![^]*[\0-\x1f\x7f])(?=.{{0,{longest}}}$)"
    return {"type": "string", "pattern": plain + schema.get("pattern", ".")}


def wanted(parameter: Parameter) -> str:
    """Say in words what a parameter accepts."""
    kind = parameter.kind
    if isinstance(kind, Choice):
        said = _("one of {words}").format(words=", ".join(kind.words))
    else:
        said = _(kind.wanted)
    return html.escape(said)


def buttons() -> str:
    """Write what acts on all fields; without JavaScript there is nothing to act on."""
    reset, link = _("Reset"), _("Copy a link with these values")
    also = _("show my values in recorded outputs, too")
    return (
        f'<p class="acts" hidden><button type="reset">{reset}</button>'
        f'<button type="button" class="link">{link}</button>'
        f'<label><input type="checkbox" class="outputs"> {also}</label>'
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
    links = {
        "yaml": _("parameters as YAML"),
        "sh": _("the chapter as a bash script, with the values in its first lines"),
    }
    shown = "".join(
        f'<li><a href="{files}/{stem}.{kind}" download="{stem}.{kind}">{word} ↓</a>'
        "</li>"
        for kind, word in links.items()
    )
    whole = _("Or run the whole chapter:")
    return f'<p>{whole}</p>{lines}<ul class="downloads">{shown}</ul>'
