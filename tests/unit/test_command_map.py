from kernels_helpers import command_map
from kernels_helpers.process import Result
from tests.unit.fakes import FakeHost

TOP = """
Usage:  docker [OPTIONS] COMMAND

Common Commands:
  ps          List containers

Management Commands:
  container   Manage containers
  volume      Manage volumes

Swarm Commands:
  node        Manage Swarm nodes

Commands:
  compose*    Docker Compose
  inspect     Return low-level information
  start       Start one or more stopped containers

Global Options:
  -D, --debug   Enable debug mode
      --tls     Use TLS
"""
EACH = """\
# container
Usage:  docker container COMMAND

Commands:
  inspect     Display detailed information
  ls          List containers
  start       Start one or more stopped containers
# node
Usage:  docker node COMMAND

Commands:
  ps          List tasks
# volume
Usage:  docker volume COMMAND

Commands:
  ls          List volumes
"""


class Helpful(FakeHost):
    """Answer with the help texts."""

    def run(self, script: str, **options: object) -> Result:
        if script == "docker --help":
            return Result(0, TOP, 0.0)
        assert options["env"] == {"names": "container node volume"}
        return Result(0, EACH, 0.0)


def test_it_has_the_commands_and_no_option() -> None:
    found = command_map.read(Helpful())
    assert [*found] == [
        "compose",
        "container",
        "inspect",
        "node",
        "ps",
        "start",
        "volume",
    ]
    assert {*found.long["container"]} == {"inspect", "ls", "start"}


def test_a_short_command_belongs_where_the_same_words_stand() -> None:
    homes = command_map.read(Helpful()).homes()
    assert homes == {"ps": "container ls", "start": "container start"}


def test_where_two_have_it_the_larger_one_counts() -> None:
    both = {"builder": {"build": "Build"}, "image": {"build": "Build", "ls": "List"}}
    assert command_map.CommandMap({"build": "Build"}, both).homes() == {
        "build": "image build"
    }


def test_every_command_is_drawn_once_in_its_box() -> None:
    found = command_map.read(Helpful())
    picture = found.diagram()
    for name in found:
        assert picture.dot.count(f'\t"docker {name}" [') == 1
    assert '"docker ps" [label="ps\ncontainer ls"]' in picture.dot
    assert picture.alt == (
        "docker container: ps, start; in the long form only: node, volume; "
        "on their own: compose, inspect"
    )


def test_a_command_line_that_says_nothing_has_no_commands() -> None:
    class Silent(FakeHost):
        def run(self, script: str, **_: object) -> Result:
            return Result(0, "", 0.0)

    assert [*command_map.read(Silent())] == []
