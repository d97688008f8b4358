"""What guardians decide for a child: hours, totals, features, spending, more time for once.

It refuses to know who the guardian is and how they said so.

Rules
1. A guardian may always tighten. What may be loosened, the profile says; whatever else a setting
   asks for has no effect, and `check_settings` tells so before it is kept.
2. More time for once (`Extra`) adds to the total of the day on which it was given, and opens
   closed hours while it lasts, where the profile lets a guardian loosen both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from licet.rulebook.minors import Band, Hours, MinorsRules, Profile

QUIET_MAX = 14
EXTRAS_MAX = 20
WEEK = range(7)  # Monday is 0


@dataclass(frozen=True, slots=True)
class Quiet:
    """No use in these hours. Hours over midnight belong to the day on which they begin."""

    days: frozenset[int]
    hours: Hours


@dataclass(frozen=True, slots=True)
class Extra:
    """More time, given at `start_ms`: `more_ms` on that day's total, open until `end_ms`. `id` is
    that of the request which it answers, given once however often it is told; empty for none."""

    start_ms: int
    end_ms: int
    more_ms: int
    id: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """`daily_min`: minutes by day of the week, instead of the pack's. `features`: on or off, where
    the pack leaves the choice. `month_yuan`: a cap below the pack's."""

    daily_min: Mapping[int, int] = field(default_factory=dict)
    quiet: tuple[Quiet, ...] = ()
    curfew_off: bool = False
    features: Mapping[str, bool] = field(default_factory=dict)
    month_yuan: int | None = None
    extras: tuple[Extra, ...] = ()


NO_SETTINGS = Settings()


@dataclass(frozen=True, slots=True)
class Fault:
    """A setting that will not do: which, and the stable code of why."""

    setting: str
    code: str


def check_settings(
    settings: Settings, rules: MinorsRules, profile: Profile, band: Band
) -> tuple[Fault, ...]:
    """Everything in a guardian's settings that the pack does not allow; empty if nothing."""
    faults = []
    total = profile.daily_min.get(band.id)
    for day, minutes in settings.daily_min.items():
        if day not in WEEK or not 0 <= minutes <= 1440:
            faults.append(Fault(f"daily_min.{day}", "out_of_range"))
        elif total is not None and minutes > total and "daily" not in profile.guardian:
            faults.append(Fault(f"daily_min.{day}", "not_yours_to_loosen"))
    if settings.curfew_off and "curfew" not in profile.guardian:
        faults.append(Fault("curfew_off", "not_yours_to_loosen"))
    if len(settings.quiet) > QUIET_MAX:
        faults.append(Fault("quiet", "too_many"))
    for number, quiet in enumerate(settings.quiet):
        times = (quiet.hours.start_min, quiet.hours.end_min)
        if not quiet.days <= set(WEEK) or not all(0 <= t < 1440 for t in times):
            faults.append(Fault(f"quiet.{number}", "out_of_range"))
        elif times[0] == times[1]:
            faults.append(Fault(f"quiet.{number}", "empty"))
    for name, on in settings.features.items():
        if name not in rules.features:
            faults.append(Fault(f"features.{name}", "unknown"))
        elif on and rules.features[name].minors == "never":
            faults.append(Fault(f"features.{name}", "not_yours_to_loosen"))
    cap = settings.month_yuan
    if cap is not None and not 0 <= cap <= rules.spending[band.id].month_yuan:
        faults.append(Fault("month_yuan", "not_yours_to_loosen" if cap > 0 else "out_of_range"))
    return tuple(faults)


def features_off(settings: Settings, rules: MinorsRules) -> frozenset[str]:
    """The features that this child may not use."""
    return frozenset(
        name
        for name, feature in rules.features.items()
        if feature.minors == "never" or not settings.features.get(name, feature.minors == "on")
    )
