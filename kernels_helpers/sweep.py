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
    filters = {"label": label_of(run) if run else LABEL}
    containers = docker.containers.list(all=True, filters=filters, ignore_removed=True)
    found = [Found("container", c.id, c.name, c.labels[LABEL]) for c in containers]
    for network in docker.networks.list(filters=filters):
        labels = network.attrs["Labels"]
        found.append(Found("network", network.id, network.name, labels[LABEL]))
    for volume in docker.volumes.list(filters=filters):
        labels = volume.attrs["Labels"]
        found.append(Found("volume", volume.name, volume.name, labels[LABEL]))
    for image in docker.images.list(filters=filters):
        name = image.tags[0] if image.tags else image.short_id
        found.append(Found("image", image.id, name, image.labels[LABEL]))
    return found


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
