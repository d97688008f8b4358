"""Files that come before the message that names them: examined like those of pages, kept for days.

It refuses to know cases; `kinds` gives a case the files that its answers name.

Rules
1. What is sent is what the address says: its SHA-256 is compared before anything is kept.
2. What a provider may have waiting is bounded in files and bytes; what waits too long is let go.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import Count, Sum

from licet.base.canonical import sha256_hex
from licet.base.trouble import BadInput, Corrupt, TooMuch
from licet.credentials.message import NotTaken
from licet.portal.accounts.models import Body
from licet.portal.api.models import Upload
from licet.portal.design.words import sentences
from licet.portal.dossiers.models import Exhibit
from licet.portal.dossiers.travelling import own_file
from licet.portal.filings import uploads
from licet.portal.filings.models import Attachment
from licet.rulebook.procedure import Limits

WAITING_FILES_MAX = 200
WAITING_BYTES_MAX = 1 << 30
WAIT_MAX = timedelta(days=35)
"""Longer than a message is good for."""


def take_file(
    body: Body, sha256: str, name: str, data: bytes, limits: Limits, home: Path, now: datetime
) -> Upload:
    """The file, kept until a message names it. Raises NotTaken or TooMuch."""
    if sha256_hex(data) != sha256:
        raise NotTaken("unfit-file", "what came is not what the address says.", hint="Compare.")
    taken = _own(name, data) or uploads.examine(name, data, limits)
    if isinstance(taken, uploads.Unfit):
        raise NotTaken(
            "unfit-file", sentences()[f"wrong.{taken.code}"]["en"].format(**taken.params)
        )
    let_go(now, home)
    held = Upload.objects.filter(body=body)
    known = held.filter(sha256=sha256, name=taken.name).first()
    if known is not None:
        return known
    sums = held.aggregate(files=Count("id"), bytes=Sum("size"))
    if sums["files"] >= WAITING_FILES_MAX or (sums["bytes"] or 0) + len(data) > WAITING_BYTES_MAX:
        raise TooMuch("too many files wait here for a message.", hint="File, or come later.")
    uploads.put(home, taken)
    return Upload.objects.get_or_create(
        body=body, sha256=sha256, name=taken.name,
        defaults={"kind": taken.kind, "size": len(data), "at": now},
    )[0]  # fmt: skip


def _own(name: str, data: bytes) -> uploads.Taken | None:
    try:
        return own_file(name, data)
    except (BadInput, Corrupt) as unfit:
        raise NotTaken("unfit-file", f"{unfit}") from None


def let_go(now: datetime, home: Path) -> int:
    """Forget what waited too long; its bytes too, where no case has them. Gives how many."""
    late = list(Upload.objects.filter(at__lt=now - WAIT_MAX)[:WAITING_FILES_MAX])
    for one in late:
        with transaction.atomic():
            one.delete()
            elsewhere = (
                Upload.objects.filter(sha256=one.sha256).exists()
                or Attachment.objects.filter(sha256=one.sha256).exists()
                or Exhibit.objects.filter(sha256=one.sha256).exists()
            )
        if not elsewhere:
            uploads.path_of(home, one.sha256).unlink(missing_ok=True)
    return len(late)
