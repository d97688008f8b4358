"""What a regime says of minors: ages, time, features, spending, guardians. Values only.

It refuses to know who is a minor and what time it is; `licet.minors` decides.

Rules
1. Ages are thresholds in whole years; a birth date has no place here.
2. Times of day are minutes after midnight in `time_zone`. Hours whose end does not lie after their
   beginning run over midnight.
3. Every number is a Parameter of the pack, with source and status.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from licet.rulebook.grounds import Provenance, Text
from licet.rulebook.workdays import Calendar

FeatureRule = Literal["never", "guardian", "on"]
"""For minors `never` · off until a `guardian` turns it on · `on` until a guardian turns it off."""

Loosening = Literal["daily", "curfew"]
Weekday = Literal[
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "holiday"
]
MakeUp = Literal["as_weekday", "as_workday"]


@dataclass(frozen=True, slots=True)
class Band:
    """An age band: everybody under `below` years who is in no band before it."""

    id: str
    name: Text
    below: int


@dataclass(frozen=True, slots=True)
class UseRule:
    """What counts as use. Two signs of life at most `gap_s` apart are one use; an answer is read
    at `reading_characters_per_minute`, for `reading_s_max` at most; who was away for `pause_s`
    has paused; counts of a day are kept for `keep_days`."""

    gap_s: int
    reading_characters_per_minute: int
    reading_s_max: int
    pause_s: int
    keep_days: int


@dataclass(frozen=True, slots=True)
class Hours:
    """From `start_min` up to and without `end_min`, in minutes after midnight (rule 2)."""

    start_min: int
    end_min: int


@dataclass(frozen=True, slots=True)
class Window:
    """Use is allowed in these hours of these days alone. `make_up`: what a day of rest is that is
    worked in exchange."""

    days: frozenset[Weekday]
    hours: Hours
    make_up: MakeUp


@dataclass(frozen=True, slots=True)
class Profile:
    """The time rules of a kind of service.

    `daily_min`: minutes of use a day by band, empty where no total is set. `guardian`: what a
    guardian may loosen. After each `pause_min` of use without a pause a reminder to pause is
    due, after each `reality_min` one that this is no person (0: none). An answer that runs may go
    on for `grace_s`.
    """

    id: str
    name: Text
    rests_on: Text
    limited: bool
    guardian: frozenset[Loosening]
    consent_required: bool
    grace_s: int
    daily_min: Mapping[str, int]
    window: Window | None
    curfew: Hours | None
    pause_min: int
    reality_min: int


@dataclass(frozen=True, slots=True)
class Feature:
    """Something a service can do, and whether it may for minors."""

    id: str
    name: Text
    minors: FeatureRule


@dataclass(frozen=True, slots=True)
class Spending:
    """Caps in yuan: at one time, and in a calendar month."""

    once_yuan: int
    month_yuan: int


@dataclass(frozen=True, slots=True)
class HelpLine:
    """A telephone number that helps in a crisis."""

    id: str
    name: Text
    number: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Cry:
    """Whole phrases by which people say of themselves that they need help, in one language."""

    id: str
    phrases: tuple[str, ...]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Crisis:
    """Categories of the guard at which help is shown, whatever the time, and the help. Who says
    one of the `cries` is in a crisis whatever the guard finds."""

    categories: frozenset[str]
    help: Text
    lines: Mapping[str, HelpLine]
    cries: Mapping[str, Cry]


@dataclass(frozen=True, slots=True)
class MinorsRules:
    """Everything the law and the pack say of minors. `bands` stand in order, the last ends where
    a person is `adult`. `thresholds` are the ages that a signal may speak of, in order."""

    time_zone: str
    calendar: Calendar
    adult: int
    guardian_consent_under: int
    child_consents_from: int
    bands: Mapping[str, Band]
    use: UseRule
    profiles: Mapping[str, Profile]
    features: Mapping[str, Feature]
    spending: Mapping[str, Spending]
    invitation_hours: int
    extra_min_max: int
    request_hours: int
    appeal_answer_days: int
    cell_min: int
    crisis: Crisis

    @property
    def thresholds(self) -> tuple[int, ...]:
        ages = {band.below for band in self.bands.values()}
        return tuple(sorted(ages | {self.guardian_consent_under, self.child_consents_from}))

    @property
    def shelves(self) -> tuple[Mapping[str, Entry], ...]:
        """Everything that bears an id, as `profile.chat`."""
        kinds: Mapping[str, Mapping[str, Entry]] = {
            "band": self.bands,
            "profile": self.profiles,
            "feature": self.features,
            "help_line": self.crisis.lines,
            "cry": self.crisis.cries,
        }
        return tuple({f"{kind}.{i}": e for i, e in shelf.items()} for kind, shelf in kinds.items())


Entry = Band | Profile | Feature | HelpLine | Cry
