"""Age signals: that a person has reached some ages and not others, who says so, and until when.

It refuses to know birth dates, names and numbers of documents, and refuses them by name where
somebody sends one.

Rules
1. Only thresholds of the pack may be spoken of. What is said is the highest one reached and the
   lowest one not reached; more would be a way to a birth date.
2. A signal that has expired says nothing.
3. Where a signal leaves a choice between bands, the youngest holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from licet.base.trouble import BadInput
from licet.rulebook.minors import Band, MinorsRules

Method = Literal[
    "real_name_service", "document", "credential", "guardian", "payment", "estimate", "declared"
]
Assurance = Literal["low", "substantial", "high"]
Standing = Literal["adult", "minor", "unknown"]
METHODS: tuple[Method, ...] = get_args(Method)
ASSURANCES: tuple[Assurance, ...] = get_args(Assurance)

C = TypeVar("C", bound=str)
_SOURCE = re.compile(r"[a-z][a-z._-]{0,39}")  # no digit: no place for a number of anybody
_FIELDS = frozenset(("method", "assurance", "over", "under", "issued_ms", "expires_ms", "source"))
_PERSONAL = re.compile(r"birth|dob|born|name|id_?(card|num|no)|document|passport|phone|^pi$|^age$")
_LIFE_MS_MAX = 400 * 86_400_000
_MOMENT_MS_MAX = 1 << 52


@dataclass(frozen=True, slots=True)
class AgeSignal:
    """`over`: the highest threshold reached, 0 for none. `under`: the lowest one not reached, None
    where nothing is said of it. `source` names who vouches for it, in lower-case letters."""

    method: Method
    assurance: Assurance
    over: int
    under: int | None
    issued_ms: int
    expires_ms: int
    source: str


def standing(signal: AgeSignal | None, rules: MinorsRules, now_ms: int) -> Standing:
    """What a signal says at a moment (rule 2)."""
    if signal is None or not signal.issued_ms <= now_ms < signal.expires_ms:
        return "unknown"
    if signal.over >= rules.adult:
        return "adult"
    return "minor" if signal.under is not None and signal.under <= rules.adult else "unknown"


def band_of(signal: AgeSignal | None, rules: MinorsRules) -> Band:
    """The age band that holds: the youngest that the signal allows (rule 3)."""
    over = signal.over if signal else 0
    bands = tuple(rules.bands.values())
    return next((band for band in bands if over < band.below), bands[-1])


def parse_signal(raw: object, rules: MinorsRules) -> AgeSignal:
    """The signal in a JSON object. Raises BadInput naming the field, and never its value."""
    if not isinstance(raw, Mapping):
        raise BadInput("an age signal is a JSON object.", hint=f"Fields: {_listed(_FIELDS)}.")
    for name in raw:
        if name not in _FIELDS:
            raise _unknown(str(name))
    method: Method = _choice(raw, "method", METHODS)
    assurance: Assurance = _choice(raw, "assurance", ASSURANCES)
    allowed = rules.thresholds
    over = _whole(raw.get("over", 0), "over", (0, *allowed))
    under = None if raw.get("under") is None else _whole(raw["under"], "under", allowed)
    if under is not None and under <= over:
        raise BadInput("under: lies not above over.", hint="Say under: 16 with over: 14.")
    issued, expires = (_moment(raw, name) for name in ("issued_ms", "expires_ms"))
    if not issued < expires <= issued + _LIFE_MS_MAX:
        raise BadInput(
            "expires_ms: is not after issued_ms, or more than 400 days after it.",
            hint="A signal lasts 400 days at most; then register it anew.",
        )
    source = raw.get("source")
    if not isinstance(source, str) or not _SOURCE.fullmatch(source):
        raise BadInput(
            "source: will not do.",
            hint="Up to 40 lower-case letters, dots or hyphens, such as acme.id-check.",
        )
    return AgeSignal(method, assurance, over, under, issued, expires, source)


def signal_as_json(signal: AgeSignal) -> dict[str, object]:
    """What `parse_signal` reads."""
    return {
        "method": signal.method,
        "assurance": signal.assurance,
        "over": signal.over,
        "under": signal.under,
        "issued_ms": signal.issued_ms,
        "expires_ms": signal.expires_ms,
        "source": signal.source,
    }


def _unknown(name: str) -> BadInput:
    shown = name if re.fullmatch(r"[A-Za-z_]{1,40}", name) else "a field"
    if _PERSONAL.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()):
        return BadInput(
            f"{shown}: is not taken here.",
            hint="Send the ages that the person has reached (over) and not reached (under), only.",
        )
    return BadInput(f"{shown}: unknown field.", hint=f"Fields: {_listed(_FIELDS)}.")


def _choice(raw: Mapping[str, object], name: str, allowed: tuple[C, ...]) -> C:
    found = next((word for word in allowed if word == raw.get(name)), None)
    if found is None:
        raise BadInput(f"{name}: will not do.", hint=f"One of {', '.join(allowed)}.")
    return found


def _whole(value: object, name: str, allowed: tuple[int, ...]) -> int:
    if type(value) is not int or value not in allowed:
        ages = ", ".join(map(str, allowed))
        raise BadInput(f"{name}: is no age threshold of the pack.", hint=f"One of {ages}.")
    return value


def _moment(raw: Mapping[str, object], name: str) -> int:
    value = raw.get(name)
    if type(value) is not int or not 0 <= value < _MOMENT_MS_MAX:
        raise BadInput(f"{name}: is no moment.", hint="Milliseconds since 1970 (UTC).")
    return value


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
