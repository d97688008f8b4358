"""How a regime publishes what its licences are worth: values and nothing else.

It refuses to know tokens; `licet.credentials` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StatusListRule:
    """Status lists: after `ttl_s` a newer one is asked for, after `valid_s` one counts no more."""

    ttl_s: int
    valid_s: int
