"""One turn of the demonstration's chat, as it streams from the gateway.

It refuses to know pages, and what becomes of the turn.

Rules
1. What came out stays: an answer that ends early says why below it.
2. What was said before may be what is refused: then the words alone are asked once more.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from django.utils import translation

from licet.base.trouble import Unavailable
from licet.portal.design.languages import current
from licet.portal.design.words import word
from licet.portal.families import gateway

ANSWER_MAX = 6_000
_WHY = {"minor_time_up": "over", "minor_time_limit": "closed", "content_filter": "refused"}


class Talk:
    """A turn: pieces of text while it is gone over; then `turns` has it, or `trouble` says what is
    wrong."""

    def __init__(self, user: str, turns: list[list[str]], words: str) -> None:
        self.turns, self.trouble = turns, ""
        self._user, self._words, self._lang = user, words, current()

    def __iter__(self) -> Iterator[str]:
        asked = [*self.turns, ["user", self._words]]
        messages = [{"role": role, "content": text} for role, text in asked]
        said: list[str] = []
        try:
            error = yield from self._say(messages, said)
            if error.get("code") == "content_filter" and self.turns:  # rule 2
                error = yield from self._say(messages[-1:], said)
        except Unavailable:
            error = {"code": "silent"}
        if not error:
            self.turns = [*asked, ["assistant", "".join(said)]]
        elif said:  # rule 1
            self.turns = [*asked, ["assistant", f"{''.join(said)}\n\n{self._why_not(error)}"]]
        else:
            self.trouble = self._why_not(error)

    def _say(
        self, messages: list[dict[str, str]], said: list[str]
    ) -> Generator[str, None, dict[str, Any]]:
        """Pieces of the answer, kept in `said`; gives the error that it ended by, if any."""
        left = ANSWER_MAX
        for event in gateway.chat(self._user, messages):
            if "error" in event:
                return dict(event["error"])
            for choice in event.get("choices", ()):
                text = str(choice.get("delta", {}).get("content") or "")[:left]
                if choice.get("finish_reason") == "content_filter":
                    text = f"{text}\n\n{self._word('stopped')} {self._reason(event)}"
                if text:
                    left -= len(text)
                    said.append(text)
                    yield text
        return {}

    def _why_not(self, error: dict[str, Any]) -> str:
        why = _WHY.get(str(error.get("code")), "silent")
        return f"{self._word(why)} {self._reason(error)}".strip()

    def _reason(self, body: dict[str, Any]) -> str:
        told = body.get("licet")
        reason = told.get("reason", {}) if isinstance(told, dict) else {}
        return str(reason.get(self._lang.code, ""))

    def _word(self, name: str) -> str:
        """In the language of the page, whatever thread goes over the turn."""
        with translation.override(self._lang.catalogue):
            return word(f"family-chat.{name}")
