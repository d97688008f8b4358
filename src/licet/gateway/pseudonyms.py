"""Pseudonyms of users, under keys that change: nobody is followed for longer than the pack allows.

It refuses to know who the users are: a reference comes in, a keyed digest goes out.
"""

from __future__ import annotations

from collections.abc import Container

from licet.base.clock import Clock
from licet.ledger.keyfiles import PeriodKeys, period_name
from licet.ledger.seal import pseudonym


class Pseudonyms:
    """`days` is the length of a period, and so the longest life of a key (pack: pseudonym_key)."""

    def __init__(self, keys: PeriodKeys, days: int, clock: Clock) -> None:
        self._keys = keys
        self._days = days
        self._clock = clock

    def of(self, reference: str) -> str:
        """The pseudonym of a user reference in the present period."""
        period = period_name(self._clock.now(), self._days)
        return pseudonym(reference, self._keys.get(period), period)

    def within(self, reference: str, period: str) -> str | None:
        """The pseudonym in a period that may be over; None where its key is not here any more."""
        key = self._keys.find(period)
        return pseudonym(reference, key, period) if key is not None else None

    def forget_past(self, held: Container[str] = ()) -> int:
        """Destroy the keys of past periods: what they named points at nobody from now on.

        `held` names periods whose key is needed for a while, for a measure in force names somebody
        by it. Copies in backups are the operator's to destroy. Returns how many there were.
        """
        return self._keys.forget_past(period_name(self._clock.now(), self._days), held)
