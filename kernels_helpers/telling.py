"""Tell others what was found: a webhook and an e-mail."""

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any

from kernels_helpers import references
from kernels_helpers.errors import DockbookError, UsageError
from kernels_helpers.kinds import MisfitError

ANSWERS = 10.0  # seconds
SBIN = "/usr/sbin:/usr/lib"  # where sendmail is on a system that has it


def webhook_url(reference: str) -> str:
    """Fetch the URL of a webhook, which is a secret; UsageError when it is none."""
    try:
        references.Reference().check(reference)
    except MisfitError as misfit:
        raise UsageError(f"--webhook: {misfit}") from None
    url = references.resolve({"webhook": reference})["webhook"]
    if not url.startswith(("https://", "http://")):
        raise UsageError("--webhook: what it refers to (not shown) is no http(s) URL")
    return url


def post(url: str, told: Mapping[str, Any]) -> None:
    """Send JSON to a webhook. Raises DockbookError, which does not name the URL."""
    request = urllib.request.Request(  # noqa: S310 - webhook_url has seen to it
        url,
        data=json.dumps(told).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(request, timeout=ANSWERS).close()  # noqa: S310
    except urllib.error.HTTPError as error:
        raise DockbookError(f"the webhook refused it: HTTP {error.code}") from None
    except (OSError, ValueError) as error:
        reason = type(getattr(error, "reason", error)).__name__
        raise DockbookError(f"the webhook was not reached: {reason}") from None


def mailer() -> str:
    """Find the system's sendmail; UsageError where there is none."""
    found = shutil.which("sendmail") or shutil.which("sendmail", path=SBIN)
    if found is None:
        raise UsageError("--mail: this machine has no sendmail: use --webhook")
    return found


def mail(sendmail: str, address: str, subject: str, text: str) -> None:
    """Send a mail by the system's sendmail. Raises DockbookError."""
    message = EmailMessage()
    message["To"], message["Subject"] = address, subject
    message.set_content(text)
    done = subprocess.run(
        [sendmail, "-t", "-i"],
        input=message.as_bytes(),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise DockbookError(f"sendmail exited with {done.returncode}: {said}")
