"""The exchange under any order of events: Hypothesis draws what happens and when.

The upstream speaks in any of its APIs, in several channels, in events that whole bytes cut
anywhere; judges answer in any order, or fail; bundles become urgent; connections break; clients
leave. A model of a few lines says what may have been heard at most, and what at least.

The model is by construction: the vocabulary holds the words of two phrases, and a regular
expression, not the guard, says where they stand.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

import hypothesis.strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from kit.guards import HARM, LAWFUL, UNLAWFUL, make_guard
from kit.playbook import ask_of, open_case
from kit.speech import FIELDS, Channel, Heard, hear, speaker
from licet.gateway.dialects.registry import DIALECTS
from licet.gateway.exchange import WAITING_BYTES_MAX, Exchange
from licet.gateway.outcome import Question
from licet.gateway.upstream_trouble import UpstreamClosed

GAP = r"[^\w]{0,12}"
FORBIDDEN = re.compile(rf"(?<![a-z])forbidden{GAP}phrase{GAP}alpha|" + GAP.join("违禁短语样例"))
WORDS = ["forbidden ", "phrase ", "alpha", "违禁", "短语", "样例", "x", " ", "so. ", "好。😀",
         "a longer piece of lawful prose, ", HARM]  # fmt: skip
HELD_MAX = 64


@dataclass(frozen=True, slots=True)
class Said:
    """An event on its way: up to which byte of the wire it reaches, and what it says."""

    until: int
    channel: Channel
    text: str


class OneExchange(RuleBasedStateMachine):
    """One streamed answer, its upstream, judge and client."""

    @initialize(
        dialect=st.sampled_from(sorted(FIELDS)),
        tier=st.sampled_from(["token", "token", "clause", "whole"]),
        classifier=st.booleans(),
        remote=st.booleans(),
        on_failure=st.sampled_from(["halt", "pass", "hold"]),
        choices=st.integers(1, 3),
        escaped=st.booleans(),
    )
    def begin(
        self, dialect: str, tier: str, classifier: bool, remote: bool, on_failure: str,
        choices: int, escaped: bool,
    ) -> None:  # fmt: skip
        self.dialect, self.tier, self.remote = dialect, tier, remote
        self.literal_only = not classifier and not remote
        self.guard = make_guard(
            tier=tier, classifier=classifier, remote=remote, on_failure=on_failure
        )
        self.many = dialect in ("chat", "completions")
        self.choices = choices if self.many else 1
        wishes = {"n": choices} if self.many else {}
        reader = DIALECTS[dialect].reader(ask_of(dialect, **wishes))
        self.exchange = Exchange(reader, self.guard, open_case)
        self.voice = speaker(dialect, escaped=escaped)
        self.wire = bytearray()
        self.moved = 0
        self.events: list[Said] = []
        self.sent = b""
        self.open: list[Question] = []
        self.let_pass = 0
        self.block = 0
        self.spoken = self.over = False
        self.heard = Heard()
        self.put(self.voice.begin(self.choices))

    def put(self, events: list[bytes], channel: Channel = (0, ""), text: str = "") -> None:
        """The upstream writes events; the last of them says `text`."""
        for event in events:
            self.wire += event
        self.events.append(Said(len(self.wire), channel, text))

    def took(self, out: bytes) -> None:
        """The exchange sends."""
        assert not (out and self.sent_all), "a byte after the outcome"
        self.sent += out
        self.open += self.exchange.questions
        self.exchange.questions.clear()
        self.sent_all = self.exchange.outcome is not None
        self.heard = hear(self.dialect, self.sent)

    sent_all = False

    # The upstream

    @precondition(lambda self: not self.spoken)
    @rule(
        words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
        place=st.integers(0, 11),
        logprobs=st.sampled_from([False, False, False, True]),
    )
    def says(self, words: list[str], place: int, logprobs: bool) -> None:
        fields = FIELDS[self.dialect]
        if self.many:
            choice = place % self.choices
            if choice not in self.voice.open:
                return
            channel = (choice, fields[place // 3 % len(fields)])
        else:  # blocks follow each other, each with a field of its own
            if self.voice.now is None or place > 9:
                self.block += self.voice.now is not None or self.block > 0
                channel = (self.block, fields[place % len(fields)])
            else:
                channel = self.voice.now
        text = "".join(words)
        self.put(self.voice.say(channel, text, logprobs=logprobs), channel, text)

    @precondition(lambda self: not self.spoken)
    @rule(index=st.integers(0, 2))
    def finishes_a_choice(self, index: int) -> None:
        if self.many and index < self.choices:
            self.put(self.voice.finish(index))

    @precondition(lambda self: not self.spoken)
    @rule()
    def says_its_last(self) -> None:
        self.spoken = True
        self.put(self.voice.end())

    @precondition(lambda self: not self.spoken)
    @rule()
    def keeps_the_line_alive(self) -> None:
        self.put([b": ping\n\n"])

    @precondition(lambda self: not self.over)
    @rule(share=st.floats(0, 1))
    def bytes_arrive(self, share: float) -> None:
        end = self.moved + int((len(self.wire) - self.moved) * share)
        data, self.moved = bytes(self.wire[self.moved : end]), end
        if data:
            self.took(self.exchange.receive(data))

    @precondition(lambda self: not self.over)
    @rule()
    def all_arrives(self) -> None:
        self.bytes_arrive(1.0)

    @precondition(lambda self: not self.over and self.moved > 400)
    @rule(how=st.sampled_from(["ended", "failed", "garbage"]))
    def breaks_off(self, how: str) -> None:
        self.over = self.spoken = True
        if how == "garbage":  # in place of an event, not within one
            end = min(event.until for event in self.events if event.until >= self.moved)
            data, self.moved = bytes(self.wire[self.moved : end]), end
            self.took(self.exchange.receive(data + b"data: {nonsense\n\n"))
        elif how == "ended":
            self.took(self.exchange.ended())
        else:
            self.took(self.exchange.failed(UpstreamClosed()))

    # Judges, bundles, clients

    @precondition(lambda self: self.open)
    @rule(at=st.integers(0, 9), verdict=st.sampled_from(["lawful"] * 4 + ["unlawful", "failed"]))
    def a_judge_answers(self, at: int, verdict: str) -> None:
        question = self.open.pop(at % len(self.open))
        was_over = self.exchange.is_over
        self.let_pass += verdict != "unlawful"
        scores = {"lawful": LAWFUL, "unlawful": UNLAWFUL, "failed": None}[verdict]
        self.took(self.exchange.judged(question, scores))
        if verdict == "unlawful" and not was_over:
            assert self.exchange.outcome is not None
            assert self.exchange.outcome.kind == "halted"

    @precondition(lambda self: len(self.events) > 2)
    @rule(chance=st.integers(0, 3))
    def a_bundle_is_urgent(self, chance: int) -> None:
        if chance == 0:
            self.took(self.exchange.adopt(self.guard))

    @precondition(lambda self: len(self.events) > 3)
    @rule(chance=st.integers(0, 9))
    def the_client_leaves(self, chance: int) -> None:
        if chance == 0:
            self.exchange.client_gone()
            self.took(b"")

    @rule()
    def nothing_happens(self) -> None:
        self.took(b"")

    # What holds at every moment

    def delivered(self) -> tuple[dict[Channel, str], Channel | None]:
        """The model: what each channel may have said when all that arrived was read, up to the
        first phrase; and the channel in which that stood."""
        texts: dict[Channel, str] = defaultdict(str)
        for event in self.events:
            if event.until > self.moved:
                break
            texts[event.channel] += event.text
            found = FORBIDDEN.search(texts[event.channel])
            if found:
                texts[event.channel] = texts[event.channel][: found.start()]
                return texts, event.channel
        return texts, None

    @invariant()
    def only_a_lawful_beginning_is_heard(self) -> None:
        may, _ = self.delivered()
        for channel in self.heard.texts:
            text = self.heard.text(channel)
            assert may.get(channel, "").startswith(text), (channel, text)

    @invariant()
    def what_is_lawful_is_not_lost(self) -> None:
        if not self.literal_only or self.tier != "token":
            return
        may, stopped = self.delivered()
        outcome = self.exchange.outcome
        if stopped is not None:
            assert outcome is not None
            assert outcome.kind in ("halted", "failed", "abandoned")
        if outcome is None:
            for channel, text in may.items():
                assert len(text) - len(self.heard.text(channel)) <= HELD_MAX
        elif outcome.kind in ("served", "halted"):
            for channel, text in may.items():
                assert self.heard.text(channel) == text, channel

    @invariant()
    def nothing_unjudged_is_heard(self) -> None:
        if self.remote and self.tier != "token" and not self.let_pass:
            assert not self.heard.all()

    @invariant()
    def the_end_is_the_outcome(self) -> None:
        outcome = self.exchange.outcome
        if outcome is None or outcome.kind == "abandoned":
            assert not self.heard.ended
        else:
            assert self.heard.ended == outcome.kind
            assert not self.exchange.questions
            assert (self.heard.licet is not None) == (outcome.kind == "halted")

    @invariant()
    def memory_is_bounded(self) -> None:
        """Nothing is held but what the upstream said: texts, and the name of a tool."""
        written = sum(
            len(event.text.encode("utf-16-le")) // 2 + len("write_note") for event in self.events
        )
        assert self.exchange.held_most <= min(written, WAITING_BYTES_MAX)

    def teardown(self) -> None:
        """No stream is stuck: when the rest has come and all is answered, it is over."""
        if not hasattr(self, "exchange"):
            return
        if not self.over:
            self.all_arrives()
            self.over = True
            self.took(self.exchange.ended())
        for _ in range(200):
            if self.exchange.is_over or not self.open:
                break
            self.let_pass += 1
            self.took(self.exchange.judged(self.open.pop(0), LAWFUL))
        assert self.exchange.outcome is not None, "a stuck stream"
        self.only_a_lawful_beginning_is_heard()
        self.what_is_lawful_is_not_lost()
        self.the_end_is_the_outcome()


TestOneExchange = OneExchange.TestCase
