"""Halted answers and better ones as preference pairs, in the form that Hugging Face TRL reads.

    {"prompt": [{"role": "user", "content": "…"}],
     "chosen": [{"role": "assistant", "content": "…"}],
     "rejected": [{"role": "assistant", "content": "…"}]}

The conversational form of a preference data set (TRL, "Dataset formats"): DPO, reward models and
the like take it as it is. It refuses to know where a halted exchange was kept and who opened it.

Rules
1. A pair has a prompt, an answer that was halted and one that a person would rather have seen;
   where nobody wrote one, the words that the pack gives a refused person.
2. No person, key, case or time goes along: a training set is no register of anybody.
3. A line that is no pair is refused with its number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from licet.base.trouble import BadInput

PAIRS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Pair:
    """What was asked, what was halted, and what should have been said."""

    prompt: str
    rejected: str
    chosen: str


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    prompt: str
    rejected: str
    category: str = ""
    chosen: str = ""
    case: str = ""


Reasons = Mapping[str, Mapping[str, str]]
"""What a refused person reads, by category and language: `pack.categories[…].reason`."""


def read_pairs(data: bytes, where: str, reasons: Reasons) -> tuple[Pair, ...]:
    """The pairs in lines of opened exchanges. Raises BadInput with file and line."""
    pairs: list[Pair] = []
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found = msgspec.json.decode(line, type=_Line)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise _refused(where, number, str(error)) from None
        chosen = found.chosen.strip() or _refusal(found, reasons)
        if not found.prompt.strip() or not found.rejected.strip():
            raise _refused(where, number, "a pair has a prompt and a rejected answer.")
        if not chosen:
            raise _refused(where, number, f"no answer for the category {found.category!r}.")
        if chosen == found.rejected.strip():
            raise _refused(where, number, "chosen and rejected are the same.")
        pairs.append(Pair(found.prompt, found.rejected, chosen))
        if len(pairs) > PAIRS_MAX:
            raise _refused(where, number, f"more than {PAIRS_MAX:,} pairs.")
    return tuple(pairs)


def as_trl_lines(pairs: tuple[Pair, ...]) -> bytes:
    """The pairs as lines of JSON in TRL's conversational preference form."""
    return b"".join(_lines(pairs))


def _refusal(line: _Line, reasons: Reasons) -> str:
    """The pack's words for the category, in the language that the prompt is written in."""
    words = reasons.get(line.category, {})
    chinese = any("\u4e00" <= char <= "\u9fff" for char in line.prompt)
    return words.get("zh" if chinese else "en", "")


def _lines(pairs: tuple[Pair, ...]) -> Iterator[bytes]:
    for pair in pairs:
        told = {
            "prompt": [{"role": "user", "content": pair.prompt}],
            "chosen": [{"role": "assistant", "content": pair.chosen}],
            "rejected": [{"role": "assistant", "content": pair.rejected}],
        }
        yield json.dumps(told, ensure_ascii=False).encode() + b"\n"


def _refused(where: str, number: int, why: str) -> BadInput:
    return BadInput(
        f"{where}, line {number}: {why}",
        hint='One object a line: {"prompt": "…", "rejected": "…", "chosen": "…"}.',
    )
