"""The procedure of a regime, out of procedure.toml.

It refuses to know what an effect does; `licet.cases` does.

Rules
1. Whatever a row names (a stage, an act, a role, a form, a basis) exists: see `check_procedure`.
2. Lengths of periods are cited numbers; nothing else in a procedure is a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, Protocol, TypeVar, get_args

from licet.rulebook.grounds import Cite
from licet.rulebook.model import Pack
from licet.rulebook.parse_forms import WORD, parse_calendar, parse_forms, parse_scope
from licet.rulebook.procedure import (
    ActRule,
    AskedOf,
    Basis,
    Check,
    ClockRule,
    Effect,
    Expiry,
    Instrument,
    LicenceStatus,
    Party,
    PeriodKind,
    Procedure,
    Reason,
    Remedy,
    RoundKind,
    Route,
    Side,
    Stage,
    Track,
)
from licet.rulebook.publishing import StatusListRule
from licet.rulebook.strict import Table

SIDES: tuple[Side, ...] = get_args(Side)
TRACKS: tuple[Track, ...] = get_args(Track)
STATUSES: tuple[LicenceStatus, ...] = get_args(LicenceStatus)
ROUNDS: tuple[RoundKind, ...] = get_args(RoundKind)
KINDS: tuple[PeriodKind, ...] = get_args(PeriodKind)
ASKED_OF: tuple[AskedOf, ...] = get_args(AskedOf)
EFFECTS: tuple[Effect, ...] = get_args(Effect)
ReasonKind = Literal["text", "words"]
REASONS: tuple[ReasonKind, ...] = get_args(ReasonKind)

_BASIS = r"[a-z]{2,5}\d+(\.\d+)?"
_LENGTH_MAX = 3_653  # ten years of days: anything longer is a slip of the pen


class _Named(Protocol):
    @property
    def id(self) -> str: ...


N = TypeVar("N", bound=_Named)


def parse_procedure(pack: Pack, tables: Mapping[str, Table]) -> Procedure:
    """The Procedure in forms.toml, procedure.toml, scope.toml, calendar.toml. Raises BadInput."""
    languages = pack.languages
    with tables["forms.toml"] as root:
        forms, limits = parse_forms(root, languages)
    with tables["scope.toml"] as root:
        questions, scope = parse_scope(root, languages)
    with tables["calendar.toml"] as root:
        calendar = parse_calendar(root, languages)
    with tables["procedure.toml"] as root:
        return Procedure(
            pack=pack.id,
            version=pack.version,
            time_zone=pack.time_zone,
            instruments=_shelf(_instrument(r, languages) for r in _rows(root, "instrument")),
            bases=_shelf(_basis(r, languages) for r in _rows(root, "basis")),
            parties=_shelf(_party(r, languages) for r in root.tables("role")),
            routes=_shelf(_route(r, languages) for r in root.tables("route")),
            stages=_shelf(_stage(r, languages) for r in root.tables("stage")),
            first_filing=root.text("first_filing", WORD, '"draft"'),
            first_licence=root.text("first_licence", WORD, '"none"'),
            acts=_shelf(_act(r, languages) for r in root.tables("act")),
            clocks=_shelf(_clock(r, languages) for r in _rows(root, "clock")),
            checks=_shelf(_check(r, languages) for r in _rows(root, "check")),
            reasons=_shelf(_reason(r, languages) for r in _rows(root, "reason")),
            remedies=_shelf(_remedy(r, languages) for r in _rows(root, "remedy")),
            forms=forms,
            limits=limits,
            questions=questions,
            scope=scope,
            calendar=calendar,
            status_list=_status_list(root) if root.has("status_list") else None,
            near_days=_near_days(root) if root.has("notice") else None,
            provisions=frozenset(pack.provisions),
        )


def _status_list(root: Table) -> StatusListRule:
    with root.table("status_list") as table:
        rule = StatusListRule(
            ttl_s=table.integer("ttl_s", 1, 86_400),
            valid_s=table.integer("valid_s", 1, 31 * 86_400),
        )
        if rule.valid_s <= rule.ttl_s:
            table.refuse("valid_s", "ends before a newer list is asked for.", "Make it longer.")
        return rule


def _near_days(root: Table) -> int:
    with root.table("notice") as table:
        return table.integer("near_days", 1, 30)


def _rows(root: Table, key: str) -> Iterable[Table]:
    return root.tables(key) if root.has(key) else ()


def _instrument(row: Table, languages: tuple[str, ...]) -> Instrument:
    with row:
        return Instrument(
            id=row.text("id", r"[a-z]{2,5}", '"alg"'),
            title=row.wording("title", languages),
            place=row.wording("place", languages),
            page=row.optional("page", r"https://\S+", "an https address"),
        )


def _basis(row: Table, languages: tuple[str, ...]) -> Basis:
    with row:
        basis_id = row.text("id", _BASIS, '"alg24.1"')
        found = re.fullmatch(r"([a-z]+)(\d+)(?:\.(\d+))?", basis_id)
        if found is None:  # cannot be: the pattern above says the same
            row.refuse("id", "is no basis.", 'Write "alg24.1".')
        article, paragraph = int(found[2]), int(found[3]) if found[3] else None
        return Basis(
            id=basis_id,
            instrument=found[1],
            cite=Cite(article, paragraph, None),
            paraphrase=row.wording("paraphrase", languages),
            provenance=row.provenance(),
        )


def _party(row: Table, languages: tuple[str, ...]) -> Party:
    with row:
        return Party(
            id=row.text("id", WORD, '"reviewer"'),
            side=row.choice("side", SIDES),
            name=row.wording("name", languages),
        )


def _route(row: Table, languages: tuple[str, ...]) -> Route:
    with row:
        with row.table("number") as number:
            template, pattern = number.text("template"), number.text("pattern")
            note = number.provenance()
        try:
            re.compile(pattern)
        except re.error as error:
            row.refuse("number.pattern", f"is no expression: {error}.", "Correct it.")
        return Route(
            id=row.text("id", WORD, '"model_filing"'),
            name=row.wording("name", languages),
            meaning=row.wording("meaning", languages),
            form=row.text("form", WORD, '"model_filing"'),
            grants=row.wording("grants", languages),
            number=template,
            number_pattern=pattern,
            number_note=note,
            display=row.wording("display", languages),
            upstream=row.optional("upstream", WORD, '"upstream_number"'),
            basis=row.words("basis"),
        )


def _stage(row: Table, languages: tuple[str, ...]) -> Stage:
    with row:
        return Stage(
            id=row.text("id", WORD, '"in_review"'),
            track=row.choice("track", TRACKS),
            name=row.wording("name", languages),
            meaning=row.wording("meaning", languages),
            holder=row.choice("holder", SIDES) if row.has("holder") else None,
            status=row.choice("status", STATUSES) if row.has("status") else "none",
            shown=row.flag("shown") if row.has("shown") else False,
            final=row.flag("final") if row.has("final") else False,
        )


def _act(row: Table, languages: tuple[str, ...]) -> ActRule:
    with row:
        with row.table("at") as at:
            places = {t: at.words(t) for t in TRACKS if at.has(t)}
        goes: dict[Track, str] = {}
        if row.has("to"):
            with row.table("to") as to:
                goes = {t: to.text(t, WORD) for t in TRACKS if to.has(t)}
        return ActRule(
            id=row.text("id", WORD, '"send_back"'),
            name=row.wording("name", languages),
            done=row.wording("done", languages),
            side=row.choice("side", SIDES),
            by=row.words("by"),
            routes=row.words("routes", optional=True),
            rounds=row.choices("rounds", ROUNDS) if row.has("rounds") else ROUNDS,
            at=MappingProxyType(places),
            to=MappingProxyType(goes),
            effects=row.choices("effects", EFFECTS) if row.has("effects") else (),
            adverse=row.flag("adverse") if row.has("adverse") else False,
            apart_from=row.words("apart_from", optional=True),
            hears=row.optional("hears", WORD, '"refuse"'),
            clock=row.optional("clock", WORD, '"hearing"'),
            decision=row.optional("decision", WORD, '"suspend"'),
            basis=row.words("basis", optional=True),
        )


def _clock(row: Table, languages: tuple[str, ...]) -> ClockRule:
    with row:
        expiry: Expiry | None = None
        if row.has("expires"):
            with row.table("expires") as expires:
                expiry = Expiry(
                    track=expires.choice("track", TRACKS),
                    at=expires.words("at"),
                    to=expires.text("to", WORD),
                    waits=expires.words("waits", optional=True),
                    rounds=expires.choices("rounds", ROUNDS) if expires.has("rounds") else (),
                )
        return ClockRule(
            id=row.text("id", WORD, '"decide"'),
            name=row.wording("name", languages),
            bearer=row.choice("bearer", SIDES),
            routes=row.words("routes", optional=True),
            starts=row.words("starts", optional=True),
            since=row.optional("since", WORD, '"started_on"'),
            dated=row.flag("dated") if row.has("dated") else False,
            stops=row.words("stops", optional=True),
            rests=row.words("rests", optional=True),
            length=row.integer("length", 1, _LENGTH_MAX),
            kind=row.choice("kind", KINDS),
            extension=(row.integer("extension", 1, _LENGTH_MAX) if row.has("extension") else 0),
            near_days=row.integer("near_days", 1, 366) if row.has("near_days") else None,
            expiry=expiry,
            basis=row.words("basis", optional=True),
        )


def _check(row: Table, languages: tuple[str, ...]) -> Check:
    with row:
        return Check(
            id=row.text("id", WORD, '"data_source"'),
            routes=row.words("routes"),
            question=row.wording("question", languages),
            basis=row.words("basis"),
        )


def _reason(row: Table, languages: tuple[str, ...]) -> Reason:
    with row:
        return Reason(
            id=row.text("id", WORD, '"facts"'),
            kind=row.choice("type", REASONS),
            required=row.flag("required"),
            of=row.choice("of", ASKED_OF),
            label=row.wording("label", languages),
            hint=row.wording("hint", languages),
        )


def _remedy(row: Table, languages: tuple[str, ...]) -> Remedy:
    with row:
        return Remedy(
            id=row.text("id", WORD, '"reconsideration"'),
            name=row.wording("name", languages),
            body=row.wording("body", languages),
            length=row.integer("length", 1, _LENGTH_MAX),
            kind=row.choice("kind", KINDS),
            suspensive=row.flag("suspensive"),
            basis=row.words("basis"),
        )


def _shelf(entries: Iterable[N]) -> Mapping[str, N]:
    return MappingProxyType({entry.id: entry for entry in entries})
