"""Finds what rules forbid inside runs of Base64 and hexadecimal digits, as the text comes.

It refuses to know rules: it decodes, and hands what it decoded to scanners that it is given.

Rules
1. A run begins where no letter or digit stands before it, and goes on while the alphabet does; hex
   digits may stand in pairs with one separator between them.
2. A run is text only while it decodes to text (UTF-8 without control characters); at the first
   byte that is not, it is over.
3. Nothing counts in a run of fewer than RUN_MIN characters: words and numbers are that long. Until
   it is that long nobody reads it, and all of it is held back.
4. What is decoded is held back as any text is: from the first character of the run that carries a
   bit of what may still become a match.
5. A run within a run is decoded too, to the depth at which the caller stops.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from licet.guard.scanner import HITS_MAX, Hit

RUN_MIN: Final = 16
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LETTERS_AND_DIGITS: Final = frozenset(_LETTERS + "0123456789")
_BASE64: Final = {char: value for value, char in enumerate(_LETTERS + "0123456789+/")}
_BASE64.update({"-": 62, "_": 63})  # the alphabet for addresses
_HEX: Final = {char: int(char, 16) for char in "0123456789abcdefABCDEF"}
_BETWEEN_PAIRS: Final = " :,-\n"
_LINE: Final = 60
"""From this length on a run may go on in the next line."""

_TEXT: Final = (*range(0x20, 0x7F), 0x09, 0x0A, 0x0D)
_LEAD: Final = range(0xC2, 0xF5)
_REST: Final = range(0x80, 0xC0)


class Inner(Protocol):
    """What reads the decoded text."""

    free: int
    hit: Hit | None

    @property
    def flags(self) -> list[Hit]: ...

    def feed(self, text: str) -> None: ...

    def finish(self) -> None: ...


def _group(*three: range | tuple[int, ...]) -> str:
    """A pattern for four Base64 characters that may be these three bytes, each of a set; or for
    the first of them where the text ends."""
    first, second, third = three
    sets = (
        {a >> 2 for a in first},
        {(a & 3) << 4 | b >> 4 for a in first for b in second},
        {(b & 15) << 2 | c >> 6 for b in second for c in third},
        {c & 63 for c in third},
    )
    one, two, three_, four = (
        f"[{''.join(re.escape(c) for c, value in _BASE64.items() if value in known)}]"
        for known in sets
    )
    return f"{one}(?:\\Z|{two}(?:\\Z|{three_}(?:\\Z|{four})))"


def _second(first: Iterable[int], second: Iterable[int]) -> str:
    """A pattern for the second Base64 character of these bytes."""
    known = {(a & 3) << 4 | b >> 4 for a in first for b in second}
    return f"[{''.join(re.escape(c) for c, value in _BASE64.items() if value in known)}]"


_Bytes = range | tuple[int, ...]


def _groups(*threes: tuple[_Bytes, _Bytes, _Bytes]) -> str:
    return f"(?:{'|'.join(_group(*three) for three in threes)})"


_ANEW = _groups(
    (_TEXT, _TEXT, _TEXT), (_LEAD, _REST, _REST), (_TEXT, _LEAD, _REST),
    (_TEXT, _TEXT, _LEAD), (_LEAD, _REST, _TEXT), (_LEAD, _REST, _LEAD),
)  # fmt: skip
"""Four characters, where a character of the text begins with the first byte."""
_ON = _groups(
    (_REST, _TEXT, _TEXT), (_REST, _LEAD, _REST), (_REST, _TEXT, _LEAD),
    (_REST, _REST, _TEXT), (_REST, _REST, _LEAD), (_REST, _REST, _REST),
)  # fmt: skip
"""Four characters, where the first byte goes on with a character of the text."""
_IS_BASE64 = re.compile(
    f"{_groups((_TEXT, _TEXT, _TEXT), (_LEAD, _REST, _TEXT))}(?:\\Z|{_ANEW})"
    f"|{_groups((_TEXT, _TEXT, _LEAD), (_LEAD, _REST, _LEAD))}(?:\\Z|{_ON})"
    f"|{_groups((_TEXT, _LEAD, _REST), (_LEAD, _REST, _REST))}"
)
_BETWEEN = r"[ :,\n-]?"
_AFTER = rf"{_BETWEEN}(?:\Z|[89abAB](?:\Z|[0-9a-fA-F]))"
_PAIR = (
    r"(?:[2-7](?:\Z|[0-9a-fA-F])|0(?:\Z|[9adAD])"
    rf"|[cdCD](?:\Z|[0-9a-fA-F]{_AFTER})|[eE](?:\Z|[0-9a-fA-F]{_AFTER}{_AFTER})"
    rf"|[fF](?:\Z|[0-9a-fA-F]{_AFTER}{_AFTER}{_AFTER}))"
)
"""A character of the text in hex digits."""
_IS_HEX = re.compile(rf"{_PAIR}{_BETWEEN}(?:\Z|{_PAIR}{_BETWEEN}(?:\Z|{_PAIR}))")
"""Both are read from where a run may begin, up to the end of what is there: what does not match
can be no run that is long enough to count."""
_MAY_BEGIN = re.compile(
    r"[0-9A-Za-fw-z](?:(?<![A-Za-z0-9][\s\S])|(?<=\b0[xX][\s\S]))"
    rf"(?:\Z|(?<=[CDI-Za-f]){_second(_TEXT, (*_TEXT, *_LEAD))}"
    rf"|(?<=[w-z0-9]){_second(_LEAD, _REST)}"
    r"|(?<=[2-7c-fC-F])[0-9a-fA-F]|(?<=0)[9adAD])"
)
"""The same at a glance: a look at the first two characters rules out nearly every word."""
_ENOUGH: Final = 5
"""So many characters of a run say whether it is one."""
_WORTH = re.compile(
    r"[A-Za-z0-9+/_-](?<![A-Za-z0-9+/_-][\s\S])[A-Za-z0-9+/_-](?:[A-Za-z0-9+/_-]{14}"
    r"|(?<=[0-9a-fA-F]{2})[ :,\n-](?:[0-9a-fA-F]{2}[ :,\n-]){4}[0-9a-fA-F]{2})"
)
_PAIRS = re.compile(r"[ \n][0-9a-fA-F]{2}(?<=[0-9a-fA-F]{2}...)")
_BEFORE: Final = 3
"""Characters of the text before a piece that are looked at again with it."""


def may_hold_runs(text: str) -> bool:
    """Whether a whole text has a run that is long enough to count."""
    longest = max(map(len, text.split()), default=0)
    if longest < RUN_MIN and _PAIRS.search(text) is None:  # nearly every text of short words
        return False
    return _WORTH.search(text) is not None


class _Run:
    """One run, read as Base64 or as hex digits."""

    __slots__ = ("_acc", "_bits", "_chars", "_cut", "_dropped", "_ends", "_from", "_hex", "_inner",
                 "_make", "_need", "_raw", "_starts", "end", "is_over", "start")  # fmt: skip

    def __init__(self, start: int, is_hex: bool, make: Callable[[], Inner]) -> None:
        self.start = start
        self.end = start
        """Offset behind the last character that was read."""
        self.is_over = False
        self._hex = is_hex
        self._make = make
        self._inner: Inner | None = None
        self._acc = 0
        self._bits = 0
        self._raw = bytearray()  # of a character that is not whole yet
        self._need = 0
        self._from = start  # where the first bit of the next character stands
        self._chars: list[str] = []  # decoded, not yet handed on
        self._starts: list[int] = []  # of every decoded character that may still matter
        self._ends: list[int] = []
        self._dropped = 0
        self._cut = 0  # length of a separator or line end that is being read

    def feed(self, text: str, at: int, offset: int) -> None:
        """Read on from `text[at]`, which stands at `offset`; sets `is_over` where the run ends."""
        digits, width = (_HEX, 4) if self._hex else (_BASE64, 6)
        for index in range(at, len(text)):
            char = text[index]
            value = digits.get(char)
            if value is None or self._is_separator(char):
                if not self._may_go_on(char):
                    self.is_over = True
                    break
                self._cut += 1
                self.end = offset + index - at + 1
                continue
            self._cut = 0
            place = offset + index - at
            if not self._bits and not self._raw:
                self._from = place
            self.end = place + 1
            self._acc = (self._acc << width | value) & 0xFFFF
            self._bits += width
            if self._bits >= 8:
                self._bits -= 8
                if not self._byte(self._acc >> self._bits & 0xFF):
                    self.is_over = True
                    break
                if self._bits and not self._raw:
                    self._from = place
        self._hand_on()
        if self.is_over and self._inner is not None and self._inner.hit is None:
            self._inner.finish()

    def _is_separator(self, char: str) -> bool:
        return self._hex and char == "-"

    def _may_go_on(self, char: str) -> bool:
        """Whether a character that is no digit may stand within the run."""
        if char in "\r\n" and self.end - self.start >= _LINE:
            return self._cut < 2
        return self._hex and char in _BETWEEN_PAIRS and not self._bits and not self._cut

    def _byte(self, byte: int) -> bool:
        """One more byte; whether it is text."""
        raw = self._raw
        if not raw:
            if 0x20 <= byte < 0x7F or byte in (0x09, 0x0A, 0x0D):
                self._char(chr(byte))
                return True
            if not 0xC2 <= byte < 0xF5:
                return False
            self._need = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            raw.append(byte)
            return True
        if not 0x80 <= byte < 0xC0:
            return False
        raw.append(byte)
        if len(raw) < self._need:
            return True
        try:
            char = raw.decode()
        except UnicodeDecodeError:
            return False
        raw.clear()
        self._char(char)
        return True

    def _char(self, char: str) -> None:
        self._chars.append(char)
        self._starts.append(self._from)
        self._ends.append(self.end)

    def _hand_on(self) -> None:
        if not self._chars or not self._counts:
            return
        if self._inner is None:
            self._inner = self._make()
        if _hit_of(self._inner) is None:
            self._inner.feed("".join(self._chars))
            done = self._inner.free - self._dropped
            if _hit_of(self._inner) is None and done > 0:
                del self._starts[:done], self._ends[:done]
                self._dropped += done
        self._chars.clear()

    def finish(self) -> None:
        """The text is over."""
        self.is_over = True
        if self._inner is not None and self._inner.hit is None:
            self._inner.finish()

    @property
    def _counts(self) -> bool:
        return self.end - self.start >= RUN_MIN

    @property
    def free(self) -> int:
        """Where in the text what may still become a match begins."""
        inner = self._inner
        if inner is None:
            return self.start
        index = min(inner.free, inner.hit.start if inner.hit else inner.free) - self._dropped
        waiting = self._from if self._bits or self._raw else self.end
        return self._starts[index] if index < len(self._starts) else waiting

    @property
    def hit(self) -> Hit | None:
        """What was found, once the run is long enough to count."""
        if self._inner is None or self._inner.hit is None or not self._counts:
            return None
        return self._placed(self._inner.hit)

    def take_flags(self) -> list[Hit]:
        if self._inner is None or not self._counts:
            return []
        flags = [self._placed(hit) for hit in self._inner.flags]
        self._inner.flags.clear()
        return flags

    def _placed(self, hit: Hit) -> Hit:
        """A hit in what was decoded, as a place in the text."""
        start, last = hit.start - self._dropped, hit.end - 1 - self._dropped
        begins = self._starts[start] if start >= 0 else self.start
        ends = self._ends[last] if last >= 0 else self.end
        return Hit(hit.entry, begins, ends)


def _hit_of(inner: Inner) -> Hit | None:
    """Asked by a call: what is fed may set it, which a type checker does not see."""
    return inner.hit


class CodedWatch:
    """The runs of one text. Feed it, look at `hit` and `free`, then `finish`."""

    __slots__ = ("_at", "_before", "_make", "_runs", "_tail", "flags", "free", "hit")

    def __init__(self, make: Callable[[], Inner]) -> None:
        """`make` gives what reads the decoded text of one run."""
        self._make = make
        self._runs: list[_Run] = []
        self._at = 0
        self._before = ""  # what stands before `_tail`
        self._tail = ""  # the end of the text, if a run may begin there
        self.free = 0
        self.hit: Hit | None = None
        self.flags: list[Hit] = []

    def feed(self, text: str) -> None:
        """Read on. Once `hit` is set nothing more is read."""
        for run in self._runs:
            run.feed(text, 0, self._at)
        before = self._before
        whole = before + self._tail + text
        self._at += len(text)
        tail = len(whole)
        found = _MAY_BEGIN.search(whole, len(before))
        if found is not None:
            tail = self._begin(whole, found)
        self._before, self._tail = whole[max(0, tail - _BEFORE) : tail], whole[tail:]
        self.free = self._at - len(self._tail)
        if self._runs:
            self._settle()

    def _begin(self, whole: str, found: re.Match[str] | None) -> int:
        """Begin the runs that begin in `whole` where one was `found`, and behind. Returns from
        where on it is too early to say; the whole ends where the text does."""
        length = len(whole)
        while found is not None:
            place = found.start()
            runs = (_IS_BASE64.match(whole, place), _IS_HEX.match(whole, place))
            if runs[0] is not None or runs[1] is not None:
                if length - place < _ENOUGH:
                    return place
                offset = self._at - length + place
                for is_hex, match in enumerate(runs):
                    if match is not None:
                        run = _Run(offset, bool(is_hex), self._make)
                        run.feed(whole, place, offset)
                        self._runs.append(run)
            # No other run begins within this one; behind `0x` one does.
            further = place + 1
            if whole[place] != "0" or whole[further : further + 1] not in ("x", "X"):
                while further < length and whole[further] in _LETTERS_AND_DIGITS:
                    further += 1
            found = _MAY_BEGIN.search(whole, further)
        return length

    @property
    def settled(self) -> int:
        """Every literal in a run that ends here or before has been found."""
        return min([run.free for run in self._runs] + [self._at - len(self._tail)])

    def finish(self) -> None:
        """The text is over, and every run with it."""
        for run in self._runs:
            run.finish()
        self._tail = ""
        self._settle()

    def _settle(self) -> None:
        self.free = self._at - len(self._tail)
        going = []
        for run in self._runs:
            hit = run.hit
            if hit is not None and (self.hit is None or _earlier(hit, self.hit)):
                self.hit = hit
            if len(self.flags) < HITS_MAX:
                self.flags += run.take_flags()
            if not run.is_over:  # of one that is, nothing can come any more
                going.append(run)
                self.free = min(self.free, run.free)
        self._runs = going
        if self.hit is not None:
            self.free = min(self.free, self.hit.start)


def _earlier(one: Hit, other: Hit) -> bool:
    return (one.end, one.start) < (other.end, other.start)
