"""The outbox is emptied: files first, then the message, then its receipt is checked and kept.

It refuses to know what a message asks for.

Rules
1. Only the authority's own word ends a message: a receipt that verifies, or a problem with a code
   that nothing but mending changes. Whatever else answers is on the way: it is tried again.
2. Who sends has taken the message for a time first, by moving its next try; whoever dies sending
   has lost that time and nothing else. Two who send at once hurt nobody: it is taken once.
3. Messages about one case are sent in their order.
4. After a failure the wait doubles, up to a bound, with some chance in it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec
from django.conf import settings

from licet.base.ids import Chance
from licet.base.trouble import BadInput, Corrupt, Unavailable
from licet.credentials.message import Receipt, read_receipt
from licet.portal.api.shapes import FileAnswer
from licet.portal.filings.uploads import path_of
from licet.portal.outbox.line import Answer, Line
from licet.portal.outbox.linking import access, link, receipt_keys
from licet.portal.outbox.models import Link, Outgoing, OutgoingFile

LEASE = timedelta(minutes=5)
WAIT_FIRST_S, WAIT_LAST_S = 2, 900
AT_ONCE = 50
PASSING = frozenset({"not-yet", "missing-attachment", "too-many"})
"""Problems that pass by themselves, or once a file is there."""

Ending = Literal["done", "refused", "not_taken"]


def deliver(line: Line, now: datetime, chance: Chance) -> int:
    """Send what is due; gives how many messages got their answer."""
    settled = 0
    for one in _due(now):
        if _take(one, now):
            settled += _send(one, link(), line, now, chance)
    return settled


def waiting() -> int:
    """How many messages have no answer yet."""
    return int(Outgoing.objects.filter(state="waiting").count())


def hasten(now: datetime) -> None:
    """What waits for a later try is due now: somebody is looking."""
    Outgoing.objects.filter(state="waiting", next_try__gt=now, tries__gt=0).update(next_try=now)


def _due(now: datetime) -> list[Outgoing]:
    """The messages that are due, of each case the first alone."""
    seen: set[str] = set()
    found = []
    for one in Outgoing.objects.filter(state="waiting").order_by("made", "id").iterator():
        if one.subject not in seen and one.next_try <= now:
            found.append(one)
            if len(found) == AT_ONCE:
                break
        seen.add(one.subject)
    return found


def _take(one: Outgoing, now: datetime) -> bool:
    """Rule 2."""
    untaken = Outgoing.objects.filter(pk=one.pk, state="waiting", next_try=one.next_try)
    one.next_try = now + LEASE
    one.tries += 1
    return bool(untaken.update(next_try=one.next_try, tries=one.tries))


def _send(one: Outgoing, to: Link, line: Line, now: datetime, chance: Chance) -> bool:
    """Whether the message has its answer now."""
    try:
        unfit = _send_files(one, to, line, now)
        answer = unfit or line.ask(
            "POST", "/api/v1/messages", data=one.token.encode(), media_type="application/jose"
        )
        ending, code, detail = _heard(one, to, answer)
    except Unavailable as silence:
        ending, code, detail = None, "unreachable", str(silence)
    if code == "missing-attachment":
        one.files.update(sent=False)
    if ending is None:
        _later(one, code, detail, now, chance)
        return False
    Outgoing.objects.filter(pk=one.pk).update(
        state=ending, code=code, detail=detail[:1000],
        receipt=answer.data.decode() if ending != "not_taken" else "",
    )  # fmt: skip
    return True


def _send_files(one: Outgoing, to: Link, line: Line, now: datetime) -> Answer | None:
    """The answer that stops the message, where a file is not taken; None where all are there."""
    for file in OutgoingFile.objects.filter(message=one, sent=False):
        path = f"/api/v1/attachments/{file.sha256}?{urlencode({'name': file.name})}"
        data = path_of(settings.LICET_HOME, file.sha256).read_bytes()
        answer = line.ask(
            "PUT", path, data=data, media_type="application/octet-stream",
            bearer=access(to, "PUT", path, now),
        )  # fmt: skip
        if answer.status != 201 or not _names(answer, file.sha256):
            return answer
        OutgoingFile.objects.filter(pk=file.pk).update(sent=True)
    return None


def _names(answer: Answer, sha256: str) -> bool:
    """Whether an authority says that it has this file (rule 1)."""
    try:
        return msgspec.json.decode(answer.data, type=FileAnswer).sha256 == sha256
    except msgspec.DecodeError:
        return False


def _heard(one: Outgoing, to: Link, answer: Answer) -> tuple[Ending | None, str, str]:
    """What an answer makes of a message: its end where it has one, the code, and words."""
    if answer.status in (200, 201):
        try:
            receipt = check_receipt(one, answer.data.decode("ascii", "replace"), to)
        except (BadInput, Corrupt) as false:
            return None, "false-receipt", str(false)
        no: Any = receipt.refusal or {}
        return receipt.outcome, str(no.get("code", "")), str(no.get("said", {}).get("en", ""))
    said = problem_in(answer)
    code = str(said.get("code", "")) or f"status-{answer.status}"
    final = said and answer.status < 500 and answer.status != 429 and code not in PASSING
    return "not_taken" if final else None, code[:64], str(said.get("detail", ""))


def check_receipt(one: Outgoing, token: str, of: Link) -> Receipt:
    """The receipt of a message, held against what was sent. Raises BadInput or Corrupt."""
    receipt = read_receipt(token.strip(), receipt_keys(of), one.token)
    if (receipt.message, receipt.provider) != (one.pk, of.provider):
        raise Corrupt("the receipt is about another message.")
    return receipt


def problem_in(answer: Answer) -> dict[str, Any]:
    """The problem that an authority states; empty where the answer is not its word (rule 1)."""
    if answer.media_type != "application/problem+json":
        return {}
    try:
        said = msgspec.json.decode(answer.data, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
    return said if isinstance(said.get("code"), str) else {}


def _later(one: Outgoing, code: str, detail: str, now: datetime, chance: Chance) -> None:
    """Rule 4."""
    most_s = min(WAIT_LAST_S, WAIT_FIRST_S * 2 ** min(one.tries - 1, 20))
    wait_s = most_s * (0.5 + int.from_bytes(chance(2), "big") / 131_072)
    Outgoing.objects.filter(pk=one.pk).update(
        next_try=now + timedelta(seconds=wait_s), code=code, detail=detail[:1000]
    )
