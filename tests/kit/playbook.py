"""A test of an exchange that reads as a script: what comes in, and what the client gets of it.

    play = Playbook("chat")
    play >> say("One lawful thing. For") << heard("One lawful thing. ")
    play >> say("bidden phrase alpha!") << halted()

`>>` does something and collects what the exchange sends; `<<` holds what was sent since the last
`<<` against what a client should have got. A playbook ends with `done()`, which reads all of it
as a strict client does.

It refuses to know verdicts: guards come from `kit.guards`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kit.guards import LAWFUL, UNLAWFUL, make_guard
from kit.speech import FIELDS, Channel, Heard, Speaker, hear, speaker
from licet.gateway.dialects.model import Ask, Notice
from licet.gateway.dialects.registry import DIALECTS
from licet.gateway.exchange import Exchange
from licet.gateway.outcome import Question
from licet.gateway.upstream_trouble import UpstreamClosed
from licet.guard.guarding import Guard
from licet.guard.verdict import Finding


def ask_of(dialect: str, **members: Any) -> Ask:
    """A streaming request of that API."""
    text = {"completions": {"prompt": "hi"}, "responses": {"input": "hi"}}
    said: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 99}
    body = {"model": "m", "stream": True} | text.get(dialect, said) | members
    return DIALECTS[dialect].parse(json.dumps(body).encode(), json_depth_max=64)


def open_case(finding: Finding, where: str) -> Notice:
    return Notice("LC-1", finding.category, finding.rule, {"en": "a reason"}, "http://x/LC-1")


class Playbook:
    """One exchange, its upstream and its client."""

    def __init__(
        self, dialect: str, guard: Guard | None = None, *, begun: bool = True, choices: int = 1,
        **members: Any,
    ) -> None:  # fmt: skip
        """`begun`: the upstream's first events, which say nothing, are over already."""
        self.dialect = dialect
        self.first: Channel = (0, FIELDS[dialect][0])
        self.speaker: Speaker = speaker(dialect)
        wishes = {"n": choices} if choices > 1 else {}
        reader = DIALECTS[dialect].reader(ask_of(dialect, **wishes, **members))
        self.exchange = Exchange(reader, guard or make_guard(), open_case)
        self.upstream = b""
        self.sent = b""
        self.fresh = b""
        self.open: list[Question] = []
        self.body_over = False
        self.before = Heard()
        if begun:
            self.receive(b"".join(self.speaker.begin(choices)))
            self.fresh = b""
            self.before = hear(dialect, self.sent)

    def receive(self, data: bytes) -> None:
        self.upstream += data
        self.take(self.exchange.receive(data))

    def take(self, data: bytes) -> None:
        """What the exchange sends."""
        self.sent += data
        self.fresh += data
        self.open += self.exchange.questions
        self.exchange.questions.clear()

    def __rshift__(self, step: Step) -> Playbook:
        step(self)
        return self

    def __lshift__(self, check: Check) -> Playbook:
        now = hear(self.dialect, self.sent)
        check(self, now)
        self.before, self.fresh = now, b""
        return self

    def done(self) -> Heard:
        """The whole of it: lawful, ended once, and nothing after the end."""
        heard = hear(self.dialect, self.sent)
        assert self.exchange.outcome is not None
        assert heard.ended == self.exchange.outcome.kind, (heard.ended, self.exchange.outcome)
        for late in (self.exchange.receive(b"data: {}\n\n"), self.exchange.ended()):
            assert late == b"", "a byte after the end"
        return heard


Step = Callable[[Playbook], None]
Check = Callable[[Playbook, Heard], None]

# What happens


def say(text: str, channel: Channel | None = None, *, logprobs: bool = False) -> Step:
    """The upstream says this, in the first channel unless told otherwise."""

    def step(play: Playbook) -> None:
        events = play.speaker.say(channel or play.first, text, logprobs=logprobs)
        for event in events:
            play.receive(event)

    return step


def say_at_once(*said: tuple[Channel, str]) -> Step:
    """The upstream says these in the choices of a single event of chat completions."""

    def step(play: Playbook) -> None:
        choices = [
            {"index": index, "delta": {name: text}, "finish_reason": None}
            for (index, name), text in said
        ]
        head = {"id": "cmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        data = json.dumps(head | {"choices": choices}).encode()
        play.receive(b"data: " + data + b"\n\n")

    return step


def sends(data: bytes) -> Step:
    """The upstream sends exactly these bytes."""
    return lambda play: play.receive(data)


def finishes(index: int = 0) -> Step:
    return lambda play: play.receive(b"".join(play.speaker.finish(index)))


def ends() -> Step:
    """The upstream finishes all that is open and says its last event."""
    return lambda play: play.receive(b"".join(play.speaker.end()))


def closes() -> Step:
    """The upstream's body is over."""

    def step(play: Playbook) -> None:
        play.body_over = True
        play.take(play.exchange.ended())

    return step


def dies() -> Step:
    """The upstream's connection broke."""
    return lambda play: play.take(play.exchange.failed(UpstreamClosed()))


def leaves() -> Step:
    """The client goes."""
    return lambda play: play.exchange.client_gone()


def urgent(guard: Guard) -> Step:
    return lambda play: play.take(play.exchange.adopt(guard))


def answers(verdict: str, number: int = 0) -> Step:
    """The judge outside answers its `number`-th open question: lawful, unlawful or failed."""
    scores = {"lawful": LAWFUL, "unlawful": UNLAWFUL, "failed": None}[verdict]

    def step(play: Playbook) -> None:
        play.take(play.exchange.judged(play.open.pop(number), scores))

    return step


# What the client gets


def heard(text: str, channel: Channel | None = None) -> Check:
    """Just this more of one channel, and nothing of any other."""

    def check(play: Playbook, now: Heard) -> None:
        fresh = {
            name: said[len(play.before.texts.get(name, "")) :] for name, said in now.all().items()
        }
        fresh = {name: said for name, said in fresh.items() if said}
        assert fresh == ({channel or play.first: text} if text else {})

    return check


def nothing() -> Check:
    def check(play: Playbook, now: Heard) -> None:
        assert play.fresh == b""

    return check


def as_it_came() -> Check:
    """The very bytes that the upstream sent."""

    def check(play: Playbook, now: Heard) -> None:
        assert play.upstream.endswith(play.fresh)
        assert play.fresh

    return check


def finished(reason: str, index: int = 0) -> Check:
    def check(play: Playbook, now: Heard) -> None:
        assert now.finishes[index] == [reason]

    return check


def ended(kind: str) -> Check:
    """The end: `served`, `halted` or `failed`, as the client sees it and as it is recorded."""

    def check(play: Playbook, now: Heard) -> None:
        outcome = play.exchange.outcome
        assert outcome is not None
        assert (now.ended, outcome.kind) == (kind, kind)
        assert play.exchange.cancels == (kind != "served" and not play.body_over)
        if kind == "halted":
            assert now.licet is not None
            assert now.licet["case"] == "LC-1"

    return check


@dataclass(frozen=True, slots=True)
class _Asked:
    texts: tuple[str, ...]

    def __call__(self, play: Playbook, now: Heard) -> None:
        assert tuple(question.text for question in play.open) == self.texts


def asked(*texts: str) -> Check:
    """These questions to the judge outside are open."""
    return _Asked(texts)
