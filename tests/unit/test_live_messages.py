"""What a diagram says of the engine: translated whatever the engine has answered."""

import pytest
from nbformat import v4

from kernels_helpers.diagrams import DOT_MIME
from kernels_helpers.site import catalogues, messages

CHINESE = {
    "{1} has {2} on {3}": "{1} 在 {3} 上的地址是 {2}",
    "{1} has {2} on bridge": "{1} 在 bridge 上的地址是 {2}",
    "{1} is on no network": "{1} 不在任何网络上",
    "{1} latest is {2}": "{1} latest 是 {2}",
    "anonymous volume is mounted in {1} at {2}": "匿名卷挂载到 {1} 的 {2}",
    "parent > child": "父进程 > 子进程",
    "in the long form only": "只有长写法",
    "sleep\nin {1}": "sleep\n在 {1} 中",
    "running": "运行中",
}


def say(text: str) -> str:
    return CHINESE.get(text, text)


def drawn(alt: str, dot: str) -> list[messages.Message]:
    output = v4.new_output(
        "display_data", {DOT_MIME: dot}, metadata={DOT_MIME: {"alt": alt}}
    )
    cell = v4.new_code_cell("show(drawn)", outputs=[output])
    return list(messages.of_cells(v4.new_notebook(cells=[cell])))


@pytest.mark.parametrize(
    ("recorded", "other"),
    [
        (
            "dockbook-net-web has 172.18.0.3 on dockbook-front",
            "shop-web has fd00:1::2 on shop_front",
        ),
        (
            "127.0.0.1:5000/team/tool latest is sha256:6df6353aa7e5",
            "registry.example/tool latest is 0123456789ab",
        ),
        (
            "anonymous volume is mounted in web-1 at /data",
            "anonymous volume is mounted in run-66027e1e at /srv/x.y",
        ),
    ],
)
def test_another_run_has_the_same_messages(recorded: str, other: str) -> None:
    ((kind, message),) = drawn(recorded, "digraph { }")
    assert kind == "diagram"
    assert CHINESE[message]
    assert drawn(other, "digraph { }") == [("diagram", message)]


def test_facts_are_said_one_by_one_with_their_own_names() -> None:
    facts = "web-1 has 10.9.8.7 on a/b", "web-1 has 10.0.0.2 on bridge"
    alt = "; ".join([*facts, "db-2 is on no network"])
    told = messages.retell(alt, say, {"; ": "；"}.__getitem__)
    assert told == (
        "web-1 在 a/b 上的地址是 10.9.8.7；web-1 在 bridge 上的地址是 10.0.0.2；"
        "db-2 不在任何网络上"
    )


def test_a_list_of_commands_is_names() -> None:
    stops = {": ": "：", ", ": "、", "; ": "；"}
    alt = "in the long form only: node, volume; parent > child: systemd > a-b"
    told = messages.retell(alt, say, stops.__getitem__)
    assert told == "只有长写法：node、volume；父进程 > 子进程：systemd > a-b"
    assert drawn(alt, "digraph { }")[0] == ("diagram", "in the long form only")


def test_labels_of_a_live_diagram_have_places_too() -> None:
    dot = 'digraph { 1 [label="sleep\\nin other-free"]; 2 [label="web-1\\nrunning"] }'
    found = drawn("other-free is on no network", dot)
    assert found[1:] == [("label", "sleep\nin {1}"), ("label", "running")]
    assert messages.relabel(dot, lambda text: messages.fill(text, say)) == (
        'digraph { 1 [label="sleep\\n在 other-free 中"]; 2 [label="web-1\\n运行中"] }'
    )


def test_signs_between_facts_are_translated() -> None:
    assert "; " in catalogues.template([("interface", "; ")])
    assert "; " not in catalogues.template([("label", "; ")])


def test_prose_is_one_message_as_it_stands() -> None:
    alt = "The tag 1 points to one manifest; 2 and latest, to another."
    assert drawn(alt, 'digraph { a [label="process 1 inside"] }') == [
        ("diagram", alt),
        ("label", "process 1 inside"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("docker container …, and its short commands", None),
        ("/a is mounted in b-c at /d (read-only)", "{1} is mounted in {2} at {3} ("),
        ("it has exited: twice", None),
        ("see docker.io/x:1, then 80.", "see {1}, then {2}."),
    ],
)
def test_what_a_name_is(text: str, message: str | None) -> None:
    blanked, names = messages.blank(text)
    assert blanked.startswith(message or text)
    assert messages.fill(text, str) == text
    assert bool(names) == (message is not None)
