import textwrap
from pathlib import Path

import pytest

from kernels_helpers import inventory, notebook, targets
from kernels_helpers.errors import UsageError
from kernels_helpers.parameters import Contract
from kernels_helpers.targets import Target
from tests.unit import notebooks
from tests.unit.test_cli import call

# As people have it: written for Ansible, with much that is none of ours.
SHARED = """
all:
  vars:
    ansible_user: root
    volume: of-all
    ansible_become_password: !vault |
      $ANSIBLE_VAULT;1.1;AES256
      6162
    packages: {debian: [docker.io]}
    host: nonsense
    apply: true
  hosts:
    lone: {ansible_host: 10.0.0.9, ansible_user: admin, ansible_port: 2222}
    here: {ansible_connection: local}
  children:
    web:
      vars: &defaults {volume: 1.10}
      hosts:
        web[08:10:2].example.org: {apply: false}
    edge:
      children: {web: }
      vars: {volume: of-edge}
    alike:
      hosts: {web10.example.org: }
      vars: {volume: of-alike}
lab:
  hosts: {trial: {dockbook_host: "lab://try", <<: *defaults}}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "hosts.yaml"
    path.write_text(textwrap.dedent(text))
    return path


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    return notebook.head(notebooks.write(tmp_path / "small.ipynb")).contract


def read(path: Path, contract: Contract, limit: str = "") -> list[Target]:
    hosts = inventory.read(path)
    return targets.of_inventory(hosts, hosts.limited(limit), contract)


def test_an_inventory_is_read_as_ansible_reads_it(
    tmp_path: Path, contract: Contract
) -> None:
    path = write(tmp_path, SHARED)
    assert [(t.name, *t.parameters.values()) for t in read(path, contract)] == [
        ("lone", "of-all", "ssh://admin@10.0.0.9:2222"),
        ("here", "of-all", "local://"),
        ("web08.example.org", "1.10", "ssh://root@web08.example.org"),
        ("web10.example.org", "1.10", "ssh://root@web10.example.org"),
        ("trial", "1.10", "lab://try"),
    ]
    named = [t.name for t in read(path, contract, "edge, trial")]
    assert named == ["web08.example.org", "web10.example.org", "trial"]
    path = write(
        tmp_path, SHARED.replace("of-alike", "of-alike, ansible_group_priority: 9")
    )
    priority = read(path, contract, "web10.example.org")[0]
    assert priority.parameters["volume"] == "1.10"  # depth comes first


def test_a_matrix_makes_a_target_of_each_combination(
    tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("volume: [one, two]\napply: [true, false]\n")
    rows = targets.matrix(path, {})
    spread = targets.spread([Target("a", {"host": "lab://a"})], {}, rows)
    targets.check(spread, contract)
    assert [t.name for t in spread][:2] == [
        "a (volume=one, apply=true)",
        "a (volume=one, apply=false)",
    ]
    assert {t.place for t in spread} == {"lab://a"}  # one after the other
    with pytest.raises(UsageError, match="keep one"):
        targets.matrix(path, {"volume": "x"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "all: {children: {a: {children: {b: }}, b: {children: {a: }}}}",
            "a > b > a are a cycle",
        ),
        ("all: {children: {a: {children: {all: }}}}", "all > a > all are a cycle"),
        ("all:\n  hosts:\n    a:\n    a: {x: 1}", "line 4: 'a' is there twice"),
        ("all: {hosts: {a: {volume: -x}}}", "host a: parameter volume (VolumeName)"),
        ("all: {hosts: {a: {volume: {b: c}}}}", "host a: volume is nested"),
        ("all: {hosts: {a: {volume: '{{ name }}'}}}", "only Ansible fills"),
        ("all: {hosts: {a: {ansible_host: '{{ ip }}'}}}", "only Ansible fills"),
        ("all: {hosts: {a: {ansible_port: x}}}", "host a: parameter host (HostURL)"),
        ("all: {hosts: {a: {ansible_connection: winrm}}}", "'winrm'"),
        ("all: {hosts: {a: , b: {ansible_host: a}}}", "so is a: keep one"),
        ("all: {hosts: [a, b]}", "line 1: this is no mapping"),
        ("all: {host: {a: }}", "hosts, children or vars"),
        ("all: {hosts: {'a[3:1]': }}", "has to rise"),
        ("- a", "this is no mapping: write groups"),
        ("all: {vars: {x: 1}}", "there is no host"),
        ("all: [", "is not YAML"),
        ("all: &a {children: {b: *a}}", "nested too deeply"),
    ],
)
def test_what_is_wrong_with_an_inventory_is_said_with_its_place(
    tmp_path: Path, contract: Contract, text: str, said: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(UsageError) as told:
        read(path, contract)
    assert said in str(told.value)
    assert str(path) in str(told.value)


def test_variables_beside_the_file_are_not_left_out_in_silence(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "all: {hosts: {a: {dockbook_host: 'lab://none'}}}")
    small = notebooks.write(tmp_path / "small.ipynb", notebooks.BINDING)
    (tmp_path / "group_vars").mkdir()
    done = call("watch", small, "--inventory", path, "--out", tmp_path / "out")
    assert "group_vars/ beside it is not read" in done.output


def test_an_unknown_group_is_no_empty_fleet(tmp_path: Path) -> None:
    path = write(tmp_path, "all: {hosts: {a: }}")
    with pytest.raises(UsageError, match="--limit b: no host and no group"):
        inventory.read(path).limited("a,b")
