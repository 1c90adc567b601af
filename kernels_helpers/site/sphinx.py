"""Run Sphinx on the source of the site, in one language."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from kernels_helpers.errors import DockbookError
from kernels_helpers.site.source import SITE

FAULT = re.compile(r"\b(WARNING|ERROR|CRITICAL|SEVERE): ")
# Sphinx enters the folder of its settings to read them: the book is found before.
PROGRAM = """
import sys
from kernels_helpers import book
from sphinx.cmd.build import main
sys.exit(main(sys.argv[1:]))
"""


def run(out: Path, builder: str, language: str, *more: str) -> Path:
    """Build ``out/source`` in a language, and return the folder of what was made.

    After a warning the pages are read anew the next time: else it would be forgotten.
    """
    made, doctrees = out / "pages" / language, out / "doctrees" / language
    command = [sys.executable, "-c", PROGRAM, "-W", "--keep-going", "-b", builder]
    options = ["-q", "-c", str(SITE), "-d", str(doctrees), "-D", f"language={language}"]
    done = subprocess.run(
        [*command, *options, *more, str(out / "source"), str(made)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        shutil.rmtree(doctrees, ignore_errors=True)
        lines = done.stderr.splitlines()
        faults = [line for line in lines if FAULT.search(line)]
        said = "\n".join(faults or lines[-20:])  # or what it has died of
        raise DockbookError(f"the site was not built; Sphinx says:\n{said}")
    return made
