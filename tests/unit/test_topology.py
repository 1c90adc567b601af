from types import SimpleNamespace
from typing import Any

import pytest

from kernels_helpers import diagrams, topology

Attrs = dict[str, Any]
WEB = "c0ffee" * 10 + "cafe"


def container(
    name: str, mode: str = "bridge", *, ports: Attrs | None = None, **addresses: str
) -> SimpleNamespace:
    networks = {n: {"IPAddress": address} for n, address in addresses.items()}
    attrs = {
        "HostConfig": {"NetworkMode": mode},
        "NetworkSettings": {"Networks": networks, "Ports": ports},
        "State": {"Running": True},
    }
    identity = WEB if name == "web" else f"id of {name}"
    return SimpleNamespace(id=identity, name=name, status="running", attrs=attrs)


def network(
    name: str, subnet: str, *, internal: bool = False, driver: str = "bridge"
) -> SimpleNamespace:
    pools = [{"Subnet": subnet}] if subnet else None
    attrs = {"Driver": driver, "IPAM": {"Config": pools}, "Internal": internal}
    return SimpleNamespace(name=name, attrs=attrs)


NETWORKS = [
    network("front", "10.0.1.0/24"),
    network("back", "10.0.2.0/24", internal=True),
    network("lan", "192.0.2.0/24", driver="macvlan"),
    network("unused", "10.0.3.0/24"),
    network("host", ""),
]


def drawn(*containers: SimpleNamespace) -> diagrams.Diagram:
    docker: Any = SimpleNamespace(
        containers=SimpleNamespace(list=lambda **_: [*containers]),
        networks=SimpleNamespace(get={n.name: n for n in NETWORKS}.__getitem__),
    )
    return topology.draw(docker, "dockbook.run=x")


def test_the_same_state_gives_the_same_dot_in_any_order() -> None:
    one = container("aa", front="10.0.1.2", back="10.0.2.2")
    same = container("aa", back="10.0.2.2", front="10.0.1.2")
    other = container("bb", front="10.0.1.3")
    assert drawn(one, other) == drawn(other, same)


def test_addresses_are_on_the_edges_of_their_networks() -> None:
    found = drawn(container("web", front="10.0.1.2", back="10.0.2.2"))
    assert found.alt == "web has 10.0.1.2 on front; web has 10.0.2.2 on back"
    assert '"network back" -> "container web" [label="10.0.2.2" dir=both]' in found.dot
    assert "unused" not in found.dot


def test_an_internal_network_has_no_way_out() -> None:
    found = drawn(container("web", front="10.0.1.2", back="10.0.2.2"))
    assert '"the Docker host" -> "network front" [dir=both]' in found.dot
    (closed,) = [x for x in found.dot.splitlines() if '-> "network back"' in x]
    assert "internal" in closed


def test_macvlan_leads_past_the_host() -> None:
    found = drawn(container("web", lan="192.0.2.9"))
    ways = [x for x in found.dot.splitlines() if '-> "network lan"' in x]
    assert ways == ['\t"other machines" -> "network lan" [dir=both]']


def test_host_mode_container_mode_and_none_are_said() -> None:
    web = container("web", front="10.0.1.2")
    found = drawn(
        web,
        container("aa", "host", host=""),
        container("bb", f"container:{WEB}"),
        container("cc", "none", none=""),
        container("dd", "container:" + "f" * 64),
    )
    assert found.alt == (
        "aa has the interfaces of the host; bb shares the network of web; "
        f"cc is on no network; dd shares the network of {'f' * 12}; "
        "web has 10.0.1.2 on front"
    )
    assert '"the Docker host" -> "container aa"' in found.dot
    assert '"container web" -> "container bb"' in found.dot


def test_a_container_that_does_not_run_says_so() -> None:
    ended = container("aa", front="")
    ended.status = "exited"
    dot = drawn(ended, container("bb", front="10.0.1.2")).dot
    assert '"container aa" [label="aa\nexited"]' in dot
    assert '"container bb" [label=bb]' in dot


def test_a_host_mode_container_that_has_ended_is_on_no_network() -> None:
    ended = container("aa", "host", host="")
    ended.attrs["State"]["Running"] = False
    assert drawn(ended).alt == "aa is on no network"


@pytest.mark.parametrize("ports", [None, {}, {"80/tcp": None}])
def test_a_port_that_is_not_published_is_not_drawn(ports: Attrs | None) -> None:
    assert "→" not in drawn(container("web", front="10.0.1.2", ports=ports)).dot


def test_a_published_port_is_drawn_once() -> None:
    bound = [{"HostIp": ip, "HostPort": "8080"} for ip in ("0.0.0.0", "::")]
    found = drawn(container("web", front="10.0.1.2", ports={"80/tcp": bound}))
    assert found.dot.count("0.0.0.0:8080 → 80/tcp") == 1
    assert ":::" not in found.dot


def test_nothing_there_is_said() -> None:
    assert drawn().alt == "no containers"
