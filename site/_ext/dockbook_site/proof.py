"""Write the proof of a chapter: how its run went, what each check says, the files."""

import html
from typing import Any

from sphinx.environment import BuildEnvironment
from sphinx.locale import _

from dockbook_site.languages import speaker, up
from dockbook_site.markup import badge, claim_anchor, correction, prose
from kernels_helpers.site.pages import EDITED, INTERRUPTED

HOSTS = {
    "lab": _("in a lab"),
    "local": _("on a local host"),
    "ssh": _("on a remote host"),
}
ANSWERS = {"already true": _("already true, not run")}
FILES = (
    (_("report"), "report.html"),
    (_("journal"), "journal.jsonl"),
    (_("executed notebook"), "chapter.ipynb"),
    (_("data of the report"), "report.json"),
)


class Proof:
    """Write what proves a chapter, on its page."""

    def __init__(
        self, env: BuildEnvironment, page: dict[str, Any], claims: list[dict[str, Any]]
    ) -> None:
        self.page = page
        self.claims = {str(claim["id"]): claim for claim in claims}
        self.say = speaker(env, page["doc"])
        self.language = str(env.config.language)
        self.root = up(env, page["doc"])
        self.home = "../" * page["doc"].count("/")
        self.told: set[str] = set()

    def check(self, check: dict[str, Any]) -> str:
        """Write what a check says, with the claim that it proves and its verdict.

        A check of a chapter that was edited since has the word for that instead. Below
        it is what differs on Podman, and below the first check of a corrected claim
        what the note said of it.
        """
        ok, name = check["ok"], str(check["note"] or "")
        stale = badge(EDITED) if self.page["status"] == EDITED else ""
        state = "stale" if stale else "ok" if ok else "false"
        claim, told = f"{html.escape(name)} {stale}".strip(), ""
        if why := check["podman"]:
            word = _("On Podman")
            told = f'<p class="differs"><b>{word}</b> {prose(self.say(why))}</p>'
        if known := self.claims.get(name):
            verdict = str(known["verdict"]) if ok else "failed"
            place = f"{self.home}ledger.html#{claim_anchor(name)}"
            shown = stale or badge(verdict)
            claim = f'<a href="{place}">{html.escape(name)} {shown}</a>'
            if verdict == "corrected" and name not in self.told:
                self.told.add(name)
                told += correction(known, self.language)
        return (
            f'<p class="check is-{state}" id="{check["anchor"]}">'
            f'<span class="sign">{"✔" if ok else "✘"}</span> '
            f"<span>{prose(self.say(check['claim']))} "
            f'<small class="claim">{claim}</small></span></p>{told}'
        )

    def run_badge(self, *, failed: bool) -> str:
        """Say below the title how the run went, when, and on what.

        ``failed`` tells whether a cell on the page shows the failure.
        """
        facts, status = self.page["facts"], self.page["status"]
        told = [badge(status)]
        if started := facts.get("started"):
            shown = html.escape(f"{started[:10]} {started[11:16]} UTC")
            told.append(f'<time datetime="{html.escape(started)}">{shown}</time>')
        elif status == "recorded":
            told.append(_("outputs kept with the chapter"))
        if engine := facts.get("engine"):
            api = f" (API {facts['api']})" if facts.get("api") else ""
            product = facts.get("product") or "Docker Engine"
            told.append(html.escape(f"{product} {engine}{api}"))
        if host := HOSTS.get(str(facts.get("host")).partition(":")[0]):
            told.append(host)
        if seconds := facts.get("seconds"):
            told.append(f"{seconds:.0f} s")
        if why := self.page["podman"]:
            word = _("not for Podman")
            told.append(f"{word}: {prose(self.say(why))}")
        told += self.links()
        items = "".join(f"<li>{fact}</li>" for fact in told)
        return f'<ul class="run">{items}</ul>{alarms(self.page, failed=failed)}'

    def links(self) -> list[str]:
        """Lead to the notebook, to the files of the run and to the claims."""
        page = self.page
        notebook, word = html.escape(f"{self.root}{page['doc']}.ipynb"), _("notebook")
        told = [f'<a href="{notebook}" download>{word} ↓</a>']
        if page["proof"]:
            folder, word = html.escape(f"{self.root}{page['proof']}"), _("Evidence")
            files = (f'<a href="{folder}/{name}">{said}</a>' for said, name in FILES)
            told.append(f"{word}: {', '.join(files)}")
        elif page["facts"]:
            told.append(_("the journal is kept with the run"))
        own = [c for c in self.claims.values() if c["chapter"] == page["name"]]
        if own:
            word = _("{count} claims of the note").format(count=len(own))
            place = html.escape(f"{self.home}ledger.html#chapter={page['name']}")
            told.append(f'<a href="{place}">{word}</a>')
        return told


def alarms(page: dict[str, Any], *, failed: bool) -> str:
    """Warn of what makes a page one not to rely on."""
    alarm = alarm_of(page["facts"], failed=failed) if page["status"] == "failed" else ""
    if page["status"] == EDITED:
        alarm = warning()
    return alarm + (no_run(page["refused"]) if page["refused"] else "")


def alarm_of(facts: dict[str, Any], *, failed: bool) -> str:
    """Warn of a chapter that failed, and lead to the cell where it did."""
    head, warning = _("This run failed."), _("Do not rely on what this page says.")
    see = _("See where.")
    where = f' <a href="#failed">{see}</a>' if failed else ""
    why = _("The cell that failed says why.")
    if facts.get("status") == INTERRUPTED:
        why = _("It was interrupted: nobody knows how it would have ended.")
    reason = prose(facts.get("reason") or why)
    return (
        f'<div class="alarm" role="note"><strong>{head}</strong> '
        f"{warning}{where}<p>{reason}</p></div>"
    )


def warning() -> str:
    """Warn of a chapter that was edited since its run has passed."""
    head = _("This chapter has been edited since it was run.")
    said = _("You read the text that was run; nothing proves the new one yet.")
    return (
        f'<div class="alarm is-edited" role="note"><strong>{head}</strong> {said}</div>'
    )


def no_run(time: str) -> str:
    """Warn that the newest try of a chapter, in vain, is not what the page shows."""
    head = _("The newest try made no run.")
    said = _(
        "On {time} there was no host for this chapter: what you read is from before."
    ).format(time=f"{time[:10]} {time[11:16]} UTC")
    return (
        f'<div class="alarm is-edited" role="note"><strong>{head}</strong> {said}</div>'
    )


def took(step: dict[str, Any] | None) -> str:
    """Write how long a step took, or the answer that it got instead of being run."""
    if step is None:
        return ""
    if step["answer"]:
        said = str(ANSWERS.get(step["answer"], step["answer"]))
    else:
        said = f"{step['seconds']:.{2 if step['seconds'] < 1 else 1}f} s"
    if step["attempts"] > 1:
        said += ", " + _("{count} attempts").format(count=step["attempts"])
    return f'<p class="took">{said}</p>'
