"""Reasons of a verdict: as JSON, and as a person reads them.

It refuses to know how a text is judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from licet.guard.classifier import Explanation, Piece
from licet.guard.explaining import Nearness, Reasons

NGRAMS_IN_JSON = 24
NGRAMS_SHOWN = 8
NEAREST_SHOWN = 3
WORTH_SHOWING = 0.01
EXCERPT_CHARACTERS = 60


def reasons_as_object(reasons: Reasons, text: str) -> dict[str, Any]:
    """The member `explain` of an answer; scores and weights to four places."""
    found = reasons.classifier
    return {
        "nearest": [
            {"category": near.category, "score": round(near.score, 4),
             "flag": near.flag, "halt": near.halt}
            for near in reasons.nearest
        ],
        "classifier": None if found is None else _classifier_as_object(found, text),
    }  # fmt: skip


def _classifier_as_object(found: Explanation, text: str) -> dict[str, Any]:
    shown = found.pieces[:NGRAMS_IN_JSON]
    return {
        "score": round(found.score, 4),
        "log_odds": round(found.log_odds, 4),
        "offset": round(found.offset, 4),
        "others": round(_others(found, shown), 4),
        "start": found.start,
        "end": found.end,
        "as": "injection" if found.injection else "harm",
        "screened": found.screened,
        "ngrams": [_piece_as_object(piece) for piece in shown],
        "words": [_piece_as_object(piece) for piece in found.by_word(text)],
    }


def _piece_as_object(piece: Piece) -> dict[str, Any]:
    return {
        "text": piece.text, "start": piece.start, "end": piece.end,
        "weight": round(piece.weight, 4),
    }  # fmt: skip


def _others(found: Explanation, shown: list[Piece] | tuple[Piece, ...]) -> float:
    return found.log_odds - found.offset - sum(piece.weight for piece in shown)


def render_reasons(reasons: Reasons, text: str) -> Iterator[str]:
    """The reasons as lines for a terminal; what came of the text is not safe to print as it is."""
    yield ""
    some = [near for near in reasons.nearest if near.score >= WORTH_SHOWING]
    for number, near in enumerate(some[:NEAREST_SHOWN] or reasons.nearest[:1]):
        yield f"{'nearest' if not number else '':<9} {_near(near)}"
    found = reasons.classifier
    if found is None:
        yield "model     no classifier judged this text"
        return
    what = "an attack on instructions" if found.injection else "harm"
    look = "passed it, so this did not count: " if found.screened else "asked for a closer one: "
    yield f"model     the quick look {look}{found.score:.2f} for {what}"
    yield f"window    {found.start} to {found.end}: {_shown(text[found.start : found.end])}"
    words = sorted(found.by_word(text), key=lambda word: -word.weight)
    yield f"for it    {_words(words, 1)}"
    yield f"against   {_words(words[::-1], -1)}"
    shown = found.heaviest(NGRAMS_SHOWN)
    for number, piece in enumerate(shown):
        place = f"{_shown(piece.text)}  ({piece.start} to {piece.end})"
        yield f"{'n-grams' if not number else '':<9} {piece.weight:+6.2f}  {place}"
    yield f"{'':<9} {_others(found, shown):+6.2f}  all other n-grams"
    yield f"{'':<9} {found.offset:+6.2f}  to begin with"
    yield f"{'':<9} {found.log_odds:+6.2f}  log-odds, a score of {found.score:.2f}"


def _near(near: Nearness) -> str:
    below = near.flag - near.score
    if below > 0:
        told = f"{below:.2f} below a flag"
    elif near.score < near.halt:
        told = f"{near.halt - near.score:.2f} below a halt"
    else:
        told = "enough to halt"
    return f"{near.category} {near.score:.2f}, {told} (flag {near.flag:g}, halt {near.halt:g})"


def _words(words: list[Piece], sign: int) -> str:
    told = [
        f"{_shown(word.text)} {word.weight:+.2f}"
        for word in words[:NGRAMS_SHOWN]
        if word.weight * sign > 0
    ]
    return " · ".join(told) or "nothing"


def _shown(text: str) -> str:
    """Text on one line, cut where it is long, that commands no terminal."""
    if len(text) > EXCERPT_CHARACTERS:
        half = EXCERPT_CHARACTERS // 2
        text = f"{text[:half]} … {text[-half:]}"
    return "".join([char if char.isprintable() else " " for char in text])
