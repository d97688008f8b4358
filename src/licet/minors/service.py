"""What a gateway, a provider and a guardian ask about one person: may they, how long, and changes.

It refuses to know HTTP, and to decide: `decide` does. Here a record is loaded, decided on, and
kept.

Rules
1. A person of whom nothing is known, or not any more, is what the operator said: an adult or a
   minor. An adult is not counted.
2. A change of a record is made on the record as it is; where another came first it is made anew.
3. A refusal counts nothing as use.
4. More time for one request is given once, and one payment is counted once, however often told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from licet.base.trouble import Conflict, NotFound
from licet.minors.decide import Decision, decide
from licet.minors.figures import Counting, Figures
from licet.minors.record import Alert, MinorRecord, read_record, write_record
from licet.minors.reporting import DayUse, week
from licet.minors.settings import NO_SETTINGS, Extra, Fault, Settings, check_settings, features_off
from licet.minors.signal import AgeSignal, Standing, band_of, standing
from licet.minors.spending import NotPaid, in_month, month_of, pay
from licet.minors.store import SUBJECT_CHARACTERS, MinorsStore, Seen
from licet.minors.timetable import Timetable
from licet.minors.use import reading_ms, used_ms
from licet.minors.zone import DAY_MS, MINUTE_MS, Zone, iso_day
from licet.rulebook.minors import MinorsRules, Profile

Unknown = Literal["adult", "minor"]
_TABLES_KEPT = 20_000
_TRIES = 5
_NOBODY = "0" * SUBJECT_CHARACTERS
_ALERT_EVERY_MS = 10 * MINUTE_MS
_SURVEY_COUNT = 500


@dataclass(frozen=True, slots=True)
class Today:
    """What else holds for a minor: the band and the age that was surely not reached, whether a
    guardian is linked and what they set, the times at which help in a crisis was given; minutes
    used and allowed today (None: no total), fen spent this month."""

    band: str
    under: int | None
    linked: bool
    settings: Settings
    alerts: tuple[Alert, ...]
    used_min: int
    total_min: int | None
    spent_fen: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What holds for a person at `at_ms` of the store's clock. `decision` is None for an adult.
    `can_ask`: a guardian is there who could give more time. `kinds`: those of today's use that are
    noted; None for somebody of whom nothing is kept."""

    at_ms: int
    standing: Standing
    decision: Decision | None
    features_off: frozenset[str] = frozenset()
    can_ask: bool = False
    kinds: tuple[str, ...] | None = ()
    today: Today | None = None

    @property
    def allowed(self) -> bool:
        return self.decision is None or self.decision.allowed

    @property
    def left_ms(self) -> int | None:
        """How long use may go on from now without a break; None: without end, or an adult."""
        if self.decision is None or (self.decision.allowed and self.decision.ends_ms is None):
            return None
        return 0 if self.decision.ends_ms is None else max(0, self.decision.ends_ms - self.at_ms)


@dataclass(frozen=True, slots=True)
class _Known:
    """A record as read once: many requests come between two changes."""

    record: MinorRecord | None
    table: Timetable
    off: frozenset[str]


class MinorsService:
    """Answers for the persons of one service, under the profile that its licence names."""

    def __init__(
        self,
        rules: MinorsRules,
        profile: Profile,
        store: MinorsStore,
        zone: Zone,
        unknown: Unknown,
    ) -> None:
        self.rules = rules
        self.profile = profile
        self._store = store
        self._zone = zone
        self._unknown = unknown
        self._read: dict[str | None, _Known] = {}
        self._tables: dict[str, Timetable] = {}

    async def ask(self, subject: str) -> Answer:
        """What holds for a person now; counts nothing."""
        return self._answer(await self._store.look(subject))

    async def ask_all(self, subject: str) -> Answer:
        """As `ask`, with `today`, which whoever only serves does not need."""
        seen = await self._store.look(subject)
        answer = self._answer(seen)
        if answer.decision is None:
            return answer
        known, day = self._known(seen.record), self._zone.day(seen.at_ms)
        record, total_ms = known.record, known.table.total_ms(day)
        spent = in_month(record.spent, month_of(seen.at_ms, self._zone)).fen if record else 0
        today = Today(
            band=band_of(record.signal if record else None, self.rules).id,
            under=record.signal.under if record else None,
            linked=record is not None and record.linked,
            settings=record.settings if record else NO_SETTINGS,
            alerts=record.alerts if record else (),
            used_min=used_ms(seen.usage, day, seen.at_ms, self._zone) // MINUTE_MS,
            total_min=None if total_ms is None else total_ms // MINUTE_MS,
            spent_fen=spent,
        )
        return replace(answer, today=today)

    async def sign(self, subject: str, characters: int = 0) -> Answer:
        """A sign of life, after an answer of so many characters; what holds then."""
        read_ms = reading_ms(characters, self.rules.use) if characters else 0
        return self._answer(await self._store.mark(subject, read_ms))

    async def register(self, subject: str, signal: AgeSignal) -> None:
        """Keep an age signal in place of the one before; a guardian's settings stay."""

        def change(record: MinorRecord | None) -> MinorRecord:
            return replace(record, signal=signal) if record else MinorRecord(signal)

        await self._change(subject, change)

    async def set_guardian(self, subject: str, *, linked: bool, consented: bool) -> None:
        """A guardian was linked or unlinked. Unlinked, the settings are the pack's again."""

        def change(record: MinorRecord | None) -> MinorRecord:
            found = _there(record)
            settings = found.settings if linked else NO_SETTINGS
            return replace(found, linked=linked, consented=consented, settings=settings)

        await self._change(subject, change)

    async def set_settings(self, subject: str, settings: Settings) -> tuple[Fault, ...]:
        """Keep a guardian's settings, if there is no fault in them; what was given stays."""
        faults: tuple[Fault, ...] = ()

        def change(record: MinorRecord | None) -> MinorRecord:
            nonlocal faults
            found = _there(record)
            band = band_of(found.signal, self.rules)
            faults = check_settings(settings, self.rules, self.profile, band)
            kept = replace(settings, extras=found.settings.extras)
            return found if faults else replace(found, settings=kept)

        await self._change(subject, change)
        return faults

    async def give(self, subject: str, extra: Extra) -> None:
        """More time for once, as `asking` found it lawful."""

        def change(record: MinorRecord | None) -> MinorRecord:
            found = _there(record)
            if extra.id and any(one.id == extra.id for one in found.settings.extras):  # rule 4
                return found
            extras = (*found.settings.extras, extra)
            return replace(found, settings=replace(found.settings, extras=extras))

        await self._change(subject, change)

    async def spend(self, subject: str, name: str, fen: int) -> NotPaid | None:
        """Count a payment before it is made; why it may not be made, else None. An adult's is not
        counted."""
        answer = await self.ask(subject)
        if answer.decision is None:
            return None
        no: NotPaid | None = None

        def change(record: MinorRecord | None) -> MinorRecord:
            nonlocal no
            found = _there(record)
            spent = in_month(found.spent, month_of(answer.at_ms, self._zone))
            band = band_of(found.signal, self.rules)
            paid = pay(spent, name, fen, found.settings, self.rules, band)
            no = paid if isinstance(paid, NotPaid) else None
            return found if isinstance(paid, NotPaid) else replace(found, spent=paid)

        await self._change(subject, change)
        return no

    async def note_kinds(self, subject: str, answer: Answer, kinds: frozenset[str]) -> None:
        """Keep which kinds of use there are today, each once; `answer` is what was asked for."""
        if answer.kinds is None or kinds <= set(answer.kinds):
            return
        day = iso_day(self._zone.day(answer.at_ms))

        def change(record: MinorRecord | None) -> MinorRecord:
            found = _there(record)
            all_kinds = tuple(sorted({*found.kinds.get(day, ()), *kinds}))
            return replace(found, kinds={**found.kinds, day: all_kinds})

        await self._change(subject, change)

    async def note_help(self, subject: str, category: str) -> None:
        """Keep that help in a crisis was given to a child of whom something is known; at most once
        in ten minutes for one category."""
        seen = await self._store.look(subject)
        if seen.record is None:
            return

        def change(record: MinorRecord | None) -> MinorRecord:
            found = _there(record)
            since = seen.at_ms - _ALERT_EVERY_MS
            if any(a.category == category and a.at_ms > since for a in found.alerts):
                return found
            return replace(found, alerts=(*found.alerts, Alert(seen.at_ms, category)))

        await self._change(subject, change)

    async def figures(self) -> Figures:
        """How many minors used the service yesterday, by band and time, as may be published."""
        now_ms = (await self._store.look(_NOBODY)).at_ms
        counting, after = Counting(self.rules, self._zone.day(now_ms)), ""
        while True:
            persons, after = await self._store.survey(after, _SURVEY_COUNT)
            counting.add(persons)
            if not after:
                return counting.figures()

    async def report(self, subject: str) -> tuple[DayUse, ...]:
        """The last seven days, today among them."""
        seen = await self._store.look(subject)
        known = self._known(seen.record)
        kinds = known.record.kinds if known.record else {}
        return week(known.table, seen.usage, self._zone.day(seen.at_ms), kinds)

    async def forget(self, subject: str) -> None:
        """Remove all that is known of a person."""
        await self._store.forget(subject)

    def flush(self) -> None:
        """Write what waits to be written. Raises Unavailable; then it is tried again."""
        self._store.flush()

    async def sweep(self) -> None:
        """Remove counts that are kept long enough. Raises Unavailable; then it is tried again."""
        now_ms = (await self._store.look(_NOBODY)).at_ms
        await self._store.sweep(now_ms - self.rules.use.keep_days * DAY_MS)

    async def close(self) -> None:
        await self._store.close()

    async def _change(
        self, subject: str, change: Callable[[MinorRecord | None], MinorRecord]
    ) -> None:
        for _ in range(_TRIES):
            seen = await self._store.look(subject)
            record = change(None if seen.record is None else read_record(seen.record))
            if await self._store.put(subject, write_record(record, seen.at_ms), seen.record):
                return
        raise Conflict("the record is being changed by others.", hint="Try again in a moment.")

    def _answer(self, seen: Seen) -> Answer:
        known = self._known(seen.record)
        record = known.record
        signal = record.signal if record else None
        stands = standing(signal, self.rules, seen.at_ms)
        if stands == "adult" or (stands == "unknown" and self._unknown == "adult"):
            return Answer(seen.at_ms, stands, None)
        consent = not self.profile.consent_required or (record is not None and record.consented)
        young = signal is None or signal.over < self.rules.guardian_consent_under
        decision = decide(known.table, seen.usage, seen.at_ms, consent=consent or not young)
        can_ask = decision.may_ask and record is not None and record.linked
        kinds = record.kinds.get(iso_day(self._zone.day(seen.at_ms)), ()) if record else None
        return Answer(seen.at_ms, stands, decision, known.off, can_ask, kinds)

    def _known(self, text: str | None) -> _Known:
        known = self._read.get(text)
        if known is None:
            if len(self._read) >= _TABLES_KEPT:
                self._read.clear()
            known = self._read[text] = self._understood(text)
        return known

    def _understood(self, text: str | None) -> _Known:
        record = None if text is None else read_record(text)
        settings = record.settings if record else NO_SETTINGS
        band = band_of(record.signal if record else None, self.rules)
        off = features_off(settings, self.rules)
        if settings != NO_SETTINGS:
            table = Timetable(self.rules, self.profile, band, settings, self._zone)
            return _Known(record, table, off)
        if band.id not in self._tables:
            own = Timetable(self.rules, self.profile, band, NO_SETTINGS, self._zone)
            self._tables[band.id] = own
        return _Known(record, self._tables[band.id], off)


def _there(record: MinorRecord | None) -> MinorRecord:
    if record is None:
        raise NotFound("nothing is known of this person.", hint="Register an age signal first.")
    return record
