"""Measure the site: how soon it is built again, what a page weighs, Lighthouse.

The runs of the last `make book` are the evidence.
"""

import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from kernels_helpers import book
from kernels_helpers.site import links
from kernels_helpers.site.build import build
from kernels_helpers.site.source import SITE
from tests.site import server

ROUNDS = 3
SCRIPTS = [*(SITE / "_static").glob("*.js")]
RUNS = book.ROOT / "runs/book"
LIGHTHOUSE = Path(__file__).with_name("node_modules") / "lighthouse/cli/index.js"
AIMS = {"performance": 0.80, "accessibility": 0.95, "best-practices": 0.95}

Row: TypeAlias = tuple[str, str, str, str]


def rebuilt(runs: Path, out: Path) -> tuple[float, float]:
    """Time a cold build, and one after a new run of a chapter."""
    dockbook = Path(sys.executable).with_name("dockbook")
    cold, changed = [], []
    for _ in range(ROUNDS):
        shutil.rmtree(out, ignore_errors=True)
        cold.append(seconds(runs, out))
        again = (dockbook, "run", "volumes", "--out", runs)
        subprocess.run(again, stdout=subprocess.DEVNULL, check=True)
        changed.append(seconds(runs, out))
    return statistics.median(changed), statistics.median(cold)


def seconds(runs: Path, out: Path) -> float:
    started = time.perf_counter()
    build(runs, out)
    return time.perf_counter() - started


def scores(address: str) -> dict[str, float]:
    """Take Lighthouse's scores of a page, as a phone on a slow network: medians."""
    node, chromium = Path(sys.executable).with_name("node"), shutil.which("chromium")
    found: dict[str, list[float]] = {category: [] for category in AIMS}
    for _ in range(ROUNDS):
        done = subprocess.run(
            [
                *(node, LIGHTHOUSE, address, "--quiet", "--output=json"),
                f"--only-categories={','.join(AIMS)}",
                "--chrome-flags=--headless=new --no-sandbox",
            ],
            env={**os.environ, "CHROME_PATH": chromium or ""},
            stdout=subprocess.PIPE,
            check=True,
        )
        for category, said in json.loads(done.stdout)["categories"].items():
            found[category].append(said["score"])
    return {category: statistics.median(all_) for category, all_ in found.items()}


def judged(page: str, got: Mapping[str, float]) -> list[Row]:
    return [
        (f"Lighthouse, {name} of `{page}`", "", f"{got[name]:.2f}", f"≥ {aim:.2f}")
        for name, aim in AIMS.items()
    ]


def own_scripts(page: Path) -> int:
    """Add up the bytes of the scripts of our own that a page loads."""
    text = page.read_text(encoding="utf-8")
    return sum(
        file.stat().st_size for file in SCRIPTS if f"_static/{file.name}" in text
    )


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="dockbook-bench-") as name:
        folder = Path(name)
        runs = shutil.copytree(RUNS, folder / "runs")
        changed, cold = rebuilt(runs, folder / "out")
        html = folder / "out/html"
        pages = [links.Page(html, file) for file in html.rglob("*.html")]
        weight, heaviest = max((links.weight(page), page.file) for page in pages)
        own = max(own_scripts(page.file) for page in pages)
        (folder / "nginx").mkdir()
        with server.nginx(html, folder / "nginx") as address:
            names = ("index.html", heaviest.relative_to(html).as_posix())
            said = [judged(page, scores(f"{address}{page}")) for page in names]
    title = f"the heaviest page, `{names[1]}`, and what it loads"
    return [
        (
            "the site after a new run of one chapter to a cold build",
            f"{changed:.1f} s to {cold:.1f} s",
            f"{changed / cold:.2f}",
            "≤ 0.35",
        ),
        (title, f"{weight / 1000:.0f} KB", "", "≤ 900 KB"),
        ("scripts of our own that a page loads", f"{own / 1000:.1f} KB", "", "≤ 8 KB"),
        *itertools.chain.from_iterable(said),
    ]


if __name__ == "__main__":
    for row in rows():
        sys.stdout.write(f"| {' | '.join(row)} |\n")
