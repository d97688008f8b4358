"""What a licence is worth at a moment, from the token, the authority's keys and lists at hand.

Pure: it asks nobody. It refuses to know where tokens and lists come from and what follows from a
standing.

Rules
1. A token that is not a licence, or that the keys did not sign, is no standing: it is trouble.
2. The licence's own time comes first: one that is over is over, whatever its list says.
3. Of the lists that speak for the moment the newest counts; a clock that is a little behind the
   authority's (`SKEW`) may lean on one that is a little ahead.
4. No list that speaks for the moment, no place in it, a status that nobody knows: unknown-stale,
   and stale is never valid.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from licet.credentials.keys import KeySet
from licet.credentials.licence import Licence, read_licence
from licet.credentials.statuslist import Status, StatusList

State = Literal["valid", "suspended", "revoked", "expired", "not-yet-valid", "unknown-stale"]
STATES: tuple[State, ...] = get_args(State)
SKEW = timedelta(seconds=30)
_STATES: dict[Status | None, State] = {
    Status.VALID: "valid",
    Status.REVOKED: "revoked",
    Status.SUSPENDED: "suspended",
    None: "unknown-stale",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What a licence is worth at the moment `at`, and the list that says so, if one does."""

    state: State
    licence: Licence
    at: datetime
    listed: StatusList | None = None

    @property
    def is_valid(self) -> bool:
        return self.state == "valid"

    @property
    def until(self) -> datetime | None:
        """The first moment at which this may be different without anybody's doing."""
        if self.state == "expired":
            return None
        if self.state == "not-yet-valid":
            return self.licence.begins
        return min(self.licence.ends, self.listed.ends) if self.listed else self.licence.ends


def verify(token: str, keys: KeySet, lists: Iterable[StatusList], now: datetime) -> Standing:
    """The standing at `now` of the licence in `token`.

    `keys` are the authority's; `lists` were read with them (`read_status_list`).
    Raises BadInput for what is not a licence, Corrupt for one that the keys did not sign.
    """
    return standing_of(read_licence(token, keys), lists, now)


def standing_of(licence: Licence, lists: Iterable[StatusList], now: datetime) -> Standing:
    """The same for a licence that has been read: nothing is checked twice. `now` is aware."""
    if now >= licence.ends:
        return Standing("expired", licence, now)
    if now < licence.begins:
        return Standing("not-yet-valid", licence, now)
    listed = _newest(licence, lists, now)
    if listed is None:
        return Standing("unknown-stale", licence, now)
    return Standing(_STATES[listed.status(licence.status.index)], licence, now, listed)


def _newest(licence: Licence, lists: Iterable[StatusList], now: datetime) -> StatusList | None:
    """Rule 3."""
    own = [one for one in lists if one.uri == licence.status.uri]
    speaking = [one for one in own if one.speaks_for(now)]
    if not speaking:
        speaking = [one for one in own if now < one.issued <= now + SKEW and now < one.ends]
    return max(speaking, key=lambda one: one.issued, default=None)
