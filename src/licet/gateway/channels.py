"""The texts of one answer, side by side, and what is asked about them.

It refuses to know events, bytes and what an answer of a judge leads to.

Rules
1. A text that a new guard took over keeps its open questions: the stream that asked gets the
   answer, and an end of the text waits for it.
2. There are no more than `CHANNELS_MAX` texts.
"""

from __future__ import annotations

from typing import Final

from licet.base.trouble import TooMuch
from licet.gateway.outcome import Question
from licet.guard.stream import TextStream, Ticket
from licet.guard.verdict import Finding

CHANNELS_MAX: Final = 256
"""Texts side by side in one answer (choices × fields × tool calls)."""


class Channels:
    """The texts of one exchange, by channel, and its open questions."""

    __slots__ = ("_asked", "_context", "_flags", "_numbers", "questions", "streams")

    def __init__(self, context: str, flags: tuple[Finding, ...] = ()) -> None:
        self.streams: dict[str, TextStream] = {}
        self.questions: list[Question] = []
        """Questions that the driver has not taken yet."""
        self._asked: dict[int, tuple[str, TextStream, Ticket]] = {}
        self._numbers = 0
        self._context = context
        self._flags = list(flags)

    def open(self, name: str, stream: TextStream) -> TextStream:
        """Begin a text. Raises TooMuch past `CHANNELS_MAX`."""
        if len(self.streams) >= CHANNELS_MAX:
            raise TooMuch(f"an answer has more than {CHANNELS_MAX} texts side by side.")
        self.streams[name] = stream
        return stream

    def replace(self, name: str, stream: TextStream) -> None:
        """Another stream reads this text from now on (rule 1)."""
        self._flags += self.streams[name].noted()
        self.streams[name] = stream

    def ask(self, name: str, stream: TextStream) -> None:
        """Take what a stream wants to know into `questions`."""
        for ticket in stream.tickets:
            self._numbers += 1
            self._asked[self._numbers] = (name, stream, ticket)
            self.questions.append(
                Question(self._numbers, ticket.text, "reply", self._context, ticket.harm)
            )
        stream.tickets.clear()

    def asked(self, question: Question) -> tuple[str, TextStream, Ticket] | None:
        """Whose question this was, if it is open; it is open no more."""
        return self._asked.pop(question.number, None)

    @property
    def awaiting(self) -> bool:
        """Whether any answer is still awaited."""
        return bool(self._asked)

    def is_waiting(self, ends: tuple[str, ...] | None) -> bool:
        """Whether an answer about one of these texts (prefixes of channels) is still awaited."""
        if not self._asked or ends is None:
            return False
        return any(name.startswith(ends) for name, _, _ in self._asked.values())

    @property
    def held_most(self) -> int:
        """The most characters that one text ever held."""
        most = 0
        for stream in self.streams.values():
            most = max(most, stream.held_most)
        return most

    def flags(self) -> tuple[Finding, ...]:
        """All that was found and did not stop anything."""
        for stream in self.streams.values():
            self._flags += stream.noted()
        return tuple(self._flags)
