"""A model that looks at pictures: an ONNX file in this process, or a server outside.

It refuses to know thresholds and what follows: it gives scores by our categories, or None.

Rules
1. `scores` is of a picture's worst frame in each category.
2. What is not understood is no answer.
3. A remote one is given the picture itself; nobody else is.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np

from licet.base.trouble import BadInput, Trouble
from licet.gateway.config_media import PictureClassifierConfig
from licet.gateway.judges.model import Asked
from licet.gateway.judges.moderation import Moderation
from licet.gateway.media.seeing import Pixels, Seen
from licet.gateway.upstream import Upstream
from licet.guard.classifier import Scores

_ANSWER_BYTES_MAX = 256 << 10
_HEADERS = [(b"content-type", b"application/json"), (b"accept", b"application/json")]
InThread = Callable[[Callable[[], "Scores | None"]], Any]


class PictureClassifier(Protocol):
    """Whoever looks at pictures. Never raises: None is "no answer"."""

    side: int
    """Of the frames that it wants in `Seen.pixels`; 0: none."""

    async def look(self, data: bytes, seen: Seen, in_thread: InThread) -> Scores | None: ...

    async def close(self) -> None: ...


class OnnxClassifier:
    """A file. Raises BadInput where it is none, or does not fit its settings."""

    def __init__(self, settings: PictureClassifierConfig) -> None:
        assert settings.file is not None
        self.side = settings.side
        self._settings = settings
        self._session = _session(settings.file)
        (given, *more), outputs = self._session.get_inputs(), self._session.get_outputs()
        if more or len(outputs) < 1:
            raise BadInput(f"{settings.file}: it wants more than one picture.", hint=_HINT)
        self._name = given.name
        blank = np.zeros((settings.side, settings.side, 3), np.uint8)
        row = self._row(blank)
        if row is None or row.shape != (len(settings.labels),):
            found = "nothing" if row is None else f"{row.size} scores"
            problem = f"gives {found}, and labels are {len(settings.labels)}"
            raise BadInput(f"{settings.file}: it {problem}.", hint=_HINT)

    async def look(self, data: bytes, seen: Seen, in_thread: InThread) -> Scores | None:
        found: Scores | None = await in_thread(lambda: self.scores(seen.pixels))
        return found

    async def close(self) -> None:
        """Nothing is held open."""

    def scores(self, frames: Sequence[Pixels]) -> Scores | None:
        """Of these frames, the worst in each category."""
        rows = [self._row(frame) for frame in frames]
        if not rows or any(row is None for row in rows):
            return None
        worst = np.max([row for row in rows if row is not None], axis=0)
        found: dict[str, float] = {}
        for label, score in zip(self._settings.labels, worst.tolist(), strict=True):
            if label:
                found[label] = max(score, found.get(label, 0.0))
        return Scores(max(found.values()), found, screened=False)

    def _row(self, frame: Pixels) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
        settings = self._settings
        mean, spread = (np.array(one, np.float32) for one in (settings.mean, settings.spread))
        scaled = (frame.astype(np.float32) / 255 - mean) / spread
        batch = np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])
        row = np.asarray(self._session.run(None, {self._name: batch})[0], np.float64).reshape(-1)
        if settings.scores == "softmax":
            row = np.exp(row - row.max())
            row /= row.sum()
        elif settings.scores == "sigmoid":
            row = 1 / (1 + np.exp(-row))
        return row if np.all((row >= 0) & (row <= 1)) else None


class RemoteClassifier:
    """A server that speaks OpenAI's moderation endpoint, with pictures as data URLs."""

    side = 0

    def __init__(self, settings: PictureClassifierConfig, upstream: Upstream) -> None:
        self._model = settings.model
        self._upstream = upstream

    async def look(self, data: bytes, seen: Seen, in_thread: InThread) -> Scores | None:
        url = f"data:image/{seen.format.lower()};base64,{base64.b64encode(data).decode()}"
        part = {"type": "image_url", "image_url": {"url": url}}
        body = msgspec.json.encode({"model": self._model, "input": [part]})
        kind = Moderation()
        try:
            reply = await self._upstream.send("POST", kind.path, _HEADERS, body)
            if reply.status != 200:
                reply.abort()
                return None
            answer = await reply.read_all(_ANSWER_BYTES_MAX)
        except Trouble:
            return None
        return kind.parse([answer], [Asked("", "reply")])[0]

    async def close(self) -> None:
        await self._upstream.close()


_HINT = "See [media.classifier] in docs/configuration.md."


def _session(file: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(
            file.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # noqa: BLE001 - the library's errors have no common class
        raise BadInput(f"{file}: it is no model that can be run: {error}.", hint=_HINT) from None
