"""XML and HTML of reports, made so that what a run has said stays data."""

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

TERMINAL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")  # colours and cursor moves
CONTROL = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Nothing is loaded and nothing runs, whatever a page is made to hold.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
:root { color-scheme: light dark; background: Canvas; --line: #8884;
  --good: light-dark(#1a6e34, #5fce84); --bad: light-dark(#b3261e, #ff8d85) }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 54rem; margin: 2rem auto;
  padding: 0 1rem }
h1 { margin-bottom: 0 } h2 { font-size: 1.15rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere }
th { font-weight: 600; width: 12rem }
.fleet th { width: auto } .fleet th, .fleet td:nth-child(2) { white-space: nowrap }
@media screen { .fleet, .fleet thead, .fleet tbody { display: block }
  .fleet tr { display: grid; grid-template-columns:
    minmax(0, 2fr) 7rem minmax(0, 3fr) 5rem }
  .fleet tbody { content-visibility: auto; contain-intrinsic-size: auto 103rem } }
@media screen and (width < 40rem) {
  .fleet tr { grid-template-columns: minmax(0, 1fr) 7rem 5rem }
  .fleet tr > :nth-child(3) { grid-area: 2 / 1 / 3 / -1 }
  .fleet tr > :not(:nth-child(3)) { border: 0 } }
@media print { .fleet tr { break-inside: avoid }
  .fleet td:first-child { overflow-wrap: break-word } }
pre { border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem;
  overflow-x: auto; font: 13px/1.45 ui-monospace, monospace; margin: .4rem 0 }
pre.output { border-style: dashed; max-height: 24rem }
p { margin: .4rem 0 } .quiet { font-size: .85rem;
  color: color-mix(in srgb, CanvasText 70%, Canvas) }
.passed { color: var(--good) } .failed { color: var(--bad) }
.verdict { font-size: 1.2rem; font-weight: 600 }
"""


def clean(text: str) -> str:
    """Take out what a terminal acts on and XML does not allow."""
    return CONTROL.sub("", TERMINAL.sub("", text))


def node(tag: str, text: str | None = None, **attributes: str) -> Element:
    """Make an element; its text and attributes are cleaned."""
    made = Element(tag, {n: clean(value) for n, value in attributes.items()})
    made.text = None if text is None else clean(text)
    return made


def add(parent: Element, tag: str, text: str | None = None, **facts: str) -> Element:
    """Make an element the last one of another."""
    parent.append(node(tag, text, **facts))
    return parent[-1]


def page(title: str) -> tuple[Element, Element]:
    """Make a page that asks for nothing else; return it, and its main part."""
    made = node("html", lang="en")
    head, body = add(made, "head"), add(add(made, "body"), "main")
    add(head, "meta", charset="utf-8")
    add(head, "meta", content=POLICY).set("http-equiv", "Content-Security-Policy")
    add(head, "meta", name="viewport", content="width=device-width")
    add(head, "title", title)
    add(head, "style").text = STYLE
    return made, body


def as_html(page: Element) -> str:
    """Write a page."""
    text = ElementTree.tostring(page, encoding="unicode", method="html")
    return f"<!doctype html>\n{text}\n"


def as_junit(suite: Element) -> str:
    """Write a file of JUnit XML with one suite."""
    root = node("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    declared = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return declared + ElementTree.tostring(root, encoding="unicode") + "\n"
