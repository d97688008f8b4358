"""What arrives in one turn of the loop, handed over together.

Sockets are read first, and then what all of them brought is judged, stream after stream: the code
and the tables of judging are in the processor's caches from the second stream on, where the
kernel's work between two streams would have driven them out.

It refuses to know sockets and what is judged.

Rules
1. What is noted in a turn is handed over before the loop waits for sockets again, in the order in
   which it was noted, each reply once with all that it has by then.
2. A sink that breaks ends its own reply, and no other; those behind it are given theirs next.
"""

from __future__ import annotations

import asyncio

from licet.gateway.upstream_reply import Reply


class Arrivals:
    """Replies that have something for their sinks. One of an upstream, on one loop."""

    __slots__ = ("_loop", "_replies")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._replies: list[Reply] = []

    def note(self, reply: Reply) -> None:
        """Something arrived for its sink."""
        if not self._replies:
            self._loop.call_soon(self._hand_over)
        self._replies.append(reply)

    def _hand_over(self) -> None:
        replies, self._replies = self._replies, []
        for number, reply in enumerate(replies):
            try:
                reply.give()
            except Exception:
                reply.abort()
                for other in replies[number + 1 :]:
                    self.note(other)
                raise  # to the loop, which logs it
