"""A year of many minors, second by second where it matters, against a slow second opinion.

    python -m kit.minors_year --minors 10000 --days 365

Everybody has habits of their own: how often they come, with how many devices at once, how long an
answer streams, how long they read, whether they try again at the very second that a refusal named,
whether a guardian has set hours and gives more time. Gateways come and go, and the machine's clock
is stepped by minutes or days and set right again.

What is checked, at each request and each beat of a stream:

1. Whoever is allowed is allowed by the oracle, and whoever is refused is refused by it.
2. Nothing streams past the moment at which time is up by more than the profile's grace.
3. What a refusal names as the next time is allowed then, and not a second before.
4. The count of each day of each person is what the oracle counts.

Beside it other children live behind a real gateway, with ledger and log (`minors_gateway`).
At the end every byte that was written is searched for what the provider knew of each child.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import logging
import os
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

from kit.minors_clock import ShiftedClock, at_once
from kit.minors_gateway import SECRET, SECRET_ENV, live
from kit.minors_oracle import DAY_S, Oracle, wall
from kit.minors_search import found_secrets
from licet.base.trouble import BadInput
from licet.minors.asking import MoreTime, answer_more, ask_more
from licet.minors.record import MinorRecord, write_record
from licet.minors.service import Answer, MinorsService
from licet.minors.settings import NO_SETTINGS, Quiet, Settings
from licet.minors.signal import parse_signal
from licet.minors.store import SteadyClock, Subjects
from licet.minors.store_local import LocalStore
from licet.minors.zone import Zone, iso_day
from licet.rulebook import load_pack
from licet.rulebook.minors import Hours

RULES = load_pack("cn-genai-2023").minors
ZONE = Zone(RULES.time_zone)
FIRST_DAY = date(2026, 1, 1)
BEGIN_S = ZONE.start_ms(FIRST_DAY.toordinal()) // 1000
BEAT_S = 30
SAMPLE = 20  # of the times that a refusal names, one in so many is asked of the oracle
T = TypeVar("T")
LOG = logging.getLogger("minors_year")


@dataclass
class Child:
    """One person, with what the provider knows and must not leave its house."""

    number: int
    profile: str
    band: str
    born: date
    name: str
    id_number: str
    pi: str
    chance: random.Random
    oracle: Oracle
    subject: str
    settings: Settings
    linked: bool
    days_between: float
    patience_s: int

    @property
    def secrets(self) -> tuple[str, ...]:
        compact = self.born.strftime("%Y%m%d")
        return (self.born.isoformat(), compact, self.name, self.id_number, self.pi)


@dataclass
class Tally:
    """What happened."""

    requests: int = 0
    refusals: dict[str, int] = field(default_factory=dict)
    signs: int = 0
    given: int = 0
    restarts: int = 0
    shifts: int = 0
    days_checked: int = 0
    used_s: int = 0
    faults: list[str] = field(default_factory=list)

    def fault(self, text: str) -> None:
        self.faults.append(text)
        LOG.error("%s", text)


class Year:
    """A run. `folder` gets everything that is written."""

    def __init__(self, minors: int, days: int, seed: int, folder: Path) -> None:
        self.chance = random.Random(seed)
        self.days = days
        self.folder = folder
        self.tally = Tally()
        self.turns = itertools.count()
        self.clock = ShiftedClock(BEGIN_S)
        self.subjects = Subjects(self.chance.randbytes(32))
        self._open()
        self.children = [self._born(n) for n in range(minors)]

    def run(self) -> Tally:
        """Live it, day by day."""
        for day in range(self.days):
            events = [
                (self._arrival(child, day), self._turn(), self._sitting(child))
                for child in self.children
                if child.chance.random() < 1 / child.days_between
                for _ in range(child.chance.choice((1, 1, 1, 2, 3)))  # devices, or once more
            ]
            self._live(events, day)
            self._check_day(day)
        self._close()
        return self.tally

    @property
    def secrets(self) -> dict[str, int]:
        """What the provider knows of the children, and of which."""
        return {secret: child.number for child in self.children for secret in child.secrets}

    # --- the machine

    def _open(self) -> None:
        steady = SteadyClock(self.clock)
        path = self.folder / "minors.db"
        self.store = LocalStore(RULES.use, ZONE, steady.at_ms, path)
        self.services = {
            name: MinorsService(RULES, profile, self.store, ZONE, "adult")
            for name, profile in RULES.profiles.items()
        }

    def _close(self) -> None:
        at_once(self.store.close())

    def _disturb(self) -> None:
        """Now and then a gateway restarts, or the clock is stepped and soon set right."""
        draw = self.chance.random()
        if self.clock.shift_s:
            self.clock.shift_s = 0
        elif draw < 0.001:
            self._close()
            self._open()
            self.tally.restarts += 1
        elif draw < 0.004:
            self.clock.shift_s = self.chance.choice((-86_400, -3_600, -30, 40, 3_600, 90_000))
            self.tally.shifts += 1
            self.store_now()  # the store's clock has seen it

    def store_now(self) -> int:
        return at_once(self.store.look("0" * 32)).at_ms

    # --- people

    def _born(self, number: int) -> Child:
        chance = random.Random(self.chance.random())
        age = chance.randrange(4, 18)
        born = FIRST_DAY - timedelta(days=365 * age + chance.randrange(60, 330))
        band = next(band.id for band in RULES.bands.values() if age < band.below)
        profile = chance.choice(("chat", "chat", "chat", "companion", "game", "game", "education"))
        id_number = f"11010{chance.randrange(1, 10)}{born:%Y%m%d}{chance.randrange(1000, 9999)}"
        linked = chance.random() < 0.5
        settings, oracle = self._guardian(chance, profile, band, linked)
        name = "".join(chance.choice("王李张刘陈杨黄赵周吴") for _ in range(1)) + f"小{number:05}"
        child = Child(
            number, profile, band, born, name, id_number, f"1hpfml{chance.randbytes(16).hex()}",
            chance, oracle, self.subjects.of(f"{id_number}/{name}"), settings, linked,
            days_between=chance.uniform(8, 90),
            patience_s=chance.choice((300, 2_000, 6_000, 9_000)),
        )  # fmt: skip
        self._register(child, age)
        return child

    def _guardian(
        self, chance: random.Random, profile: str, band: str, linked: bool
    ) -> tuple[Settings, Oracle]:
        if not linked or chance.random() < 0.4:
            return NO_SETTINGS, Oracle(profile, band)
        totals = {
            d: chance.choice((0, 15, 45, 90, 150)) for d in range(7) if chance.random() < 0.5
        }
        days = {d for d in range(7) if chance.random() < 0.6}
        start, end = chance.choice((("20:30", "07:00"), ("12:00", "14:00"), ("21:15", "00:00")))
        lifted = chance.random() < 0.2 and "curfew" in RULES.profiles[profile].guardian
        hours = Hours(*(int(t[:2]) * 60 + int(t[3:]) for t in (start, end)))
        settings = Settings(totals, (Quiet(frozenset(days), hours),), curfew_off=lifted)
        return settings, Oracle(profile, band, totals, [(days, start, end)], curfew_off=lifted)

    def _register(self, child: Child, age: int) -> None:
        """The provider tells what it may, after trying to tell more."""
        over = max((t for t in RULES.thresholds if t <= age), default=0)
        under = min((t for t in RULES.thresholds if t > age), default=None)
        raw = {
            "method": "real_name_service", "assurance": "high", "over": over, "under": under,
            "issued_ms": (BEGIN_S - DAY_S) * 1000, "expires_ms": (BEGIN_S + 390 * DAY_S) * 1000,
            "source": "acme.real-name",
        }  # fmt: skip
        for more in ({"birth_date": child.born.isoformat()}, {"idNum": child.id_number},
                     {"source": child.name}, {"pi": child.pi}):  # fmt: skip
            try:
                parse_signal(raw | more, RULES)
            except BadInput as refused:
                LOG.info("%s %s", refused, refused.hint)
            else:
                self.tally.fault(f"a signal with {list(more)} was taken")
        signal = parse_signal(raw, RULES)
        record = MinorRecord(signal, consented=True, linked=child.linked, settings=child.settings)
        if not at_once(self.store.put(child.subject, write_record(record, BEGIN_S * 1000), None)):
            self.tally.fault("two children are one subject")

    # --- a day

    def _turn(self) -> int:
        """Of events in one second, the one that was made first comes first."""
        return next(self.turns)

    def _arrival(self, child: Child, day: int) -> int:
        hour = child.chance.choice((5, 7, 12, 16, 18, 19, 19, 20, 20, 21, 22, 23))
        return BEGIN_S + day * DAY_S + hour * 3_600 + child.chance.randrange(3_600)

    def _live(self, events: list[tuple[int, int, Iterator[int]]], day: int) -> None:
        """Everything that happens, in its order; what lies after four in the morning ends."""
        heapq.heapify(events)
        ends_s = BEGIN_S + (day + 1) * DAY_S + 4 * 3_600
        while events:
            at_s, _, sitting = heapq.heappop(events)
            self.clock.true_s = max(self.clock.true_s, at_s)
            self._disturb()
            next_s = next(sitting, None)
            if next_s is not None and next_s < ends_s:
                heapq.heappush(events, (next_s, self._turn(), sitting))
            else:
                sitting.close()

    def _sitting(self, child: Child) -> Iterator[int]:
        """One device in use: yields the second at which it wants to go on."""
        chance = child.chance
        leaves_s = self.clock.true_s + chance.randrange(60, child.patience_s)
        while True:
            now = self.clock.true_s
            answer = self._ask(child, now)
            if not answer.allowed:
                again = self._refused(child, answer, now)
                if again is None:
                    return
                yield again
                continue
            yield from self._stream(child, now, now + chance.randrange(2, 90))
            if self.clock.true_s >= leaves_s:
                return
            yield self.clock.true_s + chance.choice((3, 20, 45, 60, 90, 91, 140, 150, 151, 400))

    def _ask(self, child: Child, now: int) -> Answer:
        self.tally.requests += 1
        answer = at_once(self.services[child.profile].ask(child.subject))
        self._agree(child, answer, now)
        return answer

    def _agree(self, child: Child, answer: Answer, now: int) -> None:
        if answer.allowed != child.oracle.allows(now):
            said = answer.decision.why if answer.decision else "adult"
            self.tally.fault(f"{wall(now)} child {child.number} {child.profile}: {said}")

    def _stream(self, child: Child, now: int, ends_s: int) -> Iterator[int]:
        """An answer: a sign at its beginning, at each beat, and at its end with the reading."""
        answer = self._sign(child, now)
        while True:
            limit = answer.decision.ends_ms if answer.decision else None
            grace_s = RULES.profiles[child.profile].grace_s
            if limit is not None:
                ends_s = min(ends_s, limit // 1000 + grace_s)
            yield min(ends_s, self.clock.true_s + BEAT_S)
            now = self.clock.true_s
            if limit is not None and now > limit // 1000 + grace_s:
                self.tally.fault(f"{wall(now)} child {child.number} streams past the grace")
            if now >= ends_s:
                self._sign(child, now, child.chance.choice((0, 30, 150, 900)))
                return
            answer = self._sign(child, now)
            self._agree(child, answer, now)

    def _sign(self, child: Child, now: int, characters: int = 0) -> Answer:
        self.tally.signs += 1
        child.oracle.sign(now, characters * 60 // RULES.use.reading_characters_per_minute)
        return at_once(self.services[child.profile].sign(child.subject, characters))

    def _refused(self, child: Child, answer: Answer, now: int) -> int | None:
        """Why, when again, and whether a guardian helps; the second to come back, or None."""
        decision = answer.decision
        assert decision is not None
        self.tally.refusals[decision.why] = self.tally.refusals.get(decision.why, 0) + 1
        if answer.can_ask and child.chance.random() < 0.3:
            self._more(child, now)
            return now + 1
        again = None if decision.next_ms is None else decision.next_ms // 1000
        sampled = again is not None and child.chance.randrange(SAMPLE) == 0
        if sampled and (not child.oracle.allows(again) or child.oracle.allows(again - 1)):
            self.tally.fault(f"{wall(now)} child {child.number}: not next at {wall(again)}")
        soon = again is not None and again - now < 3 * 3_600
        return again if soon and child.chance.random() < 0.5 else None

    def _more(self, child: Child, now: int) -> None:
        profile = RULES.profiles[child.profile]
        minutes = child.chance.choice((5, 15, 30))
        asked = ask_more("mt", child.subject, minutes, now * 1000, RULES, profile)
        if not isinstance(asked, MoreTime):
            self.tally.fault(f"{asked}")
            return
        answered = answer_more(asked, minutes, now * 1000, RULES, profile)
        if not isinstance(answered, tuple) or answered[1] is None:
            self.tally.fault(f"{answered}")
            return
        at_once(self.services[child.profile].give(child.subject, answered[1]))
        child.oracle.more(now, now + minutes * 60, minutes * 60)
        self.tally.given += 1

    def _check_day(self, day: int) -> None:
        """Rule 4, of whoever was there; then what no day asks for any more is let go."""
        ordinal = FIRST_DAY.toordinal() + day
        midnight = BEGIN_S + day * DAY_S
        for child in self.children:
            if not child.oracle.signs:
                continue
            days = at_once(self.store.look(child.subject)).usage.days
            for at in (ordinal - 1, ordinal):
                expected = child.oracle.used_s(iso_day(at))
                if days.get(at, 0) != expected * 1000:
                    self.tally.fault(f"{iso_day(at)} child {child.number}: {days.get(at)}")
            self.tally.days_checked += 1
            self.tally.used_s += child.oracle.used_s(iso_day(ordinal))
            child.oracle.forget(midnight - DAY_S)


def main() -> int:
    """Run a year and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minors", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--gateway", type=int, default=40, help="Children behind a real gateway.")
    options = parser.parse_args()
    began = time.process_time()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        logging.basicConfig(filename=folder / "year.log", level=logging.INFO)
        year = Year(options.minors, options.days, options.seed, folder)
        tally = year.run()
        os.environ[SECRET_ENV] = SECRET
        stretch = live(folder / "gateway", options.gateway)
        secrets = found_secrets(folder, year.secrets | stretch.secrets)
        size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    print(f"minors {options.minors}, days {options.days}, seed {options.seed}")
    print(f"requests {tally.requests}, refused {tally.refusals}, signs {tally.signs}")
    print(f"more time given {tally.given}, restarts {tally.restarts}, clock steps {tally.shifts}")
    print(f"days of use checked {tally.days_checked}, hours used {tally.used_s // 3600}")
    asked = sum(stretch.answers.values())
    print(f"behind a real gateway: children {options.gateway}, requests {asked}")
    print(f"bytes written and searched {size}: personal data found {len(secrets)}")
    print(f"disagreements with the oracle: {len(tally.faults)}")
    for line in (tally.faults + secrets)[:20]:
        print(f"  {line}")
    print(f"CPU {time.process_time() - began:.0f} s")
    return 1 if tally.faults or secrets else 0


if __name__ == "__main__":
    raise SystemExit(main())
