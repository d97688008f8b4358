"""What is known of one exchange while it lasts; it becomes one ledger entry and one count."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from licet.gateway.clearance import NotServed
from licet.gateway.upstream_reply import Reply


class Sitting(Protocol):
    """What an exchange has to do with a minor's time."""

    def watch(self, reply: Reply) -> None:
        """From now on this is what is cut off when time is up."""
        ...

    async def comfort(self, category: str) -> str:
        """Words of help to go with a refusal in a category of crisis; empty for any other."""
        ...


class Trace:
    """Facts about one exchange, none of them text. Times are monotonic seconds."""

    __slots__ = (
        "audience", "began", "bundle", "characters", "dialect", "end_user", "first_in",
        "first_out", "held_characters", "id", "key", "model", "now", "over", "recorded", "route",
        "sent_at", "sitting", "stream", "tokens_saved", "upstream",
    )  # fmt: skip

    def __init__(self, number: str, route: str, dialect: str, began: float, now: datetime) -> None:
        self.id = number
        self.route = route
        self.dialect = dialect
        self.began = began
        self.now = now
        self.key = ""
        self.model = ""
        self.upstream = ""
        self.audience = "default"
        self.bundle = ""
        self.end_user: str | None = None
        self.stream = False
        self.sent_at = 0.0
        """When the upstream was called."""
        self.first_in = 0.0
        """When its first byte came."""
        self.first_out = 0.0
        """When ours went out."""
        self.characters = 0
        self.held_characters = 0
        self.tokens_saved = 0
        self.sitting: Sitting | None = None
        """A minor's, who may use the service for a time."""
        self.over: NotServed | None = None
        """Why it must end before its end; None while it may go on."""
        self.recorded = False
        """Whether it is on record: one exchange is one entry."""

    def added_s(self) -> float:
        """What we added until the first byte: before the upstream was called, and after it
        answered. 0 where it never was."""
        if not self.first_out or not self.sent_at:
            return 0.0
        return (self.sent_at - self.began) + max(0.0, self.first_out - self.first_in)
