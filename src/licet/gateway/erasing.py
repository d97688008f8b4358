"""Erasure: a person's request destroys keys, then what they sealed, then who it was; and is told.

    request = ask(subjects, pseudonyms, "somebody@example.com", now, chance)
    carry_out(subjects, cases, now)           # as often as one likes: what is done stays done
    tell(subjects, log, submit)               # one entry for each request, whoever was killed

It refuses to know HTTP and people.

Rules
1. Keys go first: without its key a sealed excerpt is noise in every copy, backups included.
2. What a hold names stays, and the request stays open; it is done when the hold has ended.
3. The ledger keeps its entries, and every proof stays valid: they hold digests and pseudonyms
   whose keys are gone.
4. An entry is handed in once. Where a process ended between the ledger and our note of it, the
   ledger is read from where it stood: what is there is not handed in again.
law:cn-genai-2023/art11.1
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from licet.base.ids import Chance, new_id
from licet.base.trouble import NotFound, Trouble
from licet.gateway.casestore import CaseStore
from licet.gateway.subjects import Erasure, Subjects
from licet.ledger.entry import Value, make_entry

KIND = "erasure.executed"
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
    """Destroy what open requests name and nothing holds (rule 2). Gives the requests that are
    not told yet. Raises Unavailable; then do it again."""
    held = {one.name for one in subjects.holds(now)}
    for request in subjects.erasures():
        if request.state != "asked":
            continue
        kept = False
        for subject in subjects.subjects_of(request.id):
            for case in subjects.cases_of(subject):
                if held & {case, subject}:
                    kept = True
                    continue
                cases.destroy(case)  # rule 1
                subjects.erased_case(request.id, case)
            if subject in held or subjects.cases_of(subject):
                kept = True
            else:
                subjects.erased_identity(request.id, subject)
        if not kept:
            subjects.finish(request.id)
    return tuple(one for one in subjects.erasures() if one.state in ("erased", "telling"))


def tell(subjects: Subjects, log: Entries, submit: Told, now: datetime) -> int:
    """Hand in the entry of every request that was carried out (rule 4); gives how many."""
    handed_in = 0
    for request in subjects.erasures():
        if request.state == "telling" and _stands(request, log):
            subjects.told(request.id)
        elif request.state in ("erased", "telling"):
            subjects.telling(request.id, log.size)
            pub: dict[str, Value] = {"request": request.id, "items": request.items}
            submit(make_entry(KIND, now, pub), _noting(subjects, request.id))
            handed_in += 1
    return handed_in


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


def _noting(subjects: Subjects, request: str) -> Callable[[int | Trouble], None]:
    def done(answer: int | Trouble) -> None:
        if not isinstance(answer, Trouble):
            with contextlib.suppress(Trouble):  # then the ledger is read at the next look
                subjects.told(request)

    return done


def _stands(request: Erasure, log: Entries) -> bool:
    needle = f'"request":"{request.id}"'.encode()
    for first in range(request.ledger_size, log.size, _AT_ONCE):
        if any(needle in one for one in log.entries(first, min(_AT_ONCE, log.size - first))):
            return True
    return False
