"""Every number of the pack, with a value that loads and one that trips the loader.

A parameter without a row here fails the first test, so a new number brings its examples along.
Each is read in the smallest pack in which its file can stand: what is wrong is in that file.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from kit.packs import GONE, PACK_ID, changed, smallest
from kit.parameters import ANNOTATIONS, COMPUTING, SCANS, Example
from licet.base.trouble import BadInput
from licet.rulebook import BankRule, Measure, Pack, load_pack, parse_pack

PACK = load_pack(PACK_ID)


def _retention(name: str) -> Example:
    place = ("retention", name, "days")
    return Example(f"retention.{name}.days", "retention.toml", place, (1, 3650), (0, -1, 1.5, "9"))


def _count(group: str, number: int) -> Example:
    place = ("group", group, "count")
    trips = (number - 1, number + 1, 0, True)
    return Example(f"risks.{group}.count", "risks.toml", place, (number,), trips)


def _threshold(category: str, which: str) -> Example:
    place = ("thresholds", category, which)
    now = PACK.guard.threshold(category)
    passes, trips = {
        "halt": ((1.0, 1), (now.flag / 2, 1.01)),  # a halt never comes before its flag
        "flag": ((now.halt, now.halt / 2), (now.halt + 0.001, 0.0)),
    }[which]
    key = f"guard.thresholds.{category}.{which}"
    return Example(key, "guard.toml", place, passes, (*trips, -0.1, "0.9", True))


def _encoder(group: str, which: str) -> Example:
    place = ("encoder", "thresholds", group, which)
    now = PACK.guard.encoder.audiences["default"][group]
    passes, trips = {
        "halt": ((1.0,), (now.flag / 2, 1.01)),
        "flag": ((now.halt, now.halt / 2), (1.01, 0.0)),
    }[which]
    key = f"guard.encoder.thresholds.{group}.{which}"
    return Example(key, "guard.toml", place, passes, (*trips, -0.1, "0.9", True))


def _guard(table: str, name: str, passes: tuple[Any, ...], trips: tuple[Any, ...]) -> Example:
    return Example(f"guard.{table}.{name}", "guard.toml", (table, name), passes, trips)


def _period(kind: str, name: str, which: str, now: int) -> Example:
    key = f"procedure.{name}.{which}"
    trips = (0, -1, 2.5, "10", True, 4000)
    return Example(key, "procedure.toml", (kind, name, which), (now, 1, 60), trips)


def _tier(name: str) -> Example:
    key, path = f"tiers.{name}.pictures_unclassified", ("tier", name, "pictures_unclassified")
    return Example(key, "tiers.toml", path, ("operator", "refuse"), ("serve", "", True))


def _limit(name: str, passes: tuple[Any, ...], trips: tuple[Any, ...]) -> Example:
    return Example(f"forms.limits.{name}", "forms.toml", ("limits", name), passes, trips)


def _minors(path: str, passes: tuple[Any, ...], trips: tuple[Any, ...]) -> Example:
    """`path` as in the parameter's key; the first name of a row is found in its array."""
    array = ARRAYS.get(path.partition(".")[0])
    place = ((array,) if array else ()) + tuple(path.split("."))
    return Example(f"minors.{path}", "minors.toml", place, passes, trips)


MINORS = PACK.minors
ARRAYS = {
    **dict.fromkeys(MINORS.bands, "band"),
    **dict.fromkeys(MINORS.profiles, "profile"),
    **dict.fromkeys(MINORS.features, "feature"),
}


def _band(name: str) -> Example:
    bands = list(MINORS.bands.values())
    at = bands.index(MINORS.bands[name])
    now, before = bands[at].below, bands[at - 1].below if at else 0
    return _minors(f"{name}.below", (now,), (before, 26, "3", True))


def _profile(name: str) -> list[Example]:
    profile = MINORS.profiles[name]
    parts = [
        _minors(f"{name}.guardian", ([], ["daily"]), (["window"], "daily", ["daily", "daily"])),
        _minors(f"{name}.consent", ("required", "not_required"), ("yes", True)),
        _minors(f"{name}.grace_s", (0, 120, 3600), (-1, 3601, 1.5)),
    ]
    parts += [
        _minors(f"{name}.daily.{band}", (0, 60, 1440), (-1, 1441, "60", True))
        for band in profile.daily_min
    ]
    if profile.curfew:
        parts += [
            _minors(f"{name}.curfew.from", ("22:00", "00:00"), ("24:00", "06:00", 22, "9:00")),
            _minors(f"{name}.curfew.to", ("06:00", "23:59"), ("22:00", "6:00", 6, "")),
        ]
    if profile.window:
        bad_days = ([], ["someday"], "friday", ["friday", "friday"])
        parts += [
            _minors(f"{name}.window.days", (["friday"], ["holiday"]), bad_days),
            _minors(f"{name}.window.from", ("20:00", "00:00"), ("21:00", "23:00", 20)),
            _minors(f"{name}.window.to", ("21:00", "23:59"), ("20:00", "01:00", "24:00")),
            _minors(f"{name}.window.make_up_days", ("as_weekday", "as_workday"), ("open", 1)),
        ]
    if profile.pause_min:
        parts.append(_minors(f"{name}.remind.pause_min", (1, 30), (0, 1441, 0.5)))
    if profile.reality_min:
        parts.append(_minors(f"{name}.remind.reality_min", (1, 120), (0, 1441, "120")))
    return parts


def _assessed(
    kind: str, name: str, key: str, passes: tuple[Any, ...], trips: tuple[Any, ...]
) -> Example:
    place = (kind, name, *key.split(".", 1)) if kind else (name, key)
    return Example(f"assessment.{name}.{key}", "assessment.toml", place, passes, trips)


def _measure(measure: Measure) -> Iterator[Example]:
    at = (measure.share, 0.5)
    yield _assessed("measure", measure.id, "share", at, (0, -0.1, 1.01, "0.9", True))
    if measure.sample is not None:
        at = (measure.sample, 1)
        yield _assessed("measure", measure.id, "sample", at, (0, -1, 2.5, "300", True))
    else:
        yield _assessed("measure", measure.id, "sample_share", (0.1, 1.0), (0, 1.5, "a", True))


def _bank(bank: BankRule) -> Iterator[Example]:
    minima = [f"per_risk.{group}" for group in bank.per_risk]
    minima += ["per_aspect"] if bank.per_aspect else []
    for key in ("total", "update_days", *minima):
        yield _assessed("bank", bank.id, key, (1, 365), (0, -1, 2.5, "20", True))


def _row(file: str, kind: str, name: str, which: str, passes: tuple[Any, ...]) -> Example:
    """A whole number of a row of what follows after a halt; nothing below 1 will do."""
    trips = (0, -1, 2.5, "10", True)
    return Example(f"{file}.{name}.{which}", f"{file}.toml", (kind, name, which), passes, trips)


def _table(file: str, table: str, name: str, passes: Any, trips: Any) -> Example:
    return Example(f"{file}.{table}.{name}", f"{file}.toml", (table, name), passes, trips)


def _following() -> list[Example]:
    of = PACK.supervision
    assert of.incident
    assert of.ladder
    counts = ("held_out_min", "regression_min", "benign_min")
    shares = ("confidence", "alpha", "regressions_share_max", "over_block_share_max")
    return [
        *(
            _row(kind, "clock", clock.id, "length", (clock.length, 1, 60))
            for kind, rules in of.proceedings.items()
            for clock in rules.clocks.values()
        ),
        *(
            _row("incident", "grade", grade.id, "persons_min", (grade.persons_min, 1))
            for grade in of.incident.grades.values()
            if grade.persons_min
        ),
        *(_row("measure", "step", step, "hours_max", (1, 24, 87_672)) for step in of.ladder.steps),
        *(
            _row("measure", "step", one.id, "per_minute", (1, 2, 1_000))
            for one in of.ladder.steps.values()
            if one.per_minute is not None
        ),
        *(
            _table("measure", "trigger", n, (1, 3), (0, 1001, "3"))
            for n in ("consecutive", "per_day")
        ),
        _table("measure", "trigger", "small_cell", (1, 5), (0, 1001, True)),
        _table("measure", "trigger", "memory_days", (1, 30), (0, 3654, True)),
        _table("incident", "grouping", "window_minutes", (1, 60), (0, 44_641, "60")),
        _table("incident", "grouping", "halts_max", (1, 1000), (0, 1_000_001, 1.5)),
        *(_table("correction", "proof", n, (1, 300), (0, 1_000_001, "300")) for n in counts),
        *(_table("correction", "proof", n, (0.05, 1.0), (0, 1.01, "0.05", True)) for n in shares),
        _table("order", "limits", "shares_needed", (2, 3), (1, 4, "2", True)),
        _table("order", "limits", "section_shares_needed", (2, 3), (1, 10, "2", True)),
        _table("order", "limits", "names_max", (1, 20), (0, 1001, True)),
    ]


LABELS = PACK.labels
LABEL_ROWS = {**dict.fromkeys(LABELS.degrees, "degree"), **dict.fromkeys(LABELS.media, "medium")}


def _label(path: str, passes: tuple[Any, ...], trips: tuple[Any, ...]) -> Example:
    row = LABEL_ROWS.get(path.partition(".")[0])
    place = ((row,) if row else ()) + tuple(path.split("."))
    return Example(f"labels.{path}", "labels.toml", place, passes, trips)


def _medium(name: str) -> Iterator[Example]:
    medium = LABELS.media[name]
    yield _label(f"{name}.places", (["start"], ["edge", "end"]), ([], ["under"], "end", ["x"]))
    if medium.height_share_min:
        yield _label(f"{name}.height_share_min", (0.05, 1.0), (0, 1.01, "0.05", True))
    if medium.seconds_min:
        yield _label(f"{name}.seconds_min", (1, 2), (0, 61, 1.5, "2"))
    if medium.rhythm:
        yield _label(f"{name}.rhythm", (".- ..", "."), ("", "a", ". ", 5, True))
        yield _label(f"{name}.rhythm_unit_ms", (20, 120), (19, 1_001, "120"))
        yield _label(f"{name}.speech_characters_per_minute", (120, 160), (59, 601, "140"))


PROCEDURE = PACK.procedure
EXAMPLES = [
    *SCANS,
    *ANNOTATIONS,
    *COMPUTING,
    *_following(),
    Example(
        "pack.promulgated",
        "pack.toml",
        ("promulgated",),
        (dt.date(2023, 7, 10),),
        ("2023-07-10", 2023, dt.datetime(2023, 7, 10, tzinfo=dt.UTC)),
    ),
    _table("pack", "in_force", "from", (dt.date(2023, 8, 15),), ("2023-08-15", 20230815)),
    *(_retention(name) for name in PACK.retention),
    *(_count(group.id, group.count) for group in PACK.catalogue.groups.values()),
    _guard("lexical", "short_literal_letters", (0, 8, 64), (-1, 65, 2.5, False)),
    _guard("lexical", "gap_characters_max", (0, 12, 64), (-1, 65, "12")),
    _guard("lexical", "pattern_characters_max", (2, 240, 400), (1, 401, True)),
    _guard("lexical", "within_characters_max", (1, 200, 2000), (0, 2001, "x")),
    _guard("lexical", "disguises", ([], ["leet"]), ("leet", ["l33t"], ["leet", "leet"])),
    _guard("lexical", "seam_characters", (0, 512, 4096), (-1, 4097, "x")),
    _guard("judged", "tier", ("token", "clause", "whole"), ("page", "", 1)),
    _guard("judged", "stride_characters", (1, 128, 256), (0, 257, 1.0)),
    _guard("judged", "window_characters", (128, 256, 4096), (127, 15, 70_000)),
    _guard("judged", "clause_characters_max", (1, 160), (0, 70_000)),
    _guard("judged", "late_characters_max", (128, 384), (127, 0, 70_000)),
    _guard("encoder", "doubt_low", (0.0001, 0.5), (0.0, 1.01)),
    _guard("encoder", "doubt_high", (1.0, 0.5), (0.0001, 0.0, 1.2)),
    *(
        _encoder(group, which)
        for group in PACK.guard.encoder.audiences["default"]
        for which in ("halt", "flag")
    ),
    Example(
        "guard.audience.default.factor",
        "guard.toml",
        ("audience", "default", "factor"),
        (1.0,),
        (0, 1.2, "1"),
    ),
    Example(
        "guard.audience.minor.factor",
        "guard.toml",
        ("audience", "minor", "factor"),
        (1.0, 0.5),
        (0.0, 1.01, True),
    ),
    *(_assessed("", "evidence", n, (0.8, 0.9), (0, 1, "0.9")) for n in ("confidence", "power")),
    _assessed("", "evidence", "sides", ("one", "two"), ("both", 1, "")),
    _assessed("", "evidence", "significance", (0.05, 0.01), (0, 1, 1.5, "0.05", True)),
    _assessed("", "evidence", "cell_min", (1, 10), (0, -1, 1001, 2.5)),
    _assessed("", "evidence", "kappa_min", (0.6, 1.0), (0, 1.01, "x")),
    _assessed("", "attestation", "valid_days", (1, 365, 3_653), (0, 3_654, "365", True)),
    *(one for measure in PACK.assessment.measures.values() for one in _measure(measure)),
    *(one for bank in PACK.assessment.banks.values() for one in _bank(bank)),
    *(_period("clock", c.id, "length", c.length) for c in PROCEDURE.clocks.values()),
    *(
        _period("clock", c.id, "extension", c.extension)
        for c in PROCEDURE.clocks.values()
        if c.extension
    ),
    Example(
        "procedure.term.near_days",
        "procedure.toml",
        ("clock", "term", "near_days"),
        (1, 366),
        (0, 367, 2.5, "60", True),
    ),
    *(_period("remedy", r.id, "length", r.length) for r in PROCEDURE.remedies.values()),
    _table(
        "procedure", "status_list", "ttl_s", (1, 3600), (0, 86_400, 1.5, "60")
    ),  # a list lasts longer than its ttl
    _table("procedure", "status_list", "valid_s", (61, 86_400), (60, 0, 31 * 86_400 + 1, True)),
    _table("procedure", "notice", "near_days", (1, 30), (0, 31, 2.5, "3", True)),
    _limit("text_characters", (1, 200), (0, 6000, "200")),
    _limit("long_text_characters", (200, 5000), (199, 100_001, 5e3)),
    _limit("attachment_bytes", (1, 20 << 20), (0, (1 << 30) + 1, True)),
    _minors("ages.adult", (18,), (17, 19, 0, "18")),  # the last band ends there
    _minors("ages.guardian_consent_under", (1, 14, 18), (0, 19, True)),
    _minors("ages.child_consents_from", (1, 14, 18), (0, 19, 1.5)),
    *(_band(name) for name in MINORS.bands),
    _minors("use.gap_s", (1, 90, 300), (0, 301, "90")),  # a pause is longer than a gap
    _minors("use.reading_characters_per_minute", (1, 300), (0, 10_001, True)),
    _minors("use.reading_s_max", (1, 60), (0, 3_601, 1.5)),
    _minors("use.pause_s", (90, 300), (89, 21_601, "300")),
    _minors("use.keep_days", (31, 366), (30, 367, "35")),
    *(one for name in MINORS.profiles for one in _profile(name)),
    *(
        _minors(f"{name}.minors", ("never", "guardian", "on"), ("off", True))
        for name in MINORS.features
    ),
    *(
        _minors(f"spending.{name}.once_yuan", (0, caps.once_yuan), (caps.month_yuan + 1, -1, 1.5))
        for name, caps in MINORS.spending.items()
    ),
    *(
        _minors(f"spending.{name}.month_yuan", (caps.once_yuan, 999), (caps.once_yuan - 1, "0"))
        for name, caps in MINORS.spending.items()
    ),
    _minors("guardians.invitation_hours", (1, 48), (0, 745, "48")),
    _minors("guardians.extra_min_max", (1, 60), (0, 1441, True)),
    _minors("guardians.request_hours", (1, 12), (0, 169, 0.5)),
    _minors("appeal.answer_days", (1, 5), (0, 366, "5")),
    _minors("aggregates.cell_min", (2, 10), (1, 10_001, True)),
    _minors("crisis.categories", ([], ["self_harm"]), (["sadness"], "self_harm")),
    *(_label(f"{name}.value", ("7", "8"), ("", "0", "10", 1)) for name in LABELS.degrees),
    *(_label(f"{name}.by", (["producer"], []), (["user"], "x")) for name in LABELS.degrees),
    *(_label(f"propagation.{name}", ("suspected",), ("sure", 1)) for name in LABELS.propagation),
    _label(
        "metadata.fields",
        (list(LABELS.metadata.fields), list(LABELS.metadata.fields[:6])),
        (["Label"], ["Label", "Label"], "Label", ["Other"]),  # what is required is a field
    ),
    _label("metadata.required", ([], ["Label"]), (["Other"], "Label")),
    _label("metadata.required_of_propagator", ([], ["Label"]), (["Other"], "Label")),
    _label("metadata.characters", ("21-7E", "21"), ("", "7E-21", "21-110000", "xx", 33)),
    _label("metadata.value_characters_max", (1, 512), (0, 4097, "512", True)),
    _label("metadata.copies_max", (1,), (0, 2, True, "1")),
    *(one for name in LABELS.media for one in _medium(name)),
    _label("unlabelled.needs", (["request"], []), (["nothing"], "request")),
    _label("unlabelled.records", (["recipient"], []), (["colour"], "time")),
    *(_threshold(name, which) for name in PACK.guard.thresholds for which in ("halt", "flag")),
    *(_tier(name) for name in PACK.tiers),
]


def read(example: Example, *inside: str, to: Any) -> Pack:
    """The smallest pack around the example's file, with that one place changed."""
    documents = changed(example.file, *example.path, *inside, to=to)
    return parse_pack(smallest(documents, example.file))


def test_every_parameter_has_its_examples() -> None:
    assert sorted(example.key for example in EXAMPLES) == sorted(PACK.parameters)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.key)
def test_a_parameter_in_range_loads(example: Example) -> None:
    for value in example.passes:
        pack = read(example, "value", to=value)
        shown = " ".join(value) if isinstance(value, list) else value
        assert pack.parameter(example.key).value == shown


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.key)
def test_a_parameter_out_of_range_trips_the_loader(example: Example) -> None:
    for value in example.trips:
        with pytest.raises(BadInput) as refused:
            read(example, "value", to=value)
        assert refused.value.message.startswith(f"{example.file}: ")
        assert refused.value.hint


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.key)
@pytest.mark.parametrize("missing", ["source", "status"])
def test_an_uncited_number_does_not_load(example: Example, missing: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(example, missing, to=GONE)
    assert refused.value.message.startswith(f"{example.file}: ")
    assert f"{example.path[-1]}: names no {missing}" in refused.value.message
    assert "docs/" in refused.value.hint


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.key)
def test_a_bare_number_does_not_load(example: Example) -> None:
    with pytest.raises(BadInput, match="stands alone, without status and source") as refused:
        read(example, to=example.passes[0])
    assert example.path[-1] in refused.value.message
