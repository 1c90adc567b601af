"""Small notebooks for tests."""

from pathlib import Path

import nbformat

PARAMETERS = """\
from kernels_helpers.field_types import HostURL, VolumeName

host: HostURL = "lab://"  # Docker host
apply: bool = False  # change a host that is not a lab
volume: VolumeName = "dockbook-small"  # volume to make"""
BINDING = """\
from kernels_helpers import check, open_chapter

chapter = open_chapter("small")
docker = chapter.host.docker"""
MAKE = """\
%%change
#| unless: docker volume inspect "$volume"
#| undo: docker volume rm "$volume"
docker volume create --label "$label" "$volume\""""
CHECK = 'check("it is there", docker.volumes.get(volume).name == volume)'
WAIT = "%%look\necho waiting; sleep 300"
UNWIND = "chapter.unwind()"
LEFT = 'check("nothing is left", chapter.left() == [])'


def write(path: Path, *cells: str, parameters: str = PARAMETERS) -> Path:
    """Write a notebook of code cells; the parameters cell comes first."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    notebook.cells = [nbformat.v4.new_code_cell(c) for c in (parameters, *cells)]
    notebook.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, path)
    return path
