"""Asks a target every item that has no answer yet, several at a time, and journals the answers.

It refuses to know what an answer amounts to.

Rules
1. At most `concurrency` questions are under way.
2. An item without an answer after its tries does not stop the run; FAILURES_MAX in a row do: then
   the target is down, and going on would only count its troubles.
3. What is in doubt from a run that died is asked again under its key, or left without an answer:
   whoever runs it says which. Nothing else is asked a second time once it was answered.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from licet.assess.bank import Item
from licet.assess.endpoint import Endpoint, Target
from licet.assess.journal import Journal
from licet.base.trouble import Trouble, Unavailable

FAILURES_MAX = 20
SYNC_EVERY = 64

Progress = Callable[[int], None]
"""Called with how many more items are answered."""


@dataclass(slots=True)
class Ran:
    """What a run did: asked and answered now, and items that stay without an answer."""

    answered: int = 0
    failed: int = 0
    last_trouble: str = ""
    left: int = 0
    """In doubt and not asked again."""


def check_any_answered(done: Ran, path: Path) -> None:
    """Raises Unavailable where questions were asked and not one of them was answered: whoever
    runs this in a script must not go on to a report. `path` is the journal's."""
    if done.failed and not done.answered:
        raise Unavailable(
            f"none of the {done.failed} questions that were asked was answered; the last: "
            f"{done.last_trouble}",
            hint="Check address, model and --deadline, then run the same command again: what "
            f"{path} holds is kept.",
        )


def draw(items: Sequence[Item], many: int | None, seed: int) -> tuple[Item, ...]:
    """A simple random sample, the same for the same seed: bounds are for such samples."""
    if many is None or many >= len(items):
        return tuple(items)
    return tuple(random.Random(seed).sample(list(items), many))  # noqa: S311 - a sample, no secret


async def run(
    items: Sequence[Item], target: Target, journal: Journal, concurrency: int,
    rng: random.Random, progress: Progress = lambda _: None, *, leave_doubt: bool = False,
) -> Ran:  # fmt: skip
    """Ask what has no answer yet. `leave_doubt`: but not what is in doubt (rule 3).

    Raises Unavailable as rule 2 says, and what Endpoint raises where no question can be asked at
    all."""
    left = journal.in_doubt if leave_doubt else frozenset[str]()
    waiting = iter(
        [item for item in items if item.id not in journal.answers and item.id not in left]
    )
    done = Ran(left=len(left))
    in_a_row = 0

    async def work(endpoint: Endpoint) -> None:
        nonlocal in_a_row
        for item in waiting:
            journal.ask(item.id)
            try:
                answer = await endpoint.ask(item.id, item.text)
            except Unavailable as trouble:
                journal.give_up(item.id)
                done.failed += 1
                in_a_row += 1
                done.last_trouble = trouble.message
                if in_a_row >= FAILURES_MAX:
                    raise
                continue
            in_a_row = 0
            journal.add(answer)
            done.answered += 1
            if done.answered % SYNC_EVERY == 0:
                await asyncio.to_thread(journal.sync)
            progress(1)

    async with Endpoint(target, rng, concurrency) as endpoint:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(concurrency):
                    group.create_task(work(endpoint))
        except* Trouble as several:
            raise several.exceptions[0] from None
    return done
