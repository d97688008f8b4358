"""Who should get how much of what: small policies behind one interface (`round.Policy`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from licet.compute.policies.maxmin import MaxMinTime, MaxMinWork
from licet.compute.policies.promise import Promise
from licet.compute.policies.queues import Backfill, Drf, Fifo
from licet.compute.round import Policy

POLICIES: Mapping[str, Callable[[], Policy]] = MappingProxyType(
    {
        "fifo": Fifo, "backfill": Backfill, "drf": Drf,
        "max-min-time": MaxMinTime, "max-min-work": MaxMinWork, "promise": Promise,
    }
)  # fmt: skip
