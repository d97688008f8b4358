"""What a gateway, a provider and a guardian are told, and what becomes of what they change."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from licet.base.trouble import Conflict, NotFound
from licet.minors.service import Answer, MinorsService, Unknown
from licet.minors.settings import Extra, Fault, Settings
from licet.minors.signal import AgeSignal
from licet.minors.store import Seen
from licet.minors.store_local import LocalStore
from licet.minors.zone import Zone
from licet.rulebook import load_pack

RULES = load_pack("cn-genai-2023").minors
ZONE = Zone(RULES.time_zone)
NOON_MS = ZONE.at_ms(ZONE.day(1_773_000_000_000), 12 * 60)
DAY_MS = 86_400_000
CHILD = "c" * 32


class Desk:
    """A service whose clock is turned by hand."""

    def __init__(self, profile: str = "chat", unknown: Unknown = "adult") -> None:
        self.now_ms = NOON_MS
        self.store = LocalStore(RULES.use, ZONE, lambda: self.now_ms)
        self.service = MinorsService(RULES, RULES.profiles[profile], self.store, ZONE, unknown)

    def signal(self, over: int, under: int | None) -> AgeSignal:
        begins, ends = self.now_ms - DAY_MS, self.now_ms + 30 * DAY_MS
        return AgeSignal("document", "high", over, under, begins, ends, "acme")

    async def use(self, minutes: int) -> Answer:
        answer = await self.service.sign(CHILD)
        for _ in range(minutes):
            self.now_ms += 60_000
            answer = await self.service.sign(CHILD)
        return answer


def play(script: Callable[[Desk], Awaitable[None]], desk: Desk | None = None) -> None:
    asyncio.run(script(desk or Desk()))  # type: ignore[arg-type]


def test_nobody_known_is_what_the_operator_said() -> None:
    async def script(desk: Desk) -> None:
        answer = await desk.service.ask(CHILD)
        assert (answer.standing, answer.decision is None, answer.left_ms) == (
            "unknown",
            True,
            None,
        )
        strict = MinorsService(RULES, RULES.profiles["chat"], desk.store, ZONE, "minor")
        assert (await strict.ask(CHILD)).left_ms == 60 * 60_000

    play(script)


def test_a_child_is_counted_and_an_adult_is_not_limited() -> None:
    async def script(desk: Desk) -> None:
        await desk.service.register(CHILD, desk.signal(12, 14))
        assert (await desk.use(45)).left_ms == 15 * 60_000
        used_up = await desk.use(15)
        assert not used_up.allowed
        assert used_up.left_ms == 0
        await desk.service.register(CHILD, desk.signal(18, None))
        grown = await desk.service.ask(CHILD)
        assert (grown.standing, grown.allowed, grown.features_off) == ("adult", True, frozenset())

    play(script)


def test_a_signal_that_expires_leaves_nobody_known() -> None:
    async def script(desk: Desk) -> None:
        await desk.service.register(CHILD, desk.signal(12, 14))
        desk.now_ms += 31 * DAY_MS
        assert (await desk.service.ask(CHILD)).standing == "unknown"

    play(script)


def test_a_companion_waits_for_a_guardians_consent_under_14() -> None:
    async def script(desk: Desk) -> None:
        await desk.service.register(CHILD, desk.signal(12, 14))
        answer = await desk.service.ask(CHILD)
        assert answer.decision is not None
        assert answer.decision.why == "consent_missing"
        await desk.service.set_guardian(CHILD, linked=True, consented=True)
        assert (await desk.service.ask(CHILD)).allowed
        await desk.service.set_guardian(CHILD, linked=False, consented=False)
        assert not (await desk.service.ask(CHILD)).allowed
        await desk.service.register(CHILD, desk.signal(14, 16))
        assert (await desk.service.ask(CHILD)).allowed

    play(script, Desk("companion"))


def test_a_guardian_sets_and_gives_and_its_settings_go_with_it() -> None:
    async def script(desk: Desk) -> None:
        await desk.service.register(CHILD, desk.signal(12, 14))
        await desk.service.set_guardian(CHILD, linked=True, consented=True)
        short = Settings(daily_min=dict.fromkeys(range(7), 10))
        assert await desk.service.set_settings(CHILD, short) == ()
        out = await desk.use(10)
        assert (out.allowed, out.can_ask) == (False, True)
        extra = Extra(desk.now_ms, desk.now_ms + 5 * 60_000, 5 * 60_000)
        await desk.service.give(CHILD, extra)
        assert (await desk.service.ask(CHILD)).left_ms == 5 * 60_000
        await desk.service.set_settings(CHILD, short)
        assert (await desk.service.ask(CHILD)).left_ms == 5 * 60_000, "what was given stays"
        await desk.service.set_guardian(CHILD, linked=False, consented=False)
        assert (await desk.service.ask(CHILD)).left_ms == 50 * 60_000

    play(script)


def test_settings_with_a_fault_change_nothing() -> None:
    async def script(desk: Desk) -> None:
        await desk.service.register(CHILD, desk.signal(12, 14))
        bad = Settings(daily_min={0: 5}, features={"virtual_intimacy": True})
        faults = await desk.service.set_settings(CHILD, bad)
        assert faults == (Fault("features.virtual_intimacy", "not_yours_to_loosen"),)
        assert (await desk.service.ask(CHILD)).left_ms == 60 * 60_000

    play(script)


def test_nothing_is_set_for_somebody_who_is_not_known() -> None:
    async def script(desk: Desk) -> None:
        with pytest.raises(NotFound, match="nothing is known"):
            await desk.service.set_settings(CHILD, Settings())

    play(script)


def test_a_report_has_minutes_and_who_is_forgotten_has_none() -> None:
    async def script(desk: Desk) -> None:
        await desk.service.register(CHILD, desk.signal(12, 14))
        await desk.use(7)
        assert [day.used_min for day in await desk.service.report(CHILD)] == [0] * 6 + [7]
        await desk.service.forget(CHILD)
        assert [day.used_min for day in await desk.service.report(CHILD)] == [0] * 7

    play(script)


def test_counts_that_are_kept_long_enough_are_swept_and_settings_stay() -> None:
    async def script(desk: Desk) -> None:
        await desk.service.register(CHILD, desk.signal(12, 14))
        await desk.use(7)
        await desk.service.sweep()
        assert [day.used_min for day in await desk.service.report(CHILD)][-1] == 7
        desk.now_ms += (RULES.use.keep_days + 1) * DAY_MS
        await desk.service.sweep()
        seen = await desk.store.look(CHILD)
        assert seen.usage.days == {}
        assert seen.record is not None

    play(script)


class Contested(LocalStore):
    """A store in which somebody else always comes first."""

    async def put(self, subject: str, record: str, instead_of: str | None) -> bool:
        return False

    async def look(self, subject: str) -> Seen:
        return await super().look(subject)


def test_a_record_that_others_keep_changing_is_given_up() -> None:
    async def script(desk: Desk) -> None:
        store = Contested(RULES.use, ZONE, lambda: NOON_MS)
        service = MinorsService(RULES, RULES.profiles["chat"], store, ZONE, "adult")
        with pytest.raises(Conflict, match="changed by others"):
            await service.register(CHILD, desk.signal(12, 14))

    play(script)
