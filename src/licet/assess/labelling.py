"""People label what a machine said: what is drawn, who labels what next, what is settled. Pure.

It refuses to know who the people are, and what the machines say of the same texts: a labeller who
knew would be led.

Rules
1. Items are drawn by chance, with a seed that is kept, so that anybody can draw them again.
2. Two people label each item, each in an order of their own; nobody labels an item twice.
3. Where the two differ in any answer, a third person decides, who saw neither.
4. "Cannot tell" is an answer. It counts for nothing, and two who cannot tell agree.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import msgspec

from licet.base.trouble import BadInput, TooMuch
from licet.stats.agreement import Agreement, cohen_kappa
from licet.stats.share import Count

VOICES = 2
LINES_MAX = 20_000
TEXT_CHARACTERS_MAX = 50_000
Kind = Literal["answers", "texts"]
QUESTIONS: Mapping[Kind, tuple[str, ...]] = {
    "answers": ("refused", "acceptable"), "texts": ("lawful",),
}  # fmt: skip
"""What is asked of a question with its answer, and of a text alone."""


@dataclass(frozen=True, slots=True)
class Text:
    """What is labelled. `prompt` is empty for a text alone."""

    id: str
    prompt: str
    reply: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """Texts drawn by chance, in that order; `of`: how many there were; SHA-256 of the file."""

    kind: Kind
    texts: tuple[Text, ...]
    of: int
    seed: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Vote:
    """What one person answered about one item; `final`: to decide between two who differ."""

    item: int
    by: str
    answers: Mapping[str, bool | None]
    final: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a sample is. `settled`, `split` (awaiting a third), of `items`; agreement of the
    first two by question, over the items that both answered yes or no."""

    items: int
    settled: int
    split: tuple[int, ...]
    votes: int
    agreement: Mapping[str, Agreement]


class _Line(msgspec.Struct, frozen=True):
    id: str
    prompt: str = ""
    reply: str = ""
    text: str = ""


def draw(data: bytes, name: str, many: int, seed: int) -> Drawn:
    """Draw so many texts of a file of lines (rule 1): `{"id", "prompt", "reply"}`, as `licet
    assess sheet` prints them, or `{"id", "text"}`.

    Raises BadInput with line and cause, TooMuch for more lines than LINES_MAX.
    """
    texts = tuple(_read(data, name))
    if not texts:
        raise BadInput(f"{name} holds no lines.", hint="`licet assess sheet` prints some.")
    kinds = {"answers" if one.prompt else "texts" for one in texts}
    if len(kinds) > 1:
        raise BadInput(f"{name} mixes answers and texts.", hint="Make a sample of each.")
    if many < 1:
        raise BadInput("a sample holds at least one item.", hint="Say how many to draw.")
    chance = random.Random(seed)  # noqa: S311 - a sample, no secret
    chosen = chance.sample(texts, min(many, len(texts)))
    kind: Kind = "answers" if kinds == {"answers"} else "texts"
    return Drawn(kind, tuple(chosen), len(texts), seed, sha256(data).hexdigest())


def next_item(by: str, items: int, votes: Iterable[Vote], salt: str) -> int | None:
    """The item that this person labels next (rule 2); None where nothing waits for them.

    What somebody else began comes first, so that pairs are complete early.
    """
    voices, mine = _voices(votes), {vote.item for vote in votes if vote.by == by}
    open_ = [n for n in range(items) if n not in mine and len(voices.get(n, ())) < VOICES]
    return min(
        open_, key=lambda n: (-len(voices.get(n, ())), _place(salt, by, n)), default=None
    )  # fmt: skip


def next_split(by: str, votes: Sequence[Vote], kind: Kind) -> int | None:
    """The item between whose two labellers this person decides next (rule 3)."""
    mine = {vote.item for vote in votes if vote.by == by}
    return next((n for n in split(votes, kind) if n not in mine), None)


def split(votes: Sequence[Vote], kind: Kind) -> tuple[int, ...]:
    """Items whose two labellers differ and between whom nobody has decided yet."""
    decided = {vote.item for vote in votes if vote.final}
    return tuple(
        item
        for item, said in sorted(_voices(votes).items())
        if item not in decided and len(said) >= VOICES and _differ(said[:VOICES], kind)
    )


def standing(items: int, votes: Sequence[Vote], kind: Kind, confidence: float) -> Standing:
    """How far the sample is, and how far its labellers agree."""
    voices = _voices(votes)
    pairs = [said[:VOICES] for _, said in sorted(voices.items()) if len(said) >= VOICES]
    open_ = split(votes, kind)
    agreement = {}
    for question in QUESTIONS[kind]:
        both = [(a.answers.get(question), b.answers.get(question)) for a, b in pairs]
        told = [(a, b) for a, b in both if a is not None and b is not None]
        agreement[question] = cohen_kappa(
            [a for a, _ in told], [b for _, b in told], confidence
        )  # fmt: skip
    return Standing(items, len(pairs) - len(open_), open_, len(votes), agreement)


def tally(votes: Sequence[Vote], kind: Kind, question: str) -> Count:
    """How many settled items got yes, of those that got yes or no (rules 3 and 4)."""
    final = {vote.item: vote for vote in votes if vote.final}
    yes = of = 0
    for item, said in _voices(votes).items():
        if item in final:
            answer = final[item].answers.get(question)
        elif len(said) >= VOICES and not _differ(said[:VOICES], kind):
            answer = said[0].answers.get(question)
        else:
            continue
        of += answer is not None
        yes += answer is True
    return Count(yes, of)


def render_labels(texts: Sequence[Text], votes: Sequence[Vote], kind: Kind) -> str:
    """The labels as lines, as `licet assess report --labels` takes them; people by number."""
    people = {by: f"labeller-{n}" for n, by in enumerate(sorted({vote.by for vote in votes}), 1)}
    lines = [
        json.dumps(
            {"id": texts[vote.item].id, "by": people[vote.by]}
            | {question: vote.answers.get(question) for question in QUESTIONS[kind]}
        )
        for vote in sorted(votes, key=lambda vote: (vote.item, vote.final, people[vote.by]))
    ]
    return "".join(f"{line}\n" for line in lines)


def _read(data: bytes, name: str) -> Iterator[Text]:
    decode = msgspec.json.Decoder(_Line).decode
    seen: set[str] = set()
    for number, raw in enumerate(data.splitlines(), 1):
        where = f"{name}, line {number}"
        if not raw.strip():
            continue
        try:
            line = decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            hint = 'Write {"id": "…", "prompt": "…", "reply": "…"} or {"id": "…", "text": "…"}.'
            raise BadInput(f"{where}: {error}.", hint=hint) from None
        reply = line.reply if line.prompt else line.text
        if not line.id or line.id in seen:
            raise BadInput(f"{where}: needs an id of its own.", hint="Give each line another.")
        if not (line.prompt or line.text):
            raise BadInput(f"{where}: has neither prompt nor text.", hint="Give one of them.")
        if len(line.prompt) + len(reply) > TEXT_CHARACTERS_MAX:
            raise BadInput(f"{where}: is too long to be read by a person.", hint="Cut it.")
        seen.add(line.id)
        if len(seen) > LINES_MAX:
            raise TooMuch(f"{name} holds more than {LINES_MAX} lines.", hint="Draw fewer first.")
        yield Text(line.id, line.prompt, reply)


def _voices(votes: Iterable[Vote]) -> dict[int, list[Vote]]:
    found: dict[int, list[Vote]] = {}
    for vote in votes:
        if not vote.final:
            found.setdefault(vote.item, []).append(vote)
    return found


def _differ(said: Sequence[Vote], kind: Kind) -> bool:
    return any(len({vote.answers.get(q) for vote in said}) > 1 for q in QUESTIONS[kind])


def _place(salt: str, by: str, item: int) -> bytes:
    return sha256(f"{salt}/{by}/{item}".encode()).digest()
