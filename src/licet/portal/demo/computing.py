"""Computing power of the demonstration: pools of two bodies, a customer that paid, jobs that run.

It refuses to write a table itself: what happens here, people could do.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from licet.compute.commons import Commons, Task, local, paid
from licet.compute.model import Need, Pool, Speed
from licet.compute.roundlog import entering
from licet.portal.accounts.models import Body
from licet.portal.compute.store import account_of, is_shared, opened
from licet.portal.demo.computing_past import Enter, PastJob, recite

HOUR_S, DAY_S = 3600, 86_400


def share(told: dict[str, Any], now: datetime) -> None:
    """Make the pools, payments and jobs that the world tells of, at this moment."""
    if not is_shared():
        return
    at_s = int(now.timestamp())
    past = _past(told["past"], at_s)
    begun_s = min(job.asked_s for job in past) - DAY_S
    with opened() as commons:
        for one in told["pool"]:
            fields = {name: value for name, value in one.items() if name != "body"}
            commons.add_pool(Pool(supplier="", **fields), _account(one["body"]), begun_s)
        for one in told["paid"]:
            commons.pay_in(_account(one["body"]), one["fen"], one["paper"], begun_s)
        today = local(commons)
        recite(commons, past, today.containers(), _entering)
        commons.tick(today, at_s, take_over=True)  # nobody waits for it: nothing is under way
        for n, one in enumerate(told["job"]):
            _run(commons, one, n, at_s)


def _past(told: list[dict[str, Any]], at_s: int) -> list[PastJob]:
    return [
        PastJob(_account(one["body"]), at_s - round(days * DAY_S), gang, one["speed"],
                hours * HOUR_S)
        for one in told
        for days, gang, hours in one["jobs"]
    ]  # fmt: skip


def _entering(at_s: int) -> Enter:
    home, now = settings.LICET_HOME, datetime.fromtimestamp(at_s, UTC)
    return entering(home / "compute" / "ledger", home / "keys", now, secrets.token_bytes)


def _run(commons: Commons, one: dict[str, Any], n: int, at_s: int) -> None:
    me = _account(one["body"])
    speeds = {
        kind: Speed(value, "assumed", "demonstration", at_s)
        for kind, value in one["speed"].items()
    }  # fmt: skip
    due_s = at_s + one["within_s"] if "within_s" in one else None
    need = Need("", me, one["work"], one["unit"], speeds, gang=one["gang"], due_s=due_s)
    asked = commons.ask(need, at_s, lambda size: hashlib.sha256(bytes([n])).digest()[:size])
    if one.get("script"):
        task = Task(one["script"], "", one["longest_s"], paid(me))
        commons.accept(asked.id, me, task, at_s)


def _account(code: str) -> str:
    return account_of(Body.objects.get(code=code))
