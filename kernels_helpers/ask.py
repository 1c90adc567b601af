"""Ask for the parameters that are not given, one after the other."""

from collections.abc import Callable, Mapping

from kernels_helpers.errors import ParameterError
from kernels_helpers.kinds import Text, as_text
from kernels_helpers.parameters import Contract, Parameter

__all__ = ["ask"]


def ask(
    contract: Contract,
    given: Mapping[str, Text],
    prompt: Callable[[str, str, bool], str],
) -> dict[str, str]:
    """Return the answers that are not the default, as texts for ``Contract.read``.

    ``prompt`` is called with a question, the default and whether the answer is to be
    hidden, and returns the answer. A wrong one is asked again, under its error.
    Raises ParameterError before the first question when what is given is wrong.
    """
    contract.read(given)
    answers = {p.name: _answer(p, prompt) for p in contract if p.name not in given}
    return {name: text for name, text in answers.items() if text is not None}


def _answer(
    parameter: Parameter, prompt: Callable[[str, str, bool], str]
) -> str | None:
    """Ask until the answer is right; None when it is the default as it was shown."""
    default = _shown(parameter.default)
    question = text = f"{parameter.help}\n{parameter.name} ({parameter.kind.wanted})"
    while (answer := prompt(text, default, parameter.is_secret)) != default:
        try:
            parameter.read(answer)
        except ParameterError as error:
            text = f"{error}\n{question}"
        else:
            return answer
    return None


def _shown(default: object) -> str:
    """Write a default the way it would be typed."""
    if default is None:
        return "none"
    if isinstance(default, list):
        return ", ".join(as_text(item) for item in default)
    return as_text(default)
