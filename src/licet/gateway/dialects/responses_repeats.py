"""Which of the texts that a response repeats are those that it streamed.

The API says every text in full again when a part, an item and the response are done. What was
streamed was judged as it came; what is new or differs was not. It refuses to know events.

Rules
1. A text was streamed where it equals, to the character, all that was said in one channel.
2. At most `KEPT_CHARS_MAX` characters are kept, and past that none: what is not kept counts as not
   streamed.
3. A text that was not streamed stands in a channel below `again`, and counts as said there from
   then on; one that no person reads as an answer (logprobs, what stands beside the output) in one
   below `aside`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from licet.gateway.dialects.frames import Span
from licet.gateway.dialects.json_texts import Slot

KEPT_CHARS_MAX: Final = 1 << 20
CHANNELS_MAX: Final = 64
"""Channels said in pieces that are kept."""
WHOLE_MAX: Final = 4096
"""The most whole texts that are kept."""


class Streamed:
    """What one stream has said."""

    __slots__ = ("_kept", "_pieces", "_sizes", "_whole")

    def __init__(self) -> None:
        self._kept = 0
        self._pieces: dict[str, list[str]] = {}
        self._sizes: dict[str, int] = {}
        self._whole: dict[str, str] = {}  # the channels of texts that came whole, by text

    def note(self, slots: Sequence[Slot], ends: Sequence[str]) -> None:
        """An event says these texts; those of the channels `ends` are whole."""
        for slot in slots:
            text, channel = slot.text, slot.channel
            if channel not in ends:
                self.note_piece(channel, text)
            elif self._has_room(text) and len(self._whole) < WHOLE_MAX:
                self._whole.setdefault(text, channel)

    def note_piece(self, channel: str, text: str) -> None:
        """An event says the next piece of a channel's text."""
        if not self._has_room(text):
            return
        if channel in self._pieces:
            self._pieces[channel].append(text)
            self._sizes[channel] += len(text)
        elif len(self._pieces) < CHANNELS_MAX:
            self._pieces[channel] = [text]
            self._sizes[channel] = len(text)

    def _has_room(self, text: str) -> bool:
        """Whether `text` is still to be kept; past the bound nothing is."""
        if self._kept <= KEPT_CHARS_MAX:
            self._kept += len(text)
            if self._kept <= KEPT_CHARS_MAX:
                return True
            self._pieces, self._sizes, self._whole = {}, {}, {}
        return False

    def repeated(self, slots: Sequence[Slot]) -> tuple[Span, ...]:
        """The texts of an event that repeats: in the channel that said them, or by rule 3."""
        spans = []
        for slot in slots:
            text, channel = slot.text, slot.channel
            if not slot.by_meaning:  # a token that might have been said
                spans.append(Span(channel, text, slot.kind, by_meaning=False))
                continue
            said = self._channel_of(text)
            if said is None and (channel.startswith("x.") or ".logprobs" in channel):
                said = f"aside.{channel}"
            elif said is None:
                said = f"again.{channel}"
                if self._kept <= KEPT_CHARS_MAX and len(self._whole) < WHOLE_MAX:
                    self._kept += len(text)
                    self._whole[text] = "again"
            spans.append(Span(said, text, slot.kind))
        return tuple(spans)

    def _channel_of(self, text: str) -> str | None:
        whole = self._whole.get(text)
        if whole is not None:
            return whole
        for channel, size in self._sizes.items():
            if size == len(text):
                pieces = self._pieces[channel]
                if len(pieces) > 1:
                    pieces[:] = ["".join(pieces)]
                if pieces[0] == text:
                    return channel
        return None
