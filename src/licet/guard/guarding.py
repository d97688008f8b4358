"""The guard: rules, weights and policy of one bundle, put together.

    guard.judge(text, "prompt") -> Verdict          a whole text
    guard.stream()              -> TextStream       a text as it is generated

It refuses to know who asks, who is answered and what happens next.
"""

from __future__ import annotations

from collections.abc import Mapping

from licet.base.trouble import NotFound
from licet.guard.classifier import Classifier, Role
from licet.guard.lexicon import Lexicon
from licet.guard.policy import Policy, Threshold, Tier, decide, literal_finding
from licet.guard.stream import StreamSettings, TextStream
from licet.guard.verdict import PASS, Verdict, strongest

AUDIENCE = "default"


class Guard:
    """Immutable; one for each bundle; used by one thread at a time."""

    def __init__(
        self, lexicon: Lexicon, classifier: Classifier | None, policy: Policy, *,
        name: str = "", remote_judge: bool = False,
    ) -> None:  # fmt: skip
        """`name` identifies the bundle. `remote_judge`: streams ask a judge outside as well."""
        self.lexicon = lexicon
        self.classifier = classifier
        self.policy = policy
        self.name = name
        self.remote_judge = remote_judge
        self._settings: dict[tuple[Tier, str], StreamSettings] = {}

    def judge(
        self, text: str, role: Role, context: str = "", *, json: bool = False,
        audience: str = AUDIENCE, by_meaning: bool = True, ranks: bool = False,
    ) -> Verdict:  # fmt: skip
        """Judge a whole text. `by_meaning=False` asks the literal rules only.

        `ranks`: for those who compare texts by score. What the quick look passed is passed all
        the same, but scored in full; it costs several times as much.
        """
        findings = [literal_finding(hit) for hit in self.lexicon.scan(text, json=json)]
        categories: dict[str, float] = {}
        score = 0.0
        if by_meaning and self.classifier is not None and text:
            scores = self.classifier.judge(text, role, context)
            score = scores.harm
            if not scores.screened:
                thresholds = self.thresholds(audience)
                findings += decide(scores, thresholds, 0, len(text))
            elif ranks:
                scores = self.classifier.judge(text, role, context, thorough=True)
                score = scores.harm
            categories.update(scores.categories)
        for finding in findings:
            if finding.detector == "literal":
                categories[finding.category] = 1.0
                score = 1.0
        if not findings and not score:
            return PASS
        found = tuple(findings)
        return Verdict(strongest(found), score, categories, found)

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
                on_failure=self.policy.on_judge_failure[key[0]], remote=self.remote_judge,
            )  # fmt: skip
            self._settings[key] = settings
        return TextStream(self.lexicon.watch(json=json), self.classifier, settings, context, json)

    def thresholds(self, audience: str) -> Mapping[str, Threshold]:
        """The thresholds that hold for an audience. Raises NotFound for one the pack lacks."""
        given = self.policy.thresholds.get(audience)
        if given is None:
            raise NotFound(
                f"the pack has no audience {audience!r}.",
                hint=f"Use one of {', '.join(sorted(self.policy.thresholds))}.",
            )
        return given
