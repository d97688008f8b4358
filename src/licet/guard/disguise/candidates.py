"""Where runs of Base64 and hexadecimal digits may have begun that are text so far.

It refuses to know offsets and what runs hold: it follows characters, from state to state. A state
is the runs that may be open, of each what decides how it goes on; it is made when a text first
comes to it (see `licet.guard.lazy_dfa`), and depends on no rule: all texts share them.

Rules
1. A run begins where no letter or digit stands before it, or behind `0x`.
2. It is over at the first character that is none of its alphabet, and at the first byte that can't
   be text (UTF-8 without control characters), as soon as the bits that are there rule that out.
3. A run of RUN_MIN characters is no candidate any more: it is `grown`, and others read on.
"""

from __future__ import annotations

from typing import Final, NamedTuple

RUN_MIN: Final = 16
"""Nothing counts in a run of fewer characters: words and numbers are that long."""
LETTERS_AND_DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
BASE64: Final = {char: value for value, char in enumerate(LETTERS_AND_DIGITS + "+/")}
BASE64.update({"-": 62, "_": 63})  # the alphabet for addresses
HEX: Final = {char: int(char, 16) for char in "0123456789abcdefABCDEF"}
BETWEEN_PAIRS: Final = " :;,-\n"
BETWEEN_MAX: Final = 3
"""What may stand between two pairs of hexadecimal digits, and how often; then perhaps `0x`."""

_STATES_MAX: Final = 4_096
ASCII_END: Final = 0x80
"""Every character from here on is read as this one: it ends all runs."""
_TEXT: Final = (*range(0x20, 0x7F), 0x09, 0x0A, 0x0D)
_LEAD: Final = range(0xC2, 0xF5)
_REST: Final = range(0x80, 0xC0)

_BOUNDARY, _WITHIN, _NOUGHT, _BEHIND_0X = range(4)
"""What stands before: no letter or digit; one; `0` behind none; `0x` behind none."""


class Candidate(NamedTuple):
    """A run that may be one: its length, the bits that make no byte yet, and how many bytes are
    still to come of the character that it is in."""

    is_hex: bool
    length: int = 0
    bits: int = 0
    value: int = 0
    due: int = 0
    cut: int = 0
    """Separators at its end, or before the first digit of the pair that it is in."""


def _go_on(run: Candidate, char: str) -> Candidate | None:
    """The run with one more character; None where it is over (rule 2)."""
    digit = (HEX if run.is_hex else BASE64).get(char)
    if digit is None:
        if not run.is_hex:
            return None
        if char in BETWEEN_PAIRS and not run.bits and run.cut < BETWEEN_MAX:
            return run._replace(length=run.length + 1, cut=run.cut + 1)
        if char in "xX" and run.bits and run.cut and not run.value:
            return run._replace(length=run.length + 1, bits=0, cut=BETWEEN_MAX)
        return None
    if run.length + 1 == RUN_MIN:  # whether its last byte is text others see
        return Candidate(run.is_hex, RUN_MIN)
    width = 4 if run.is_hex else 6
    value, bits, due = run.value << width | digit, run.bits + width, run.due
    if bits >= 8:
        bits -= 8
        byte, value = value >> bits, value & ((1 << bits) - 1)
        if byte not in (_REST if due else (*_TEXT, *_LEAD)):
            return None
        due = due - 1 if due else 0 if byte < 0x80 else 1 if byte < 0xE0 else 2 + (byte >= 0xF0)
    may_mark = run.cut and not value  # the `0` of `0x`
    if bits and run.length < RUN_MIN - 2 and not may_mark:
        possible = _REST if due else (*_TEXT, *_LEAD)
        if not any(byte >> (8 - bits) == value for byte in possible):
            return None
    return Candidate(run.is_hex, run.length + 1, bits, value, due, run.cut if bits else 0)


class State:
    """What stands before, and the runs that may be open."""

    __slots__ = ("before", "grown", "held", "runs", "steps")

    def __init__(self, before: int, runs: tuple[Candidate, ...], grown: tuple[bool, ...]) -> None:
        self.before = before
        self.runs = runs
        self.grown = grown
        """For each run that just grew to RUN_MIN characters, whether it is of hex digits."""
        self.held = max([run.length for run in runs], default=0)
        """Characters that may be part of a run."""
        self.steps: list[State | None] = [None] * (ASCII_END + 1)
        """By code point, up to ASCII_END: where a character leads, as far as is known."""


_NOTHING: Final = (_BOUNDARY, (), ())
BEGIN: Final = State(_BOUNDARY, (), ())
_states: Final[dict[tuple[object, ...], State]] = {}


def step(state: State, code: int) -> State:
    """Where the character of a code point leads; remembered in `state.steps`."""
    char, before = chr(code), state.before
    runs = [run for one in state.runs if (run := _go_on(one, char)) is not None]
    stands_in_word = char in LETTERS_AND_DIGITS
    if stands_in_word and before in (_BOUNDARY, _BEHIND_0X):
        fresh = [_go_on(Candidate(is_hex), char) for is_hex in (False, True)]
        runs += [run for run in fresh if run is not None]
    if not stands_in_word:
        before = _BOUNDARY
    elif before == _NOUGHT and char in "xX":
        before = _BEHIND_0X
    else:
        before = _NOUGHT if before == _BOUNDARY and char == "0" else _WITHIN
    grown = tuple([run.is_hex for run in runs if run.length >= RUN_MIN])
    open_runs = tuple(sorted({run for run in runs if run.length < RUN_MIN}))
    key = (before, open_runs, grown)
    following = _states.get(key)
    if following is None:
        if len(_states) >= _STATES_MAX:  # whoever stands in a state may go on from it
            _states.clear()
            BEGIN.steps = [None] * (ASCII_END + 1)
        following = _states[key] = State(before, open_runs, grown) if key != _NOTHING else BEGIN
    state.steps[code] = following
    return following
