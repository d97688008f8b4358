"""What a gateway is to hear: told at once where it answers, again and again where it does not.

It refuses to know what a deed means and who called for it.

Rules
1. Errands about one child are told in their order; one that waits holds up those behind it.
2. Each is whole in itself and may be told twice: settings are set, not changed; more time bears
   the request that it answers. One thread tells at a time, so that nothing old comes after new.
3. What the gateway refuses is not told again: it answered, and `refused` tells whoever asked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from licet.base.trouble import Unavailable
from licet.portal.families import gateway
from licet.portal.families.models import Child, Errand

AT_ONCE = 200
Refused = Callable[[Errand], None]
_TELLING = threading.Lock()


def send(child: Child, deed: str, body: dict[str, Any], now: datetime) -> Errand:
    """Put down what the gateway is to hear; call inside the transaction that calls for it."""
    return Errand.objects.create(child=child, deed=deed, body=body, at=now)


def tell(child: Child, refused: Refused | None = None) -> bool:
    """Tell everything that waits about a child; False where the gateway gave no answer."""
    with _TELLING:
        while (errand := _first(child)) is not None:
            try:
                said = gateway.ask(errand.deed, user=child.reference, **errand.body)
            except Unavailable:
                return False
            errand.state, errand.said = ("done" if said.ok else "refused"), said.body
            errand.save()
            if refused is not None and not said.ok:
                refused(errand)
    return True


def _first(child: Child) -> Errand | None:
    return Errand.objects.filter(child=child, state="waiting").order_by("id").first()


def tell_all(refused: Refused | None = None) -> int:
    """Tell everything that waits, child by child; how much was told. Stops at silence."""
    waiting = Errand.objects.filter(state="waiting")
    told = 0
    children = waiting.order_by("id").values_list("child", flat=True)[:AT_ONCE]
    for child in Child.objects.filter(pk__in=list(children)):
        before = waiting.filter(child=child).count()
        if not tell(child, refused):
            break
        told += before
    return told


def waiting(child: Child) -> bool:
    """Whether something has not been heard yet."""
    return Errand.objects.filter(child=child, state="waiting").exists()
