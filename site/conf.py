"""Sphinx settings of the site. ``dockbook site`` runs Sphinx, on ``_build/source``."""

import sys
from pathlib import Path

from kernels_helpers.site import source

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

# A book says in its own site/book.toml how it is called, and where it can be edited.
SETTINGS = source.settings()
project = html_title = SETTINGS["title"]
language = "en"
locale_dirs = ["locale"]
gettext_compact = False
exclude_patterns = ["book.json", "claims.yaml"]
templates_path = ["_templates"]
extensions = ["myst_nb", "sphinx_copybutton", "dockbook_site"]

# `--rm` is an option of Docker, never a dash.
smartquotes = False

# Notebooks are shown as they were run. `$name` is shell here, never mathematics.
nb_execution_mode = "off"
nb_render_markdown_format = "myst"
myst_enable_extensions = [
    "attrs_block",
    "attrs_inline",
    "colon_fence",
    "deflist",
    "tasklist",
]
myst_heading_anchors = 4
copybutton_selector = "div.highlight:not(.cell_output *) > pre"

html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = [
    *("dockbook.css", "home.css", "search.css", "proof.css"),
    ("print.css", {"media": "print"}),
]
html_js_files = [(f"{name}.js", {"defer": "defer"}) for name in ("language", "search")]
html_additional_pages = {"search": "search.html"}
html_favicon = "_static/favicon.svg"
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
html_sidebars = {"**": ["contents.html"]}
# What a page may load: its own site, and no script that is written into it.
POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
}
html_context = {
    "default_mode": "auto",
    "repository": SETTINGS.get("repository"),
    "policy": "; ".join(f"{what} {where}" for what, where in POLICY.items()),
}
html_theme_options = {
    "disable_search": True,
    "navbar_center": [],
    "navbar_end": [],
    "navbar_persistent": [],
    "article_header_start": [],
    "secondary_sidebar_items": ["page-toc", "edit.html"],
    "primary_sidebar_end": [],
    "footer_start": ["colophon.html"],
    "footer_end": [],
    "show_toc_level": 2,
    "back_to_top_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
