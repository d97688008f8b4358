"""Looks at pictures, fetches and labels them for one gateway, in threads of their own, bounded.

It refuses to know exchanges: it is given bytes and tells what it saw.

Rules
1. Work with pictures and sound is never done in the event loop. `workers` threads do it; what one
   picture may take there is bounded by `pixels_max`.
2. At most `at_once_max` answers are in memory at a time (`turn`); others wait with their upstream
   unread.
3. A picture of which something could not be found out is `unjudged`: what that leads to is
   `guard.on_judge_failure`, as it is for text.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar, cast

from licet.base.trouble import BadInput, Trouble, Unavailable
from licet.gateway.config_media import MediaConfig
from licet.gateway.media.classifying import PictureClassifier
from licet.gateway.media.fetching import Fetcher, decode_base64
from licet.gateway.media.labelling import Labeller
from licet.gateway.media.reading import read_text
from licet.gateway.media.seeing import Seen, see
from licet.gateway.metrics import JudgeOutcome, Metrics
from licet.guard.classifier import Scores
from licet.guard.pictures import BlockList
from licet.guard.policy import JudgeScores, OnFailure, Threshold, decide, unanswered
from licet.guard.verdict import Finding

NAME = "picture"
"""What metrics, and the rule that a halted person is told of (`judge.picture.CATEGORY`), say."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of looking at one picture: findings, the text in it, and a line about it."""

    findings: tuple[Finding, ...]
    text: str
    about: str

    @property
    def halting(self) -> Finding | None:
        """The finding for which the picture does not leave."""
        return next((one for one in self.findings if one.action == "halt"), None)


def _done(work: Callable[[], T]) -> tuple[T | None, Trouble | None]:
    """What a piece of work made, or what was wrong, as a value: an error that a future raises is
    thrown into the whole chain of coroutines, and the compiled ones raise it again when all is
    over (ADR-0011)."""
    try:
        return work(), None
    except Trouble as trouble:
        return None, trouble


class Studio:
    """All work with pictures and sound. `changed` gives the lists anew where they are others."""

    def __init__(
        self, settings: MediaConfig, labeller: Labeller, lists: BlockList,
        changed: Callable[[], BlockList | None], fetcher: Fetcher, metrics: Metrics, *,
        reader: str | None = None, classifier: PictureClassifier | None = None,
    ) -> None:  # fmt: skip
        self.settings = settings
        self.labeller = labeller
        self._lists = lists
        self._changed = changed
        self.turn = asyncio.Semaphore(settings.at_once_max)
        self._fetcher = fetcher
        self._metrics = metrics
        self._reader = reader
        self._classifier = classifier
        self._threads = ThreadPoolExecutor(settings.workers, thread_name_prefix="media")

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do something that takes long (rule 1). Raises what it raises."""
        made, trouble = await asyncio.get_running_loop().run_in_executor(
            self._threads, _done, work
        )
        if trouble is not None:
            raise trouble
        return cast("T", made)

    async def bring(self, given: Sequence[tuple[str, str]]) -> list[bytes]:
        """The pictures of an answer, however they came. Raises BadInput and UpstreamTrouble."""
        return [
            await self._fetcher.fetch(text)
            if how == "url"
            else await self.in_thread(partial(decode_base64, text))
            for how, text in given
        ]

    async def look(
        self, data: bytes, thresholds: Mapping[str, Threshold], on_failure: OnFailure
    ) -> Looked:
        """Looks at one picture. `thresholds`: the pack's; a classifier has its own.

        Raises BadInput and TooMuch for what is no picture that can be looked at.
        """
        classifier = self._classifier
        seen = await self.in_thread(
            partial(
                see, data, pixels_max=self.settings.pixels_max,
                side=classifier.side if classifier else 0, plain=self._reader is not None,
            )
        )  # fmt: skip
        findings: list[Finding] = []
        listed = self._lists.find(seen.hashes, self.settings.bits_max)
        if listed is not None:
            return Looked((listed,), "", seen.about)
        if classifier is not None:
            scores = await self._classified(data, seen, classifier)
            if scores is None:
                findings.append(unanswered(on_failure, 0, 0))
            else:
                findings += decide(scores, thresholds, 0, 0, "judge")
        text = ""
        if self._reader is not None and not any(one.action == "halt" for one in findings):
            try:
                text = await self._read(seen)
            except Unavailable:
                findings.append(unanswered(on_failure, 0, 0))
        return Looked(tuple(findings), text, seen.about)

    async def tend(self, note: Callable[[str], None]) -> None:
        """Every second: read the lists again where they have changed, and say so. Where one cannot
        be read, those that were read before hold."""
        try:
            lists = await self.in_thread(self._changed)
        except BadInput as trouble:
            note(f"pictures: {trouble} The lists that were read before hold.")
            return
        if lists is not None:
            self._lists = lists
            note(f"pictures: {len(lists):,} on the lists from now on.")

    async def close(self) -> None:
        """Let go of threads and connections; what waits is not done any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        await self._fetcher.close()
        if self._classifier is not None:
            await self._classifier.close()

    async def _classified(
        self, data: bytes, seen: Seen, classifier: PictureClassifier
    ) -> Scores | None:
        settings = self.settings.classifier
        assert settings is not None
        outcome: JudgeOutcome = "late"
        loop, found = asyncio.get_running_loop(), None
        began_s = loop.time()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(settings.timeout_ms / 1000):
                found = await classifier.look(data, seen, self.in_thread)
                outcome = "failed" if found is None else "answered"
        self._metrics.judge_called(NAME, outcome, loop.time() - began_s)
        if found is None:
            return None
        flag = settings.threshold if settings.flag_threshold is None else settings.flag_threshold
        return JudgeScores(
            found.harm, found.categories, False,
            threshold=Threshold(settings.threshold, flag), judge=NAME,
        )  # fmt: skip

    async def _read(self, seen: Seen) -> str:
        assert self._reader is not None
        texts = [
            await self.in_thread(
                partial(read_text, plain, self._reader, self.settings.ocr_languages)
            )
            for plain in seen.plain
        ]
        return "\n".join(dict.fromkeys(text for text in texts if text))
