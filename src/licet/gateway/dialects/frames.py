"""One event of an upstream's stream, and the texts in it, as every dialect reads them.

Plain classes, for they are made for every token and run compiled (ADR-0011): a value of another
kind would be made, and asked for each of its fields, by the interpreter. None is ever changed.

It refuses to know APIs and what is done with the texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

Kind = Literal["text", "json"]
"""`json`: the text is the source of a JSON value (tool arguments), so it may hold escapes."""


class Span:
    """Generated text inside one stream event or reply. Texts of one channel follow each other."""

    __slots__ = ("by_meaning", "channel", "kind", "text")

    def __init__(
        self, channel: str, text: str, kind: Kind = "text", by_meaning: bool = True
    ) -> None:
        """`channel`: `0.content`, `0.reasoning_content`, `0.tool.1.arguments`, …: stable within
        the exchange. `by_meaning`: False where only literal rules are to be asked, for it is no
        more than a token that the model might have said."""
        self.channel = channel
        self.text = text
        self.kind = kind
        self.by_meaning = by_meaning

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Span):
            return NotImplemented
        return (self.channel, self.text, self.kind) == (other.channel, other.text, other.kind)

    def __hash__(self) -> int:
        return hash((self.channel, self.text))


class Frame:
    """One event of an upstream's stream."""

    __slots__ = ("atomic", "ends", "last", "raw", "repeats", "spans", "value")

    def __init__(
        self, raw: bytes, spans: tuple[Span, ...] = (), ends: tuple[str, ...] | None = None,
        repeats: tuple[Span, ...] = (), atomic: bool = False, last: bool = False,
        value: Any = None,
    ) -> None:  # fmt: skip
        self.raw = raw
        self.spans = spans
        self.ends = ends
        """Prefixes of the channels that end with this event: their held text must leave before
        it. `("0.",)` ends every channel of choice 0; `("",)` ends all."""
        self.repeats = repeats
        """Texts that are judged whole and never cut: those given once more in full (Responses API,
        `…done`), and what leaves with its event or not at all (an error)."""
        self.atomic = atomic
        """Its text must leave whole or not at all (logprobs are aligned with it)."""
        self.last = last
        """Nothing follows (`[DONE]`, `message_stop`, `response.completed`)."""
        self.value = value
        """The decoded event, where `Reader.render` will want it; the dialect's own business."""

    def says(self, texts: Sequence[str]) -> bool:
        """Whether these are its spans' texts (same count and order)."""
        for at, span in enumerate(self.spans):  # noqa: SIM110 - compiled, a loop is the fastest
            if span.text != texts[at]:
                return False
        return True

    def ending_all(self) -> Frame:
        """The same event as one that ends whatever is open."""
        return Frame(self.raw, self.spans, ("",), self.repeats, self.atomic, self.last, self.value)

    def saying(self, span: Span) -> Frame:
        """The same event as one that has this whole text too, and leaves whole or not at all."""
        return Frame(
            self.raw, (*self.spans, span), (*(self.ends or ()), span.channel), self.repeats,
            True, self.last, self.value,
        )  # fmt: skip
