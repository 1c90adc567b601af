"""The command that looks for drift."""

import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from kernels_helpers import cli_fleet, completion
from kernels_helpers.cli_run import FILE, PAIRS, parameters
from kernels_helpers.errors import UsageError


@click.command()
@click.argument("chapter", shell_complete=completion.chapters)
@FILE
@PAIRS
@click.option("--host", metavar="URL", help="The host to look at.")
@click.option(
    "--inventory",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Look at the hosts of an inventory.",
)
@click.option("--limit", metavar="NAMES", help="Only these groups and hosts of it.")
@click.option(
    "--webhook",
    metavar="REFERENCE",
    help="POST findings to the URL in env:X or file:X.",
)
@click.option("--mail", metavar="ADDRESS", help="Mail findings by sendmail.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="runs",
    show_default=True,
    help="Folder of the earlier runs, and for the evidence of this one.",
)
def watch(
    chapter: str,
    file: Path | None,
    pairs: tuple[str, ...],
    host: str | None,
    inventory: Path | None,
    limit: str | None,
    webhook: str | None,
    mail: str | None,
    out: Path,
) -> None:
    """Plan a chapter and tell what became untrue since the last good run.

    One round: a timer repeats it. Nothing is changed on any host.
    """
    from kernels_helpers import book, drift, notebook, telling
    from kernels_helpers.runner import Options, prepare

    path = book.find(chapter)
    given = parameters(pairs, file, host)
    if not (inventory or host or "host" in given):
        raise UsageError("name the hosts to look at: --host or --inventory")
    contract = notebook.head(path).contract
    targets = cli_fleet.targets_of(contract, given, inventory, limit)
    url = telling.webhook_url(webhook) if webhook else None
    sendmail = telling.mailer() if mail else ""
    options = Options(given, out)
    prepare([], options)
    findings = []
    for target in targets:
        findings.append(drift.look(path, target, options))
        click.echo(_text(findings[-1]))
    if code := drift.exit_code(findings):
        told = [f for f in findings if f.status != drift.HOLDS]
        counts = Counter(finding.status for finding in findings)
        title = ", ".join(f"{n} {status}" for status, n in counts.items())
        title = f"{book.name_of(path)}: {title}"
        text = "\n".join(_text(finding) for finding in told)
        if url:
            targets_told = [asdict(finding) for finding in told]
            telling.post(url, {"title": title, "text": text, "targets": targets_told})
        if mail:
            telling.mail(sendmail, mail, f"dockbook: {title}", text)
        sys.exit(code)


def _text(finding: Any) -> str:
    head = f"{finding.status:<12} {finding.target}"
    if finding.since:
        head += f"  since {finding.since}"
    lines = [f"  {line}" for line in finding.untrue]
    if finding.run:
        changes = f"{finding.pending} change{'s' * (finding.pending != 1)}"
        lines.append(f"  {finding.proved} looked at and true, {changes} not proved")
        if not finding.since:
            lines.append("  no good run in --out with these parameters to compare with")
    return "\n".join([head, *lines])
