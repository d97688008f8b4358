"""The encoder: texts in, scores out.

It refuses to know thresholds, actions and streams; it gives scores, and the policy decides.

Rules
1. A long text is read in windows that overlap, and scores as its worst window. A window is read by
   itself, so that no text is padded and none bears on what another scores.
2. What was said before a text is read with it, its end first; it is never judged itself.
3. No category is above `harm`, and the likeliest is equal to it, as in the classifier.
4. Injection is an attack on the one who reads instructions: only prompts have it.
5. What the classifier makes of a text is heard too, at the weight that calibration gave it: the
   two err on different texts.
6. One thread; the interpreter's lock is free while the network runs. Equal calls give equal
   scores on one machine kind; on others the last places may differ.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from itertools import product
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from licet.base.trouble import BadInput
from licet.guard.classifier.model import INJECTION, Role, Scores, group_name
from licet.guard.encoder.tokens import Vocabulary
from licet.guard.fold import fold

READER = "wordpiece-han-pairs-2"
"""How text becomes tokens, and these a call. Weights for another reader are refused."""
INPUTS = ("ids", "pairs", "types")
METADATA, WORDS = "licet", "words"
"""Names of what travels in the file: a `Header` as JSON, and the vocabulary, a word a line."""
WINDOW_TOKENS, STEP_TOKENS, CONTEXT_TOKENS = 96, 84, 28
CONTEXT_CHARACTERS = 400
ROLES: tuple[Role, ...] = ("prompt", "reply", "comment")
Prior = tuple[float, float]
"""Log-odds of harm and of injection, as the classifier has them."""
UNDECIDED: Prior = (0.0, 0.0)
GROUPS = tuple(f"{role}.{script}" for role, script in product(ROLES, ("latin", "han")))


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calibration: log-odds = slope * logit + prior * the classifier's log-odds + offset."""

    slope: float
    offset: float
    prior: float = 0.0

    def odds(self, logit: float, prior: float) -> float:
        """Log-odds of a logit of the network, where the classifier says `prior`."""
        return self.slope * logit + self.prior * prior + self.offset


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the weights say of themselves. `harm` by group (`prompt.han`), `heads` by category."""

    reader: str
    name: str
    categories: tuple[str, ...]
    harm: dict[str, Line]
    heads: dict[str, Line]


class Encoder:
    """A trained encoder. Immutable but for a memory of words; used by one thread at a time."""

    __slots__ = ("digest", "header", "session", "words")

    def __init__(self, session: Any, header: Header, words: Vocabulary, digest: str) -> None:
        self.session = session
        self.words = words
        self.header = header
        self.digest = digest
        """SHA-256 of the file, in hexadecimal."""

    @classmethod
    def from_bytes(cls, data: bytes) -> Encoder:
        """An encoder from the bytes of its file; some 0.2 s and 100 MiB.

        Raises BadInput for anything else, and where ONNX Runtime is missing.
        """
        try:
            import onnxruntime
        except ImportError as error:
            raise BadInput(
                f"the encoder needs ONNX Runtime, which cannot be imported: {error}.",
                hint="Install it (pip install onnxruntime), or judge without the encoder.",
            ) from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.enable_cpu_mem_arena = False
        try:
            session = onnxruntime.InferenceSession(data, options, ["CPUExecutionProvider"])
            about = session.get_modelmeta().custom_metadata_map
            header = msgspec.json.decode(about[METADATA], type=Header)
            words = Vocabulary(about[WORDS].split("\n"))
        except Exception as error:  # noqa: BLE001 - the runtime has no error class of its own
            raise _refused(f"it cannot be read ({type(error).__name__})") from None
        if header.reader != READER:
            raise _refused(f"it reads text as {header.reader}, not {READER}")
        if set(header.harm) != set(GROUPS) or set(header.heads) != set(header.categories):
            raise _refused("its calibration is not complete")
        return cls(session, header, words, hashlib.sha256(data).hexdigest())

    @property
    def name(self) -> str:
        """What people call these weights, as in the model card."""
        return self.header.name

    @property
    def categories(self) -> tuple[str, ...]:
        """The names in `Scores.categories`, in their order."""
        return self.header.categories

    def judge(
        self, texts: Sequence[str], role: Role, contexts: Sequence[str] | None = None,
        priors: Sequence[Prior] | None = None,
    ) -> list[Scores]:  # fmt: skip
        """The scores of raw texts in one role; `contexts`: the turn before each, or empty.

        `priors`: what the classifier says of each (`Classifier.strengths`); without them it is
        taken to be undecided. About 3 ms of one core for each window of 96 tokens.
        """
        before = contexts or ("",) * len(texts)
        first = priors or (UNDECIDED,) * len(texts)
        if len(before) != len(texts) or len(first) != len(texts):
            raise ValueError("give a context and a prior for each text, or none at all")
        return [
            self._judge(text, role, context, prior)
            for text, context, prior in zip(texts, before, first, strict=True)
        ]

    def _judge(self, text: str, role: Role, context: str, prior: Prior) -> Scores:
        folded = fold(text)
        harm = self.header.harm[group_name(role, folded)]
        windows = self._windows(folded, role, context)
        logits = [self._run(window) for window in windows]
        strengths = [self._strength(each, role, harm, prior) for each in logits]
        worst = strengths.index(max(strengths))
        return self._scores(strengths[worst], windows[worst], logits[worst], role, text, prior)

    def logits(self, text: str, role: Role, context: str = "") -> NDArray[np.float32]:
        """Raw logits, shape (windows, 1 + categories), harm first; for those who calibrate."""
        return np.stack([self._run(each) for each in self._windows(fold(text), role, context)])

    def _windows(self, folded: str, role: Role, context: str) -> list[_Window]:
        words = self.words
        body = words.numbers(folded)
        before = words.numbers(fold(context[-CONTEXT_CHARACTERS:]))[-CONTEXT_TOKENS:]
        out = []
        last = max(1, len(body) - (WINDOW_TOKENS - STEP_TOKENS))
        for start in range(0, last, STEP_TOKENS):
            part = body[start : start + WINDOW_TOKENS]
            tokens = [words.start, words.roles[role], *part, words.end]
            kinds = [0] * len(tokens)
            if before:
                tokens += [*before, words.end]
                kinds += [1] * (len(before) + 1)
            share = (start / max(1, len(body)), (start + len(part)) / max(1, len(body)))
            out.append(_Window(tokens, kinds, share))
        return out

    def _run(self, window: _Window) -> NDArray[np.float32]:
        fed = np.array((window.tokens, self.words.pairs(window.tokens), window.kinds), np.int64)
        named = dict(zip(INPUTS, fed[:, None], strict=True))
        out: NDArray[np.float32] = self.session.run(None, named)[0][0]
        return out

    def _strength(
        self, logits: NDArray[np.float32], role: Role, harm: Line, prior: Prior
    ) -> float:
        """The worst log-odds of a window: of harm, or in a prompt of injection."""
        odds = harm.odds(float(logits[0]), prior[0])
        if role != "prompt" or INJECTION not in self.header.heads:
            return odds
        place = 1 + self.header.categories.index(INJECTION)
        return max(odds, self.header.heads[INJECTION].odds(float(logits[place]), prior[1]))

    def _scores(
        self, strength: float, window: _Window, logits: NDArray[np.float32], role: Role,
        text: str, prior: Prior,
    ) -> Scores:  # fmt: skip
        harm = _sigmoid(strength)
        named = {
            name: _sigmoid(self.header.heads[name].odds(float(logit), prior[1]))
            for name, logit in zip(self.categories, logits[1:], strict=True)
        }
        if role != "prompt" and INJECTION in named:
            named[INJECTION] = 0.0
        top = max(named, key=named.__getitem__)
        categories = {name: min(harm, score) for name, score in named.items()}
        categories[top] = harm
        start, end = (round(share * len(text)) for share in window.share)
        return Scores(harm, categories, screened=False, span=(start, end))


class _Window(msgspec.Struct, frozen=True):
    """Tokens of one window; `share`: where it lies in the text, [0, 1]."""

    tokens: list[int]
    kinds: list[int]
    share: tuple[float, float]


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x > -700.0 else 0.0


def _refused(why: str) -> BadInput:
    return BadInput(
        f"these are no weights of an encoder that this version can use: {why}.",
        hint="Use the weights that came with this version of Licet.",
    )
