"""Find and remove what carries the label of a run, and nothing else."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from docker import DockerClient
from docker.errors import NotFound

from kernels_helpers.labels import LABEL, label_of


@dataclass(frozen=True)
class Found:
    """Name an object that a run has made."""

    kind: str
    id: str
    name: str
    run: str


def find(docker: DockerClient, run: str | None = None) -> list[Found]:
    """List labelled objects, of one run or of all, in the order of their removal."""
    api = docker.api
    filters: dict[str, Any] = {"label": label_of(run) if run else LABEL}
    rows = [
        *(("container", c) for c in api.containers(all=True, filters=filters)),
        *(("network", n) for n in api.networks(filters=filters)),
        *(("volume", v) for v in api.volumes(filters=filters)["Volumes"] or []),
        *(("image", i) for i in api.images(filters=filters)),
    ]
    return [_found(kind, row) for kind, row in rows]


def _found(kind: str, row: dict[str, Any]) -> Found:
    """Read a row of one of the engine's lists."""
    names = row.get("Names") or row.get("RepoTags") or [row.get("Name") or row["Id"]]
    return Found(
        kind=kind,
        id=row.get("Id") or row["Name"],
        name=str(names[0]).removeprefix("/"),
        run=row["Labels"][LABEL],
    )


def remove(docker: DockerClient, found: Iterable[Found]) -> Iterator[Found]:
    """Remove objects one by one, yielding each that was still there.

    Anonymous volumes go with their container.
    """
    api = docker.api
    verbs: dict[str, Callable[[str], Any]] = {
        "container": lambda id_: api.remove_container(id_, v=True, force=True),
        "network": api.remove_network,
        "volume": api.remove_volume,
        "image": lambda id_: api.remove_image(id_, force=True),
    }
    for item in found:
        try:
            verbs[item.kind](item.id)
        except NotFound:
            continue
        yield item
