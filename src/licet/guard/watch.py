"""One text under all rules of a role, as it comes.

It refuses to know what rules mean and what is done about a hit.

Rules
1. `free` characters are beyond suspicion for every part.
2. `hit` is set once no part can still find something that would come first: of all findings that
   halt, the one with the smallest key (`licet.guard.conditions`) counts, however the text is cut.
3. Words of a longer piece that were read before are taken in strides (`licet.guard.strides`).
"""

from __future__ import annotations

from collections.abc import Sequence

from licet.guard.conditions import ConditionalWatch, Counted, order
from licet.guard.disguise.coded import CodedWatch
from licet.guard.hit import Hit
from licet.guard.lazy_dfa import Reading
from licet.guard.strides import TEXT_MIN, WORD, Place, Strides
from licet.guard.word_table import PAD


class Watch:
    """A reading for what literals alone decide, and watches for what needs more."""

    __slots__ = ("_coded", "_flags", "_literals", "_strides", "_watches", "free", "hit")

    def __init__(
        self, literals: Reading, watches: Sequence[ConditionalWatch] = (),
        coded: CodedWatch | None = None, strides: Strides | None = None,
    ) -> None:  # fmt: skip
        """`strides`: of texts under the same rules; None: every character is read."""
        self._literals = literals
        self._watches = list(watches)
        self._coded = coded
        self._strides = strides
        self._flags: list[Hit] = []
        self.free = 0
        self.hit: Hit | None = None

    def feed(self, text: str) -> None:
        """Read on; then `free` characters are beyond suspicion, or `hit` is set."""
        if self._strides is None or len(text) < TEXT_MIN:
            self._read(text)
        else:
            self._read_words(text, self._strides)

    def _read(self, text: str) -> None:
        literals = self._literals
        literals.feed(text)
        free = literals.free
        found = bool(literals.hits)
        coded = self._coded
        if coded is not None:
            coded.feed(text)
            if coded.hit is not None:
                found = True
            if coded.free < free:
                free = coded.free
        for watch in self._watches:
            watch.feed(text)
            found = found or watch.best is not None
            if watch.free < free:
                free = watch.free
        self.free = free
        if found:
            self._decide()

    def _read_words(self, text: str, strides: Strides) -> None:
        """Rule 3. What stands behind the last word is read."""
        data = text.encode("utf-8", "surrogatepass") + PAD
        index, at = 0, 0
        place, noted = self._place(strides), self._noted()
        while index < len(text):
            if place is not None:
                following, at, taken = strides.take(place, data, at)
                if taken:
                    self._pass_over(text[index : index + taken], following)
                    place = following
                    index += taken
            word = WORD.match(text, index)
            if word is None:
                break
            before, noted_before = place, noted
            self._read(word[0])
            if self.hit is not None:
                return
            raw = word[0].encode("utf-8", "surrogatepass")
            index, at = word.end(), at + len(raw)
            place, noted = self._place(strides), self._noted()
            if before is not None and strides.met(before, raw):
                strides.remember(before, raw, place if noted == noted_before else None)
        if index < len(text):
            self._read(text[index:])

    def _place(self, strides: Strides) -> Place | None:
        """Where all parts stand; None where anything is open that no place tells of."""
        literals = self._literals.state
        if literals is None or (self._coded is not None and not self._coded.is_clear):
            return None
        for watch in self._watches:
            if not watch.is_clear:
                return None
        return strides.place(literals)

    def _noted(self) -> int:
        """Grows with whatever a part has noted."""
        noted = self._literals.noted
        if self._coded is not None:
            noted += self._coded.noted
        for watch in self._watches:
            noted += watch.noted
        return noted

    def _pass_over(self, text: str, place: Place) -> None:
        """All parts are led to a place behind a text."""
        self._literals.pass_over(len(text), place.literals)
        free = self._literals.free
        if self._coded is not None:
            self._coded.pass_over(text)
        for watch in self._watches:
            watch.pass_over(text)
        self.free = free

    def finish(self) -> None:
        """The text is over: what was waiting for more is decided."""
        self._literals.finish()
        for watch in self._watches:
            watch.finish()
        frees = [self._literals.free] + [watch.free for watch in self._watches]
        if self._coded is not None:
            self._coded.finish()
            frees.append(self._coded.free)
        self.free = min(frees)
        self._decide(over=True)

    @property
    def flags(self) -> list[Hit]:
        """Flagging hits of all parts that come before `hit`; one list, which may be cleared."""
        self._flags += self._literals.flags
        self._literals.flags.clear()
        if self._coded is not None:
            self._flags += self._coded.flags
            self._coded.flags.clear()
        for watch in self._watches:
            counted = watch.flags()
            self._flags += [one.hit for one in counted]
            counted.clear()
        if self.hit is not None:
            end = self.hit.end
            self._flags = [hit for hit in self._flags if hit.end <= end]
        return self._flags

    def _decide(self, *, over: bool = False) -> None:
        """Rule 2."""
        counted = [Counted(hit.end, hit) for hit in self._literals.hits]
        counted += [watch.best for watch in self._watches if watch.best is not None]
        coded = self._coded
        if coded is not None and coded.hit is not None:
            counted.append(Counted(coded.hit.end, coded.hit))
        if not counted:
            return
        first = min(counted, key=order)
        if not over:
            if self._literals.settled < first.key:
                return
            if any(watch.settled < first.key for watch in self._watches):
                return
            if coded is not None and coded.hit is None and coded.settled < first.key:
                return
        self.hit = first.hit
        # What was merely open is no match and, the text being over, never will be: it may leave.
        # What is complete and waits for its surroundings may be one.
        self.free = min([first.hit.start] + [watch.pending_from for watch in self._watches])
