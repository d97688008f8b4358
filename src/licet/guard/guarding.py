"""The guard: rules, weights and policy of one bundle, put together.

    guard.judge(text, "prompt") -> Verdict          a whole text
    guard.stream()              -> TextStream       a text as it is generated

It refuses to know who asks, who is answered and what happens next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from licet.base.piecemeal import Piecemeal
from licet.base.trouble import NotFound
from licet.guard.classifier import Classifier, Role, Scores, group_of
from licet.guard.doubt import Doubt
from licet.guard.encoder.model import Encoder
from licet.guard.hit import Hit
from licet.guard.lexicon import Lexicon
from licet.guard.policy import Policy, Threshold, Tier, decide, literal_finding
from licet.guard.stream import StreamSettings, TextStream
from licet.guard.verdict import CERTAIN, PASS, Finding, Verdict, strongest

AUDIENCE: Final = "default"
PIECE_CHARACTERS: Final = 2048
"""A text of no more is judged without a pause."""
_PASSED_MAX: Final = 16
EncoderSource = Callable[[], Encoder]
"""Gives the encoder, the same each time; the first call may read and load it."""


class Listener(Protocol):
    """Hears what is judged. It must neither wait nor raise."""

    def text(
        self, text: str, role: str, *, context: str, json: bool, audience: str, by_meaning: bool
    ) -> None: ...

    def stream(self, stream: TextStream, *, audience: str, context: str) -> None: ...


class Guard:
    """Immutable; one for each bundle; used by one thread at a time."""

    def __init__(
        self, lexicon: Lexicon, classifier: Classifier | None, policy: Policy, *,
        name: str = "", doubt: Doubt | None = None, encoder: EncoderSource | None = None,
    ) -> None:  # fmt: skip
        """`name` identifies the bundle. `doubt`: when judges outside are asked; None: never.
        `encoder`: asked about whole texts in doubt, where the policy says so."""
        self.lexicon = lexicon
        self.classifier = classifier
        self.policy = policy
        self.name = name
        self.doubt = doubt
        self.listener: Listener | None = None
        """Who hears what is judged, where somebody does (a shadow)."""
        self.encoder = encoder if policy.encoder is not None else None
        self._settings: dict[tuple[Tier, str], StreamSettings] = {}
        self._passed: list[tuple[Scores, Verdict]] = []
        """What it comes to that rules and the quick look found nothing, by the look's scores."""

    def judge(
        self, text: str, role: Role, context: str = "", *, json: bool = False,
        audience: str = AUDIENCE, by_meaning: bool = True, ranks: bool = False,
    ) -> Verdict:  # fmt: skip
        """Judge a whole text. `by_meaning=False` asks the literal rules only.

        `ranks`: for those who compare texts by score. What the quick look passed is passed all
        the same, but scored in full; it costs several times as much.
        """
        self._tell(text, role, context, json, audience, by_meaning)
        hits = self.lexicon.scan(text, role, json=json)
        if not by_meaning or self.classifier is None or not text:
            return _verdict(hits)
        scores = self.classifier.judge(text, role, context)
        if scores.screened and not hits and not ranks and self.encoder is None:
            return self._pass(scores)
        scores, judged = self._weigh(scores, text, role, context, audience)
        if ranks and scores.screened:
            scores = self.classifier.judge(text, role, context, thorough=True)
        return _verdict(hits, scores, judged)

    def _pass(self, scores: Scores) -> Verdict:
        """The classifier gives the very same scores each time."""
        for known, verdict in self._passed:
            if known is scores:
                return verdict
        verdict = _verdict((), scores)
        if len(self._passed) < _PASSED_MAX:
            self._passed.append((scores, verdict))
        return verdict

    def judge_piecemeal(
        self, text: str, role: Role, context: str = "", *, json: bool = False,
        audience: str = AUDIENCE, by_meaning: bool = True,
    ) -> Piecemeal[Verdict]:  # fmt: skip
        """As `judge`. A piece takes some milliseconds, unless the encoder is asked."""
        if len(text) <= PIECE_CHARACTERS:
            return self.judge(
                text, role, context, json=json, audience=audience, by_meaning=by_meaning
            )
        self._tell(text, role, context, json, audience, by_meaning)
        hits = yield from self.lexicon.scan_piecemeal(text, role, json=json)
        if not by_meaning or self.classifier is None:
            return _verdict(hits)
        scores = yield from self.classifier.judge_piecemeal(text, role, context)
        return _verdict(hits, *self._weigh(scores, text, role, context, audience))

    def _tell(
        self, text: str, role: Role, context: str, json: bool, audience: str, by_meaning: bool
    ) -> None:
        if self.listener is not None:
            self.listener.text(
                text, role, context=context, json=json, audience=audience, by_meaning=by_meaning
            )

    def _weigh(
        self, scores: Scores, text: str, role: Role, context: str, audience: str
    ) -> tuple[Scores, list[Finding]]:
        """What the classifier's scores mean; where they are in doubt, what the encoder says."""
        if self.encoder is not None and self.is_in_doubt(scores):
            assert self.classifier is not None
            first = self.classifier.strengths(text, role)
            second = self.encoder().judge((text,), role, (context,), (first,))[0]
            thresholds = self.encoder_thresholds(audience, group_of(text, role), second)
            return second, decide(second, thresholds, 0, len(text), "encoder")
        if scores.screened:
            return scores, []
        return scores, decide(scores, self.thresholds(audience), 0, len(text))

    def stream(
        self, *, json: bool = False, tier: Tier | None = None, audience: str = AUDIENCE,
        context: str = "",
    ) -> TextStream:  # fmt: skip
        """Begin to judge a reply as it is generated. `json`: the source of a JSON value."""
        key = (tier or self.policy.judged.tier, audience)
        settings = self._settings.get(key)
        if settings is None:
            settings = StreamSettings(
                tier=key[0], judged=self.policy.judged, thresholds=self.thresholds(audience),
                on_failure=self.policy.on_judge_failure[key[0]], doubt=self.doubt,
            )  # fmt: skip
            self._settings[key] = settings
        watch = self.lexicon.watch("reply", json=json)
        if self.listener is None:
            return TextStream(watch, self.classifier, settings, context, json)
        stream = TextStream(watch, self.classifier, settings, context, json, remembers=True)
        self.listener.stream(stream, audience=audience, context=context)
        return stream

    @property
    def remote_judge(self) -> bool:
        """Whether judges outside are asked at all."""
        return self.doubt is not None

    def asks(self, verdict: Verdict) -> bool:
        """Whether judges outside are to be asked about a text that was judged by its meaning."""
        return self.doubt is not None and self.doubt.holds(verdict.harm)

    def is_in_doubt(self, scores: Scores) -> bool:
        """Whether the encoder is to be asked about a whole text, by the classifier's scores."""
        settings = self.policy.encoder
        if self.encoder is None or settings is None:
            return False
        return settings.doubt_low <= scores.harm <= settings.doubt_high

    def encoder_thresholds(
        self, audience: str, group: str, scores: Scores
    ) -> Mapping[str, Threshold]:
        """The thresholds that hold for the encoder's scores on a text of a group. Raises NotFound
        for an audience that the pack lacks."""
        self.thresholds(audience)
        settings = self.policy.encoder
        assert settings is not None
        return dict.fromkeys(scores.categories, settings.thresholds[audience][group])

    def thresholds(self, audience: str) -> Mapping[str, Threshold]:
        """The thresholds that hold for an audience. Raises NotFound for one the pack lacks."""
        given = self.policy.thresholds.get(audience)
        if given is None:
            raise NotFound(
                f"the pack has no audience {audience!r}.",
                hint=f"Use one of {', '.join(sorted(self.policy.thresholds))}.",
            )
        return given


def _verdict(
    hits: Sequence[Hit], scores: Scores | None = None, judged: Sequence[Finding] = ()
) -> Verdict:
    """What literal rules found, and what a text means by its scores, if that was asked."""
    findings = (*map(literal_finding, hits), *judged)
    if not findings and scores is None:
        return PASS
    harm = None if scores is None else scores.harm
    score = harm or 0.0
    categories = {} if scores is None else dict(scores.categories)
    for finding in findings:
        if finding.detector in CERTAIN:
            categories[finding.category] = 1.0
            score = 1.0
    return Verdict(strongest(findings), score, categories, findings, harm)
