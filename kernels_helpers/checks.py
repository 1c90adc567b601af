"""The record of a check, and whether it is as it has to be."""

from typing import Any

from kernels_helpers.errors import CheckFailed


def record(
    claim: str, ok: object, note: str | None, differs: str | None
) -> dict[str, Any]:
    """Record a check; CheckFailed for one that is neither True nor False itself.

    ``differs`` says what is true instead where the claim has to be false.
    """
    if not isinstance(ok, bool):
        told = f"the check gave {ok!r}, write one that is True or False"
        raise CheckFailed(f"{claim}: {told}")
    other = {"differs": differs} if differs else {}
    return {"claim": claim, "ok": ok, "note": note, **other}


def demand(record: dict[str, Any]) -> None:
    """Raise CheckFailed for a claim that is false, or that no longer differs."""
    why = record.get("differs")
    if record["ok"] == bool(why):
        told = f": no longer differs on Podman: {why}" if why else ""
        raise CheckFailed(f"{record['claim']}{told}")
