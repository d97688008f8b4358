"""What holds for minors, as lines for a terminal: bands, profiles, features, help lines.

It refuses to know who is a minor; it prints what the pack holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from licet.rulebook.grounds import Provenance
from licet.rulebook.minors import Band, Cry, Entry, Feature, HelpLine, Hours, Profile
from licet.rulebook.model import Pack

_FEATURES = {
    "never": "never",
    "guardian": "once a guardian turns it on",
    "on": "until a guardian turns it off",
}


def minors_lines(entry: Entry, lang: str) -> Iterator[str]:
    """The lines that explain one entry, without what it rests on."""
    match entry:
        case Band():
            yield f"band.{entry.id}  {entry.name[lang]} (below {entry.below})"
        case Feature():
            yield f"feature.{entry.id}  {entry.name[lang]}"
            yield f"minors    {_FEATURES[entry.minors]}"
        case HelpLine():
            yield f"help_line.{entry.id}  {entry.name[lang]}: {entry.number}"
        case Cry():
            yield f"cry.{entry.id}  answered with help at once: {'; '.join(entry.phrases)}"
        case Profile():
            yield f"profile.{entry.id}  {entry.name[lang]}"
            yield f"law       {entry.rests_on[lang]}"
            for band, minutes in entry.daily_min.items():
                yield f"daily     {band}: {minutes} minutes"
            if entry.window:
                yield f"window    {_hours(entry.window.hours)}, {', '.join(entry.window.days)}"
            if entry.curfew:
                yield f"curfew    {_hours(entry.curfew)}"
            yield f"guardian  may loosen: {', '.join(sorted(entry.guardian)) or 'nothing'}"


def minors_grounds(pack: Pack, entry: Entry) -> tuple[Provenance, ...]:
    """What an entry rests on: its own provenance, or that of each number in it, once."""
    if isinstance(entry, HelpLine | Cry):
        return (entry.provenance,)
    stem = f"minors.{entry.id}."
    found = [p.provenance for key, p in pack.parameters.items() if key.startswith(stem)]
    return tuple(one for place, one in enumerate(found) if one not in found[:place])


def _hours(hours: Hours) -> str:
    times = (divmod(minute, 60) for minute in (hours.start_min, hours.end_min))
    return " to ".join(f"{hour:02}:{minute:02}" for hour, minute in times)
