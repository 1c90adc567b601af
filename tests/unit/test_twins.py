"""HTML of pages as Markdown."""

import pytest

from kernels_helpers.site.twins import markdown


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<h2>Steps<a class='headerlink' href='#steps'>#</a></h2>", "## Steps"),
        ("<p>a &lt;b&gt; [c](d) e | f</p>", r"a \<b> \[c](d) e \| f"),
        ("<p>1. is 1.5 + 2</p>", "1. is 1.5 + 2"),
        ("<p>the <code>a`b</code></p>", "the `` a`b ``"),
        ("<p><a href='../ledger.html#claim-1'>it</a></p>", "[it](../ledger.md)"),
        ("<p><a href='#here'>it</a></p>", "it"),
        (
            "<a href='https://a.example/b.html#c'>it</a>",
            "[it](https://a.example/b.html#c)",
        ),
        ("<p><a href='05.ipynb'>it</a></p>", "[it](05.ipynb)"),
        ("<details class='source'><summary>source</summary>x</details><p>y</p>", "y"),
        ("<ul class='run'><li>passed</li><li>11 s</li></ul>", "passed · 11 s"),
        ("<p>it holds <small>1.2-3</small></p>", "it holds (1.2-3)"),
        ("<p>it holds<small>1.2-3</small></p>", "it holds (1.2-3)"),
        ("<p>it holds <small></small></p>", "it holds"),
        (
            "<dl><div><dt>undo</dt><dd><code>rm x</code></dd></div></dl>",
            "- undo `rm x`",
        ),
        (
            "<figure class='diagram'><div><svg><title>a</title></svg></div>"
            "<figcaption>a feeds b</figcaption></figure>",
            "**Diagram:** a feeds b",
        ),
        (
            "<div class='highlight-bash'><div class='highlight'><pre>a | b\n</pre>",
            "```bash\na | b\n```",
        ),
        (
            "<div class='highlight-myst-ansi'><div class='highlight'><pre>*x*\n</pre>",
            "```text\n*x*\n```",
        ),
    ],
)
def test_html_as_markdown(html: str, said: str) -> None:
    assert markdown(html, diagram="Diagram:") == f"{said}\n"


def test_a_table_keeps_its_cells() -> None:
    table = (
        "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>"
        "<tr><th colspan='2' scope='rowgroup'>part</th></tr>"
        "<tr><td><code>x | y</code></td><td>z</td></tr></tbody></table>"
    )
    assert markdown(table, diagram="").splitlines() == [
        "| a | b |",
        "| --- | --- |",
        "| part | |",
        r"| `x \| y` | z |",
    ]
