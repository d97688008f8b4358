"""Finds what rules forbid inside runs of Base64 and hexadecimal digits, as the text comes.

It refuses to know rules: it decodes, and hands what it decoded to scanners that it is given.

Rules
1. A run begins where no letter or digit stands before it, and goes on while the alphabet does; hex
   digits may stand in pairs with a few separators between them, and each behind its own `0x`.
2. A run is text only while it decodes to text (UTF-8 without control characters); at the first
   byte that is not, it is over.
3. Nothing counts in a run of fewer than RUN_MIN characters: words and numbers are that long. Until
   it is that long nobody reads it, and all of it is held back.
4. What is decoded is held back as any text is: from the first character of the run that carries a
   bit of what may still become a match.
5. A run within a run is decoded too, to the depth at which the caller stops.
6. What an open run reads already, decoded alike, begins no run of its own; but from its second
   character on it does (a number may stand before what is meant), and so does a new line, which
   such a run reads by itself. So however long a text is, a few runs at most are open.
7. A flag stands where it was found, however the text is cut.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Final, Protocol

from licet.guard.disguise.candidates import (
    ASCII_END,
    BASE64,
    BEGIN,
    BETWEEN_MAX,
    BETWEEN_PAIRS,
    HEX,
    RUN_MIN,
    step,
)
from licet.guard.hit import HITS_MAX, Hit

_LINE: Final = 60
"""From this length on a run may go on in the next line."""
_KEPT: Final = 4_096
"""Places of so many decoded characters are known yet when what reads them has let them go, and
twice as many are kept: a flag may hold nothing, be this long, and be told this much later."""


class Inner(Protocol):
    """What reads the decoded text."""

    free: int
    hit: Hit | None

    @property
    def flags(self) -> list[Hit]: ...

    def feed(self, text: str) -> None: ...

    def finish(self) -> None: ...


class _Run:
    """One run, read as Base64 or as hex digits."""

    __slots__ = ("_acc", "_bits", "_chars", "_cut", "_dropped", "_ends", "_flags", "_from",
                 "_inner", "_make", "_need", "_one_line", "_raw", "_starts", "end", "is_hex",
                 "is_over", "start")  # fmt: skip

    def __init__(
        self, start: int, is_hex: bool, make: Callable[[], Inner], *, one_line: bool = False
    ) -> None:
        """`one_line`: it does not go on in the next one."""
        self.start = start
        self.end = start
        """Offset behind the last character that was read."""
        self.is_over = False
        self.is_hex = is_hex
        self._one_line = one_line
        self._make = make
        self._inner: Inner | None = None
        self._acc = 0
        self._bits = 0
        self._raw = bytearray()  # of a character that is not whole yet
        self._need = 0
        self._from = start  # where the first bit of the next character stands
        self._chars: list[str] = []  # decoded, not yet handed on
        self._flags: list[Hit] = []  # placed, not yet taken
        self._starts: list[int] = []  # of every decoded character that may still matter
        self._ends: list[int] = []
        self._dropped = 0
        self._cut = 0  # characters between digits that were read last, or before half a pair

    def feed(self, text: str, at: int, offset: int) -> None:
        """Read on from `text[at]`, which stands at `offset`; sets `is_over` where the run ends."""
        digits, width = (HEX, 4) if self.is_hex else (BASE64, 6)
        for index in range(at, len(text)):
            char = text[index]
            value = digits.get(char)
            if value is None:
                if not self._goes_on(char):
                    self.is_over = True
                    break
                self.end = offset + index - at + 1
                continue
            if self._bits or not self.is_hex:
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
        if self.is_over:
            self.finish()

    def _goes_on(self, char: str) -> bool:
        """Read a character that is no digit; whether it may stand within the run."""
        if char in "\r\n":
            if self._one_line:
                return False
            if self.end - self.start >= _LINE and self._cut < 2:
                self._cut += 1
                return True
        if not self.is_hex:
            return False
        if char in BETWEEN_PAIRS and not self._bits and self._cut < BETWEEN_MAX:
            self._cut += 1
            return True
        if char in "xX" and self._bits and self._cut and not self._acc & 0xF:
            self._bits, self._cut = 0, BETWEEN_MAX
            return True
        return False

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
        inner = self._inner
        if _hit_of(inner) is None:
            inner.feed("".join(self._chars))
            self._place_flags(inner)
            known = self._dropped + len(self._starts) - len(self._chars)
            done = min(inner.free, known - 2 * _KEPT) - self._dropped
            if _hit_of(inner) is None and done > 0:
                del self._starts[:done], self._ends[:done]
                self._dropped += done
        self._chars.clear()

    def finish(self) -> None:
        """The text is over."""
        self.is_over = True
        inner = self._inner
        if inner is not None and inner.hit is None:
            inner.finish()
            self._place_flags(inner)

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
        """The flags that were found since the last time this was asked."""
        flags, self._flags = self._flags, []
        return flags

    def reads(self, offset: int) -> bool:
        """Whether it decodes what begins at an offset as a run from there would (rule 6)."""
        starts = self._starts
        at = bisect_left(starts, offset)
        if at == len(starts) or starts[at] != offset:
            return False
        return self._dropped + at != 1 and (not at or self._ends[at - 1] <= offset)

    def _place_flags(self, inner: Inner) -> None:
        """Rule 7: while the places of what was just read are known."""
        found = inner.flags
        if found:
            self._flags += [self._placed(hit) for hit in found]
            found.clear()

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

    __slots__ = ("_at", "_make", "_now", "_runs", "_tail", "flags", "free", "hit", "noted")

    def __init__(self, make: Callable[[], Inner]) -> None:
        """`make` gives what reads the decoded text of one run."""
        self._make = make
        self._runs: list[_Run] = []
        self._now = BEGIN
        self._at = 0
        self._tail = ""  # the end of the text, from before where a run may have begun
        self.free = 0
        self.hit: Hit | None = None
        self.flags: list[Hit] = []
        self.noted = 0
        """How many runs were long enough to be read."""

    @property
    def is_clear(self) -> bool:
        """Whether nothing is open or found, and no word or number stands right before."""
        return self._now is BEGIN and not self._runs and self.hit is None

    def pass_over(self, text: str) -> None:
        """A text, from where all was clear to where it is, is known to hold nothing."""
        self._at += len(text)
        self._tail = text[-1:]
        self.free = self._at

    def feed(self, text: str) -> None:
        """Read on. Once `hit` is set nothing more is read."""
        for run in self._runs:
            run.feed(text, 0, self._at)
        now, length = self._now, len(text)
        index = 0
        while index < length:
            code = ord(text[index])
            if code > ASCII_END:
                code = ASCII_END
            following = now.steps[code]
            if following is None:
                following = step(now, code)
            now = following
            index += 1
            if now.grown:
                self._begin(now.grown, self._tail + text, len(self._tail) + index)
        self._now = now
        self._at += length
        held = now.held
        if held:  # with the character before it
            self._tail = (self._tail + text if held >= length else text)[-held - 1 :]
        else:
            self._tail = text[-1:] or self._tail[-1:]
        self.free = self._at - held
        if self._runs:
            self._settle()

    def _begin(self, grown: tuple[bool, ...], whole: str, end: int) -> None:
        """Read on in runs of RUN_MIN characters that end in `whole` at an offset of it."""
        place = end - RUN_MIN
        offset = self._at - len(self._tail) + place
        self._take_over(offset)
        self.noted += 1
        for is_hex in grown:
            is_read = any(run.is_hex == is_hex and run.reads(offset) for run in self._runs)
            begins_line = place > 0 and whole[place - 1] in "\r\n"
            if is_read and not begins_line:
                continue
            run = _Run(offset, is_hex, self._make, one_line=is_read)
            run.feed(whole, place, offset)
            self._runs.append(run)

    def _take_over(self, offset: int) -> None:
        """Take what was found by runs that were over at an offset."""
        going = []
        for run in self._runs:
            if run.is_over and run.end <= offset:
                self._take(run)
            else:
                going.append(run)
        self._runs = going

    @property
    def settled(self) -> int:
        """Every literal in a run that ends here or before has been found."""
        return min([run.free for run in self._runs] + [self._at - self._now.held])

    def finish(self) -> None:
        """The text is over, and every run with it."""
        for run in self._runs:
            run.finish()
        self._now, self._tail = BEGIN, ""
        self._settle()

    def _settle(self) -> None:
        self.free = self._at - self._now.held
        going = []
        for run in self._runs:
            self._take(run)
            if not run.is_over:  # of one that is, nothing can come any more
                going.append(run)
                self.free = min(self.free, run.free)
        self._runs = going
        if self.hit is not None:
            self.free = min(self.free, self.hit.start)

    def _take(self, run: _Run) -> None:
        """Take what a run has found."""
        hit = run.hit
        if hit is not None and (self.hit is None or _earlier(hit, self.hit)):
            self.hit = hit
        if len(self.flags) < HITS_MAX:
            self.flags += run.take_flags()


def _earlier(one: Hit, other: Hit) -> bool:
    return (one.end, one.start) < (other.end, other.start)
