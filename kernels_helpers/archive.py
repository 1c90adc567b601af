"""Images in Docker's own format: layers, a document that names them, the archive.

Time, owner and order are fixed, so an image has the same ID on every run.
"""

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

HUB = "docker.io/library/"  # what an image without a registry is called in full
MTIME = 1704067200  # 2024-01-01T00:00:00Z


class Entry(NamedTuple):
    """Describe one file of a layer; the data of a symbolic link is its target."""

    data: bytes = b""
    mode: int = 0o644
    kind: bytes = tarfile.REGTYPE


FOLDER = Entry(mode=0o755, kind=tarfile.DIRTYPE)


class Layer(NamedTuple):
    """Hold a tar and its digest, as ``rootfs.diff_ids`` spells it."""

    digest: str
    tar: bytes


@dataclass(frozen=True)
class Image:
    """Hold a tag, the layers under it, and the JSON document that names them."""

    tag: str
    layers: Sequence[Layer]
    config: bytes

    @property
    def id(self) -> str:
        """Give the ID under which an engine lists the image."""
        return _digest(self.config)


def write_archive(path: Path, images: Iterable[Image]) -> None:
    """Write images as a file for ``docker load``, which appears whole or not at all.

    Their names are full: Podman would take a short one for its own, ``localhost/…``.
    """
    files: dict[str, Entry] = {}
    manifest = []
    for image in images:
        config = f"{image.id.removeprefix('sha256:')}.json"
        files[config] = Entry(image.config)
        names = []
        for digest, tar in image.layers:
            names.append(f"{digest.removeprefix('sha256:')}/layer.tar")
            files[names[-1]] = Entry(tar)
        tags = [f"{HUB}{image.tag}"]
        manifest.append({"Config": config, "RepoTags": tags, "Layers": names})
    files["manifest.json"] = Entry(json.dumps(manifest).encode())
    _replace(path, _tar(files))


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def layer(files: Mapping[str, Entry]) -> Layer:
    """Make a layer of files by their paths, with the folders that they are in."""
    parents = {str(up) for path in files for up in PurePosixPath(path).parents} - {"."}
    tar = _tar({**dict.fromkeys(parents, FOLDER), **files})
    return Layer(_digest(tar), tar)


def _tar(files: Mapping[str, Entry]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, entry in sorted(files.items()):
            info = tarfile.TarInfo(path)
            info.type, info.mode, info.mtime = entry.kind, entry.mode, MTIME
            if entry.kind == tarfile.SYMTYPE:
                info.linkname = entry.data.decode()
            else:
                info.size = len(entry.data)
            tar.addfile(info, io.BytesIO(entry.data))
    return buffer.getvalue()


def _replace(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)  # else a power cut may leave an empty file for good
        temporary.chmod(0o444)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
