"""What a regime says of minors, out of minors.toml.

It refuses to know who is a minor.

Rules
1. Bands stand in order of age, and the last ends where `ages.adult` begins.
2. A daily total is set for every band or for none; so is spending, for every band.
3. A profile that is `limited` sets a daily total or a window.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Protocol, TypeVar, get_args

from licet.rulebook.grounds import Text
from licet.rulebook.minors import (
    Band,
    Crisis,
    Cry,
    Feature,
    FeatureRule,
    HelpLine,
    Hours,
    Loosening,
    MakeUp,
    MinorsRules,
    Profile,
    Spending,
    UseRule,
    Weekday,
    Window,
)
from licet.rulebook.model import Pack
from licet.rulebook.strict import Table

FEATURE_RULES: tuple[FeatureRule, ...] = get_args(FeatureRule)
LOOSENINGS: tuple[Loosening, ...] = get_args(Loosening)
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
MAKE_UPS: tuple[MakeUp, ...] = get_args(MakeUp)

_WORD = r"[a-z][a-z0-9_]*"
_DAY_MIN = 24 * 60
_AGE_MAX = 25  # no regime calls anybody older a minor


class _Named(Protocol):
    @property
    def id(self) -> str: ...


N = TypeVar("N", bound=_Named)


def parse_minors(root: Table, pack: Pack) -> MinorsRules:
    """The MinorsRules of a pack that has its calendar already. Raises BadInput with file, key."""
    languages = pack.languages
    with root.table("ages") as ages:
        adult = ages.integer("adult", 1, _AGE_MAX)
        consent_under = ages.integer("guardian_consent_under", 1, adult)
        consents_from = ages.integer("child_consents_from", 1, adult)
    bands = _bands(root, languages, adult)
    with root.table("spending") as spending:
        caps = {band: _spending(spending, band) for band in bands}
    with root.table("guardians") as guardians:
        invitation_hours = guardians.integer("invitation_hours", 1, 24 * 31)
        extra_min_max = guardians.integer("extra_min_max", 1, _DAY_MIN)
        request_hours = guardians.integer("request_hours", 1, 24 * 7)
    with root.table("appeal") as appeal:
        answer_days = appeal.integer("answer_days", 1, 365)
    with root.table("aggregates") as aggregates:
        cell_min = aggregates.integer("cell_min", 2, 10_000)
    return MinorsRules(
        time_zone=pack.time_zone,
        calendar=pack.procedure.calendar,
        adult=adult,
        guardian_consent_under=consent_under,
        child_consents_from=consents_from,
        bands=bands,
        use=_use(root),
        profiles=_shelf(_profile(row, languages, bands) for row in root.tables("profile")),
        features=_shelf(_feature(row, languages) for row in root.tables("feature")),
        spending=MappingProxyType(caps),
        invitation_hours=invitation_hours,
        extra_min_max=extra_min_max,
        request_hours=request_hours,
        appeal_answer_days=answer_days,
        cell_min=cell_min,
        crisis=_crisis(root, languages, tuple(pack.categories)),
    )


def _bands(root: Table, languages: tuple[str, ...], adult: int) -> Mapping[str, Band]:
    bands: dict[str, Band] = {}
    oldest = 0
    for row in root.tables("band"):
        with row:
            band = Band(
                id=row.text("id", _WORD, '"from12"'),
                name=row.wording("name", languages),
                below=row.integer("below", oldest + 1, adult),
            )
            bands[band.id] = band
            oldest = band.below
    if oldest != adult:
        root.refuse("band", f"ends at {oldest}, ages.adult is {adult}.", "Add the last band.")
    return MappingProxyType(bands)


def _use(root: Table) -> UseRule:
    with root.table("use") as use:
        gap_s = use.integer("gap_s", 1, 3_600)
        return UseRule(
            gap_s=gap_s,
            reading_characters_per_minute=use.integer("reading_characters_per_minute", 1, 10_000),
            reading_s_max=use.integer("reading_s_max", 1, 3_600),
            pause_s=use.integer("pause_s", gap_s, 6 * 3_600),  # what is one use holds no pause
            keep_days=use.integer("keep_days", 31, 366),  # a month of spending
        )


def _profile(row: Table, languages: tuple[str, ...], bands: Mapping[str, Band]) -> Profile:
    with row:
        pause_min, reality_min = _remind(row) if row.has("remind") else (0, 0)
        daily: Mapping[str, int] = {}
        if row.has("daily"):
            with row.table("daily") as table:
                daily = {band: table.integer(band, 0, _DAY_MIN) for band in bands}
        profile = Profile(
            id=row.text("id", _WORD, '"chat"'),
            name=row.wording("name", languages),
            rests_on=row.wording("rests_on", languages),
            limited=row.flag("limited"),
            guardian=frozenset(row.policies("guardian", LOOSENINGS)),
            consent_required=row.policy("consent", ("required", "not_required")) == "required",
            grace_s=row.integer("grace_s", 0, 3_600),
            daily_min=MappingProxyType(daily),
            window=_window(row) if row.has("window") else None,
            curfew=_curfew(row) if row.has("curfew") else None,
            pause_min=pause_min,
            reality_min=reality_min,
        )
        if profile.limited != bool(profile.daily_min or profile.window):
            hint = "Write [profile.daily] or [profile.window] where limited = true, only there."
            row.refuse("limited", "does not go with the rest.", hint)
        return profile


def _remind(row: Table) -> tuple[int, int]:
    with row.table("remind") as remind:
        pause_min = remind.integer("pause_min", 1, _DAY_MIN)
        reality = remind.has("reality_min")
        return pause_min, remind.integer("reality_min", 1, _DAY_MIN) if reality else 0


def _window(row: Table) -> Window:
    with row.table("window") as window:
        days = frozenset(window.policies("days", WEEKDAYS))
        hours = _hours(window)
        if not days or hours.end_min <= hours.start_min:
            window.refuse(
                "", "is empty or runs over midnight.", "Name days, and hours of one day."
            )
        return Window(days, hours, window.policy("make_up_days", MAKE_UPS))


def _curfew(row: Table) -> Hours:
    with row.table("curfew") as curfew:
        return _hours(curfew)


def _hours(table: Table) -> Hours:
    hours = Hours(table.minute_of_day("from"), table.minute_of_day("to"))
    if hours.start_min == hours.end_min:
        table.refuse("to", "is the same as from.", "Name two times.")
    return hours


def _feature(row: Table, languages: tuple[str, ...]) -> Feature:
    with row:
        return Feature(
            id=row.text("id", _WORD, '"voice"'),
            name=row.wording("name", languages),
            minors=row.policy("minors", FEATURE_RULES),
        )


def _spending(spending: Table, band: str) -> Spending:
    with spending.table(band) as caps:
        once = caps.integer("once_yuan", 0, 1_000_000)
        return Spending(once, caps.integer("month_yuan", once, 1_000_000))


def _crisis(root: Table, languages: tuple[str, ...], categories: tuple[str, ...]) -> Crisis:
    with root.table("crisis") as crisis:
        found = frozenset(crisis.policies("categories", categories))
        words: Text = crisis.wording("help", languages)
    lines = _shelf(_help_line(row, languages) for row in root.tables("help_line"))
    return Crisis(found, words, lines, _shelf(_cry(row) for row in root.tables("cry")))


def _cry(row: Table) -> Cry:
    with row:
        return Cry(
            id=row.text("id", _WORD, '"en"'),
            phrases=row.words("phrases", r"\S.{2,80}"),
            provenance=row.provenance(),
        )


def _help_line(row: Table, languages: tuple[str, ...]) -> HelpLine:
    with row:
        return HelpLine(
            id=row.text("id", _WORD, '"youth"'),
            name=row.wording("name", languages),
            number=row.text("number", r"\+?[0-9 -]{3,20}", '"12356"'),
            provenance=row.provenance(),
        )


def _shelf(entries: Iterable[N]) -> Mapping[str, N]:
    return MappingProxyType({entry.id: entry for entry in entries})
