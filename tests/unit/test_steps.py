import pytest

from kernels_helpers import steps
from kernels_helpers.errors import ChapterError
from kernels_helpers.steps import Step


def test_options_are_read_and_the_body_is_what_is_left() -> None:
    cell = (
        '#| unless: docker volume inspect "$volume"\n'
        "#|undo: docker volume rm $volume\n"
        "#| rc: 3\n#| timeout: 5m\n#| retry: 2\n#| until: true\n#| as: www-data\n"
        "docker volume create {{.Name}}\n  second # not an option\n"
    )
    assert steps.parse("change", cell) == Step(
        "change",
        "docker volume create {{.Name}}\n  second # not an option",
        unless='docker volume inspect "$volume"',
        undo="docker volume rm $volume",
        rc=3,
        timeout=300,
        retry=2,
        until="true",
        user="www-data",
    )


@pytest.mark.parametrize(
    ("kind", "cell", "said"),
    [
        ("change", "#| unles: true\nx", "did you mean 'unless'"),
        ("change", "#| colour: red\nx", "there are rc"),
        ("look", "#| unless: true\nx", "is for %%change"),
        ("look", "#| undo: true\nx", "is for %%change"),
        ("look", "#| rc 3\nx", "write an option as"),
        ("look", "#| rc: 256\nx", "from 0 to 255"),
        ("look", "#| rc: -1\nx", "from 0 to 255"),
        ("look", "#| timeout: soon\nx", "30s"),
        ("look", "#| timeout: 0s\nx", "30s"),
        ("look", "#| as:\nx", "is empty"),
        ("look", "#| rc: 1\n#| rc: 2\nx", "given twice"),
        ("look", "#| rc: 1\n\n", "no command"),
        ("look", "", "no command"),
    ],
)
def test_a_malformed_step_is_refused_with_advice(
    kind: str, cell: str, said: str
) -> None:
    with pytest.raises(ChapterError, match=said):
        steps.parse(kind, cell)
