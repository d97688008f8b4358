"""What a gateway, a provider and a guardian ask about one person: may they, how long, and changes.

It refuses to know HTTP, and to decide: `decide` does. Here a record is loaded, decided on, and
kept.

Rules
1. A person of whom nothing is known, or not any more, is what the operator said: an adult or a
   minor. An adult is not counted.
2. A change of a record is made on the record as it is; where another came first it is made anew.
3. A refusal counts nothing as use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from licet.base.trouble import Conflict, NotFound
from licet.minors.decide import Decision, decide
from licet.minors.record import MinorRecord, read_record, write_record
from licet.minors.reporting import DayUse, week
from licet.minors.settings import NO_SETTINGS, Extra, Fault, Settings, check_settings, features_off
from licet.minors.signal import AgeSignal, Standing, band_of, standing
from licet.minors.store import SUBJECT_CHARACTERS, MinorsStore, Seen
from licet.minors.timetable import Timetable
from licet.minors.use import reading_ms
from licet.minors.zone import DAY_MS, Zone
from licet.rulebook.minors import MinorsRules, Profile

Unknown = Literal["adult", "minor"]
_TABLES_KEPT = 20_000
_TRIES = 5
_NOBODY = "0" * SUBJECT_CHARACTERS


@dataclass(frozen=True, slots=True)
class Answer:
    """What holds for a person at `at_ms` of the store's clock. `decision` is None for an adult.
    `can_ask`: a guardian is there who could give more time."""

    at_ms: int
    standing: Standing
    decision: Decision | None
    features_off: frozenset[str] = frozenset()
    can_ask: bool = False

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
            extras = (*found.settings.extras, extra)
            return replace(found, settings=replace(found.settings, extras=extras))

        await self._change(subject, change)

    async def report(self, subject: str) -> tuple[DayUse, ...]:
        """The last seven days, today among them."""
        seen = await self._store.look(subject)
        return week(self._known(seen.record).table, seen.usage, self._zone.day(seen.at_ms))

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
        return Answer(seen.at_ms, stands, decision, known.off, can_ask)

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
