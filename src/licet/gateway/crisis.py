"""Help in a crisis: when somebody means to hurt themselves they are answered, whatever the time.

It refuses to know limits, and to ask a model: the words are the pack's.

law:cn-genai-2023/art10.3
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from licet.base.piecemeal import Piecemeal
from licet.gateway.asgi import Message, Send
from licet.gateway.dialects.model import Ask, Dialect
from licet.gateway.prompting import judge_texts
from licet.gateway.replay.answer import Answer
from licet.gateway.replay.app import ReplayApp
from licet.gateway.replay.choose import language
from licet.gateway.replay.turn import Ask as Turn
from licet.gateway.replay.turn import Said, perform
from licet.guard.fold import fold
from licet.guard.guarding import Guard
from licet.guard.memory import VerdictMemory
from licet.rulebook.minors import Crisis

AUDIENCE = "minor"


class CrisisHelp:
    """The help of a pack, given in every API that we speak."""

    def __init__(self, crisis: Crisis) -> None:
        self._crisis = crisis
        self._cries = tuple(fold(one) for cry in crisis.cries.values() for one in cry.phrases)
        self._voice = _Voice(tuple(_recital(crisis, lang) for lang in ("zh", "en")), pace_ms=0)

    def cried(self, ask: Ask) -> str:
        """The category of crisis in which somebody says, in one of the pack's phrases, that they
        are; empty for none. Only what they said last is read: who was helped can talk on."""
        said = next((text.text for text in reversed(ask.texts) if text.role == "user"), "")
        words = fold(said).replace("\u2019", "'").split()
        spaced, close = " ".join(words), "".join(words)  # Chinese has no spaces of its own
        cries = any(_stands_in(cry, spaced if cry.isascii() else close) for cry in self._cries)
        return min(self._crisis.categories) if cries else ""

    def meant(self, ask: Ask, guard: Guard, memory: VerdictMemory) -> Piecemeal[str]:
        """The category of crisis that our own guard finds in a request, empty for none; nobody
        else is asked."""
        judged = yield from judge_texts(ask, guard, memory, audience=AUDIENCE, on_failure="pass")
        found = [*judged.flags, *([judged.finding] if judged.finding else ())]
        categories = (one.category for one in found if one.category in self._crisis.categories)
        return next(categories, "")

    def comfort(self, category: str) -> str:
        """The help in both languages, if the category is one of crisis; else nothing."""
        return self.both() if category in self._crisis.categories else ""

    def both(self) -> str:
        """The help in both languages."""
        return "\n\n".join(("", help_words(self._crisis, "zh"), help_words(self._crisis, "en")))

    async def answer(self, dialect: Dialect, ask: Ask, send: Send) -> None:
        """Answer a request with the help, whole or as a stream, as its API has it."""
        asked = [{"type": "http.request", "body": ask.body, "more_body": False}]

        async def receive() -> Message:
            if not asked:
                await asyncio.Event().wait()  # whoever waits for the client to leave is cancelled
            return asked.pop()

        scope = {"type": "http", "method": "POST", "path": f"/v1{dialect.path}", "headers": []}
        await self._voice(scope, receive, send)


class _Voice(ReplayApp):
    """Says the help, in the language of whoever asks, whole whatever limits were set."""

    def _perform(self, ask: Turn) -> tuple[Said, ...]:
        wanted = language(ask.message)
        words = next(answer for answer in self.answers if answer.lang == wanted)
        said = perform(words, replace(ask, tools=frozenset(), tokens_max=None, stops=()))
        return (said,) * ask.choices


def _stands_in(phrase: str, text: str) -> bool:
    """Whether a phrase stands in a text, in whole words where it is written in such."""
    at = text.find(phrase)
    while at >= 0 and phrase.isascii():
        around = text[at - 1 : at] + text[at + len(phrase) : at + len(phrase) + 1]
        if not any(char.isascii() and char.isalnum() for char in around):
            return True
        at = text.find(phrase, at + 1)
    return at >= 0


def help_words(crisis: Crisis, lang: str) -> str:
    """The pack's help, with the numbers to call, in a language of the pack."""
    lines = [f"{line.name[lang]}: {line.number}" for line in crisis.lines.values()]
    return "\n".join((crisis.help[lang], *lines))


def _recital(crisis: Crisis, lang: str) -> Answer:
    text = help_words(crisis, lang)
    return Answer(f"{lang}-crisis", "zh" if lang == "zh" else "en", "crisis", (), text)
