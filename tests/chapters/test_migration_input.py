"""What the chapter migration makes of paths, and of the files that it changes."""

import pytest

from kernels_helpers import book, notebook
from kernels_helpers.hosts import LabHost
from tests.chapters.test_migration import says

PLACES = {
    "old": "/var/lib/docker",
    "mount": "/data",
    "new": "/data/docker",
    "aside": "/var/lib/docker.old",
    "records": "/root/records",
    "disk": "/dev/vdb",
    "run": "none",
}


def cell(name: str) -> str:
    """Return the command of a cell of the chapter."""
    chapter, _ = notebook.load(book.find("migration"))
    source: str = next(c.source for c in chapter.cells if c.id == name)
    return source.split("\n", 1)[1]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("new", "/data/my docker", "use only letters, digits"),
        ("new", "/data/数据", "use only letters, digits"),
        ("new", "/data/docker/", "write /data/docker"),
        ("new", "/data/../data/docker", "write /data/docker"),
        ("new", "/srv/docker", "choose a directory below /data"),
        ("new", "/var/lib/docker/new", "choose a place outside of /var/lib/docker"),
        ("old", "/srv/link", "write /var/lib/docker"),
        ("aside", "/run/aside", "choose a place beside /var/lib/docker"),
        ("records", "/etc", "move it away"),
        ("disk", "/dev/null", "not blank"),
    ],
)
def test_a_path_that_will_not_do_is_refused_with_the_way_out(
    lab: LabHost, name: str, value: str, said: str
) -> None:
    assert lab.run("ln -sfn /var/lib/docker /srv/link").rc == 0
    look = lab.run(cell("migration-look-02"), env=PLACES | {name: value})
    lab.run("rm /srv/link")
    assert look.rc == 1
    assert f"{value}: {said}" in look.output
    assert lab.run(cell("migration-look-02"), env=PLACES).output == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\ufeff{}", "byte order mark"),
        ('{"debug": true, // why\n"mtu": 1400}', "1: a comment"),
        ('{"debug": true,}', "1: a comma before the bracket"),
        ("[]", "1: this is no object"),
        (
            '{"log-opts": {"a": "1"}, "log-opts": {"b": "2"}}',
            "the key 'log-opts' is there twice",
        ),
        ('{"labels": [], "mtu": 1400, "mtu": 1500}', "the key 'mtu' is there twice"),
    ],
)
def test_a_configuration_that_docker_may_read_otherwise_is_refused(
    lab: LabHost, text: str, said: str
) -> None:
    json = "/etc/docker/daemon.json"
    write = f'mkdir -p /etc/docker; printf %s "$text" >{json}'
    assert lab.run(write, env={"text": text}).rc == 0
    look = lab.run(cell("migration-look-03"), env=book.programs())
    lab.run(f"rm {json}")
    assert look.rc == 1
    assert f"{json}:" in look.output
    assert said in look.output


def test_a_table_of_file_systems_keeps_every_other_byte(lab: LabHost) -> None:
    """Want odd white space, comments and a missing line break at the end kept."""
    odd = (
        "# mine\n\n  \tLABEL=none\t /x   ext4 noauto  0\t0 # why\nUUID=1 /y xfs ro 0 0"
    )
    run = "mkdir -p /root/r && cp -a /etc/fstab /root/r/fstab && cd /root/r && "
    run += 'printf %s "$odd" >/etc/fstab && echo "/a /b none bind" >line\n'
    run += 'printf %s "$fstab_line" >fstab-line\n'
    run += "for act in add add remove; do bash fstab-line $act line; cat /etc/fstab; "
    run += "echo =; done; cp -a fstab /etc/fstab; rm -r /root/r"
    told = says(lab, run, odd=odd, fstab_line=book.programs()["fstab_line"])
    added = f"{odd}\n/a /b none bind\n"
    assert told.split("=\n") == [added, added, odd, ""]
