"""The commons of computing power of this installation, and who a body is in it.

It refuses to know pages.

Rules
1. A request opens the commons and closes it: no connection outlives it.
2. A body is one account, which no other body's code leads to.
3. Where the pack says nothing of computing power, or the extra `compute` is not there, there is no
   such page.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec

from django.conf import settings
from django.http import Http404

from licet.compute.commons import Commons, open_commons
from licet.portal.accounts.models import Body
from licet.portal.pack import pack
from licet.rulebook import ComputeRules

_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


@cache
def _installed() -> bool:
    return find_spec("scipy") is not None


def is_shared() -> bool:
    """Whether this installation shares computing power (rule 3)."""
    return pack().computing is not None and _installed()


def rules() -> ComputeRules:
    """What the pack says of computing power. Raises Http404 (rule 3)."""
    found = pack().computing
    if found is None or not _installed():
        raise Http404
    return found


@contextlib.contextmanager
def opened() -> Iterator[Commons]:
    """The commons, for the block."""
    commons = open_commons(settings.LICET_HOME / "compute", rules().sharing)
    try:
        yield commons
    finally:
        commons.close()


def account_of(body: Body) -> str:
    """The account of a body: its code where that will do as it stands, else a mark of it."""
    if _ACCOUNT.fullmatch(body.code) and not body.code.startswith("b-"):
        return str(body.code)
    return f"b-{hashlib.sha256(body.code.encode()).hexdigest()[:16]}"


def names() -> Mapping[str, Mapping[str, str]]:
    """The names of bodies by their accounts."""
    return {account_of(body): body.name for body in Body.objects.exclude(kind="family")}
