"""What is kept of a minor: the age signal, a guardian's consent and settings, what was spent this
month, which kinds of use there were on a day, when help in a crisis was given. As one JSON text.

It refuses to know names, birth dates and numbers: there is no field for any.

Rules
1. A text that is not understood is refused; nothing is guessed.
2. More time that was given and is over for a day is dropped when a record is written; so is what
   is older than `KEPT_DAYS` of the kinds of use and the times at which help was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import msgspec

from licet.base.trouble import BadInput, Corrupt
from licet.minors.settings import EXTRAS_MAX, NO_SETTINGS, Settings
from licet.minors.signal import AgeSignal
from licet.minors.spending import NOTHING, Spent
from licet.minors.zone import DAY_MS, iso_day

RECORD_BYTES_MAX = 32_768
ALERTS_MAX = 20
KEPT_DAYS = 35
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Alert:
    """Help in a crisis was given at `at_ms`, for a `category` of the guard. No text is kept."""

    at_ms: int
    category: str


@dataclass(frozen=True, slots=True)
class MinorRecord:
    """`consented`: a guardian has agreed to the service. `linked`: a guardian is there to ask."""

    signal: AgeSignal
    consented: bool = False
    linked: bool = False
    settings: Settings = NO_SETTINGS
    spent: Spent = NOTHING
    alerts: tuple[Alert, ...] = ()
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By day (`2026-03-09`): `text`, and names of features."""


def write_record(record: MinorRecord, now_ms: int) -> str:
    """The record as JSON. Raises BadInput where it is too large to keep."""
    extras = tuple(e for e in record.settings.extras if e.end_ms > now_ms - DAY_MS)
    if len(extras) > EXTRAS_MAX:
        raise BadInput("more time was given too often.", hint="Change the daily total instead.")
    alerts = [one for one in record.alerts if one.at_ms > now_ms - KEPT_DAYS * DAY_MS]
    first = iso_day(_EPOCH + now_ms // DAY_MS - KEPT_DAYS)
    kept = replace(
        record,
        kinds={day: kinds for day, kinds in record.kinds.items() if day >= first},
        settings=replace(record.settings, extras=extras),
        alerts=tuple(alerts[-ALERTS_MAX:]),
    )
    text = msgspec.json.encode(kept).decode()
    if len(text) > RECORD_BYTES_MAX:
        raise BadInput("the settings are too long.", hint="Fewer quiet hours will do.")
    return text


def read_record(text: str) -> MinorRecord:
    """The record in a text that `write_record` made. Raises Corrupt for any other."""
    try:
        return msgspec.json.decode(text, type=MinorRecord)
    except msgspec.MsgspecError:
        raise Corrupt(
            "a record of a minor cannot be read.",
            hint="Register the age signal anew; the guardian's settings must be set anew too.",
        ) from None


def parse_settings(raw: object) -> Settings:
    """The settings in a JSON object. Raises BadInput; `check_settings` judges what they ask."""
    fields = tuple(Settings.__dataclass_fields__)
    if isinstance(raw, Mapping) and set(raw) <= set(fields):
        try:
            return msgspec.convert(raw, Settings, str_keys=True)
        except msgspec.ValidationError as error:
            raise BadInput(f"settings: {error}.", hint=f"Fields: {', '.join(fields)}.") from None
    raise BadInput("settings: not an object, or an unknown field.", hint=", ".join(fields) + ".")
