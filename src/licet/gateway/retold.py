"""Texts that an event gives once more in full (`Frame.repeats`), judged before the event is sent.

A text that was streamed was judged as it came, but by literal rules it is read again. One that
was not (its channel never began) is judged whole. It refuses to know events and bytes.

Rules
1. Where judges outside are to be asked about texts that were not streamed and stand below
   `CHANNEL`, those become one text of the event, in that channel: it waits for the answers as any
   other event would.
"""

from __future__ import annotations

from collections.abc import Container

from licet.gateway.dialects.frames import Frame, Span
from licet.guard.guarding import Guard
from licet.guard.verdict import Finding

CHANNEL = "again"
_BELOW = CHANNEL + "."


def judge_repeats(
    frame: Frame, guard: Guard, streamed: Container[str], context: str, audience: str
) -> tuple[Frame, str, Finding | None]:
    """The frame with what is to be asked about (rule 1); or the first channel in which something
    must not leave, and why. `streamed`: the channels that began."""
    open_texts = []
    for span in frame.repeats:
        is_new = span.channel not in streamed
        verdict = guard.judge(
            span.text, "reply", context, json=span.kind == "json", audience=audience,
            by_meaning=is_new and span.by_meaning,
        )  # fmt: skip
        if verdict.action == "halt":
            return frame, span.channel, verdict.ground
        if is_new and span.channel.startswith(_BELOW) and guard.asks(verdict):
            open_texts.append(span.text + "\n\n")
    if open_texts:
        frame = frame.saying(Span(CHANNEL, "".join(open_texts)))
    return frame, "", None
