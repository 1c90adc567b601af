"""The parameter contract of a chapter as JSON Schema (2020-12).

It is what a form or an editor needs, never narrower than the contract and in a few
places wider: the bytes that Linux passes as a variable, the largest ``Size``, the
length of an image's name, the port and length of an ``ssh://`` host. A run checks.
"""

from typing import Any

from kernels_helpers.parameters import Contract, Parameter

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(contract: Contract, title: str) -> dict[str, Any]:
    """Write the schema of an object that holds parameters; each may be left out."""
    return {
        "$schema": DIALECT,
        "title": title,
        "type": "object",
        "properties": {p.name: _property(p) for p in contract},
        "additionalProperties": False,
    }


def _property(parameter: Parameter) -> dict[str, Any]:
    """Write the schema of one parameter."""
    return {
        "description": f"{parameter.help} ({parameter.kind.wanted})",
        "default": parameter.default,
        **parameter.kind.schema(),
    }
