"""[media]: whether and how pictures and sound are served. Without this table none are.

It refuses to know the law of labels: marks and fields are the pack's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from licet.gateway.config_judge import Score
from licet.gateway.config_read import Between, Matching, TableReader
from licet.gateway.config_values import EnvName, WebUrl


@dataclass(frozen=True, slots=True)
class PictureClassifierConfig:
    """[media.classifier]: a model that looks at pictures; our categories by its own names of them.

    `onnx`: a file that takes float32 [1, 3, side, side] and gives one row of scores, in the order
    of `labels`. `moderation`: whoever serves OpenAI's moderation endpoint for pictures.
    """

    kind: Literal["onnx", "moderation"]
    threshold: Score
    flag_threshold: Score | None = None
    timeout_ms: Annotated[int, Between(10, 120_000)] = 10_000
    file: Path | None = None
    labels: tuple[str, ...] = ()
    scores: Literal["softmax", "sigmoid", "given"] = "softmax"
    side: Annotated[int, Between(32, 1024)] = 224
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    spread: tuple[float, ...] = (0.229, 0.224, 0.225)
    url: WebUrl | None = None
    model: str = ""
    key_env: EnvName | None = None
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class MediaConfig:
    """[media]: `producer` is the code in every label. Whether pictures are served that no
    classifier has looked at has no default."""

    producer: Annotated[
        str, Matching(r"[!#-\[\]-~]{1,200}", '"001191110000000000000000010001" (your code)')
    ]
    without_classifier: Literal["refuse", "serve"]
    mark: Literal["zh", "en"] = "zh"
    corner: Literal["bottom-right", "bottom-left", "top-right", "top-left"] = "bottom-right"
    sound_place: Literal["start", "end"] = "start"
    c2pa: Path | None = None
    unlabelled: Literal["refuse", "on_request"] = "refuse"
    blocklists: tuple[Path, ...] = ()
    bits_max: Annotated[int, Between(0, 16)] = 4
    ocr: Literal["none", "tesseract"] = "none"
    ocr_languages: Annotated[str, Matching(r"[a-zA-Z_]+(\+[a-zA-Z_]+)*", '"chi_sim+eng"')] = (
        "chi_sim+eng"
    )
    fetch_from: tuple[WebUrl, ...] = ()
    workers: Annotated[int, Between(1, 64)] = 2
    at_once_max: Annotated[int, Between(1, 1024)] = 8
    pixels_max: Annotated[int, Between(65_536, 67_108_864)] = 16_777_216
    classifier: PictureClassifierConfig | None = None


def check_media(media: MediaConfig | None, reader: TableReader) -> None:
    """What can only be seen of all settings together. Raises BadInput."""
    if media is None or media.classifier is None:
        return
    place, one = ("media", "classifier"), media.classifier
    if one.flag_threshold is not None and one.flag_threshold > one.threshold:
        reader.refuse((*place, "flag_threshold"), "is above threshold", "Set it no higher.")
    if one.kind == "moderation":
        if one.url is None or not one.model:
            hint = 'Write url = "https://…/v1" and model = "…".'
            reader.refuse((*place, "url"), "and `model` are what it asks for", hint)
        return
    if one.file is None:
        reader.refuse((*place, "file"), "is required for onnx", 'Write file = "pictures.onnx".')
    if not any(one.labels):
        hint = 'By output, "" for what is harmless: labels = ["", "sexual"].'
        reader.refuse((*place, "labels"), "names no category", hint)
    if len(one.mean) != 3 or len(one.spread) != 3 or 0.0 in one.spread:
        hint = "Write three numbers each, for red, green and blue; no spread of 0."
        reader.refuse((*place, "mean"), "and `spread` do not fit", hint)
