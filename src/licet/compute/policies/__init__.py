"""Who should get how much of what: small policies behind one interface (`round.Policy`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from licet.compute.policies.maxmin import MaxMinTime, MaxMinWork
from licet.compute.policies.promise import Promise
from licet.compute.policies.queues import Backfill, Drf, Fifo
from licet.compute.round import Policy
from licet.rulebook.computing import SharingRule

# By name, made by what the pack says of sharing.
POLICIES: Mapping[str, Callable[[SharingRule], Policy]] = MappingProxyType(
    {
        "fifo": lambda _: Fifo(),
        "backfill": lambda _: Backfill(),
        "drf": lambda _: Drf(),
        "max-min-time": lambda _: MaxMinTime(),
        "max-min-work": lambda _: MaxMinWork(),
        "promise": lambda rule: Promise(rule.fair_times, rule.haste),
    }
)
