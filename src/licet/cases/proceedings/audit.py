"""Was what a ledger tells of proceedings lawful? Replayed from its public fields alone.

It refuses to know where entries come from and whether a log is whole: `ledger.verify` does.

Rules
1. Of each proceeding the entries are numbered from 1 without a gap, and the first opens it.
2. An act is one of the pack's, done in a role that may do it, in a stage in which it is open; it
   leads where the pack says, and what ends by itself ends as a clock of the pack does.
3. A release follows a proof of the candidate that it releases, or is one against the proof.
4. What a ledger does not hold (accounts, words) can't be replayed; its digests can be held against
   a store that is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from licet.cases.model import SYSTEM
from licet.cases.proceedings.permits import BETTER
from licet.rulebook.proceeding import ProceedingAct, ProceedingKind, ProceedingRules

Public = Mapping[str, object]


@dataclass(slots=True)
class _Thread:
    """One proceeding so far."""

    count: int
    stage: str
    before: list[str]


def lawless(
    entries: Iterable[tuple[int, Public]], rules: Mapping[ProceedingKind, ProceedingRules]
) -> Iterator[str]:
    """What is wrong with entries of the kind `proceeding.event`, given with their indices in the
    order of the ledger; nothing where all of it was lawful."""
    threads: dict[object, _Thread] = {}
    for index, pub in entries:
        of = next((one for kind, one in rules.items() if kind == pub.get("kind")), None)
        if of is None:
            yield f"entry {index}: the pack knows no proceeding {pub.get('kind')!r}"
            continue
        mark, stage = pub.get("proceeding"), str(pub.get("stage"))
        thread = threads.get(mark)
        wrong = _wrong(thread, pub, of)
        if wrong:
            yield f"entry {index}: {wrong}"
        if thread is None:
            threads[mark] = _Thread(1, stage, [])
            continue
        thread.count += 1
        if stage != thread.stage:
            thread.before.append(thread.stage)
            thread.stage = stage


def _wrong(thread: _Thread | None, pub: Public, of: ProceedingRules) -> str:
    number = 1 if thread is None else thread.count + 1
    if pub.get("n") != number:
        return f"it is number {pub.get('n')}, and {number} comes next"
    if pub.get("clock") is not None:
        return _wrong_end(thread, pub, of)
    act = of.acts.get(str(pub.get("act")))
    if act is None:
        return f"the pack knows no act {pub.get('act')!r}"
    role = str(pub.get("role"))
    if role not in act.by and not (act.side == "machine" and role == SYSTEM):
        return f"{act.id} is not for the role {role!r}"
    if act.opens != (thread is None) or (thread is not None and thread.stage not in act.at):
        return f"{act.id} is not open at {thread.stage if thread else 'the beginning'}"
    if str(pub.get("stage")) != _leads(act, thread):
        return f"{act.id} does not lead to {pub.get('stage')!r}"
    if "proven" in act.effects and pub.get("verdict") != BETTER:
        return f"{act.id} without a proof that bears it"
    if "override" in act.effects and pub.get("verdict") == BETTER:
        return f"{act.id} against a proof that bears it"
    return ""


def _wrong_end(thread: _Thread | None, pub: Public, of: ProceedingRules) -> str:
    clock = of.clocks.get(str(pub.get("clock")))
    if thread is None or clock is None or clock.expires.get(thread.stage) != pub.get("stage"):
        return f"the clock {pub.get('clock')!r} does not end so"
    return "" if pub.get("automatic") is True else "a period ended by somebody's hand"


def _leads(act: ProceedingAct, thread: _Thread | None) -> str:
    if act.to:
        return act.to
    if act.returns and thread and thread.before:
        return thread.before[-1]
    return thread.stage if thread else ""
