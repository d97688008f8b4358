"""Erasure: a person's request destroys keys, then what they sealed, then who it was; and is told.

    request = ask(subjects, pseudonyms, "somebody@example.com", now, chance)
    carry_out(subjects, cases, now)           # as often as one likes: what is done stays done
    tell(subjects, log, submit)               # each entry once, whoever was killed

It refuses to know HTTP and people.

Rules
1. Keys go first: without its key a sealed excerpt is noise in every copy, backups included.
2. What a hold names stays, and the request stays open; it is done when the hold has ended. That
   it was asked, held back on which ground, and done are entries of the ledger.
3. The ledger keeps its entries, and every proof stays valid: they hold digests and pseudonyms
   whose keys are gone.
4. An entry is handed in once. Where a process ended between the ledger and our note of it, the
   ledger is read from where it stood: what is there is not handed in again.
law:cn-genai-2023/art11.1
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Protocol

from licet.base.ids import Chance, new_id
from licet.base.trouble import NotFound, Trouble
from licet.gateway.casestore import CaseStore
from licet.gateway.subjects import Erasure, Saying, Subjects
from licet.ledger.entry import Value, as_id, make_entry, parse_entry

_AT_ONCE = 1_000


class Told(Protocol):
    """Hands an entry to the ledger; `done` hears the entry's index, or the Trouble."""

    def __call__(self, entry: bytes, done: Callable[[int | Trouble], None]) -> None: ...


class Entries(Protocol):
    """A ledger that can be read."""

    @property
    def size(self) -> int: ...

    def entries(self, first: int, count: int) -> list[bytes]: ...


def ask(
    subjects: Subjects, pseudonyms: Iterable[str], now: datetime, chance: Chance
) -> str:  # fmt: skip
    """Keep a request; gives its number. Raises NotFound where nothing is kept under any of the
    pseudonyms, so that nobody is told that something was erased when nothing was there."""
    known = [one for one in pseudonyms if subjects.cases_of(one) or subjects.knows(one)]
    if not known:
        raise NotFound("nothing is kept of this person.", hint="Check the reference.")
    request = new_id("erasure", now, chance)
    subjects.ask(request, known, now)
    return request


def carry_out(subjects: Subjects, cases: CaseStore, now: datetime) -> tuple[Erasure, ...]:
    """Destroy what open requests name and nothing holds (rule 2). Gives the requests of which the
    ledger was not told all yet. Raises Unavailable; then do it again."""
    held = {one.name: one.basis for one in subjects.holds(now)}
    for request in subjects.erasures():
        if request.done:
            continue
        grounds = set[str]()
        for subject in subjects.subjects_of(request.id):
            grounds |= _destroy(subjects, cases, request.id, subject, held)
        for ground in sorted(grounds):
            subjects.refuse(request.id, ground)
        if not grounds:
            subjects.finish(request.id)
    return tuple(one for one in subjects.erasures() if not one.told)


def _destroy(
    subjects: Subjects, cases: CaseStore, request: str, subject: str, held: Mapping[str, str]
) -> set[str]:
    """Destroy what is of one pseudonym; on which grounds something of it stays."""
    grounds = {held[subject]} if subject in held else set[str]()
    for case in subjects.cases_of(subject):
        if case in held:
            grounds.add(held[case])
        elif subject not in held:
            cases.destroy(case)  # rule 1
            subjects.erased_case(request, case)
    if not grounds:
        subjects.erased_identity(request, subject)
    return grounds


def tell(subjects: Subjects, log: Entries, submit: Told, now: datetime) -> int:
    """Hand in every entry that the ledger lacks (rule 4); gives how many."""
    handed_in = 0
    for one in subjects.sayings():
        if one.telling and _stands(one, log):
            subjects.told(one)
            continue
        subjects.telling(one, log.size)
        submit(make_entry(f"erasure.{one.kind}", now, _public(one)), _noting(subjects, one))
        handed_in += 1
    return handed_in


def _public(one: Saying) -> dict[str, Value]:
    return {
        "request": one.erasure,
        "ground": as_id(one.ground) if one.ground else None,
        "items": one.items if one.kind == "executed" else None,
    }


class Stores(Protocol):
    """What of a running gateway erasure touches."""

    @property
    def subjects(self) -> Subjects: ...

    @property
    def cases(self) -> CaseStore: ...

    @property
    def log(self) -> Entries: ...


def erase_due(of: Stores, submit: Told, now: datetime) -> None:
    """A gateway's round: carry out what is asked, tell of it, forget what is past its time.
    Raises Unavailable."""
    carry_out(of.subjects, of.cases, now)
    tell(of.subjects, of.log, submit, now)
    of.subjects.sweep(now - of.cases.keep)


def _noting(subjects: Subjects, one: Saying) -> Callable[[int | Trouble], None]:
    def done(answer: int | Trouble) -> None:
        if not isinstance(answer, Trouble):
            with contextlib.suppress(Trouble):  # then the ledger is read at the next look
                subjects.told(one)

    return done


def _stands(one: Saying, log: Entries) -> bool:
    needle = f'"request":"{one.erasure}"'.encode()
    for first in range(one.ledger_size, log.size, _AT_ONCE):
        for data in log.entries(first, min(_AT_ONCE, log.size - first)):
            if needle in data:
                entry = parse_entry(data)
                told = {name: value for name, value in _public(one).items() if value is not None}
                if entry.kind == f"erasure.{one.kind}" and dict(entry.pub) == told:
                    return True
    return False
