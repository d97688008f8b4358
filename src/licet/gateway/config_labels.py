"""[labels]: how answers in text say that they were generated. Without this table they do not.

It refuses to know what a mark says: the words are the pack's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class LabelsConfig:
    """[labels]: where the mark of a text stands. `interface`: every answer says so in a header,
    and whoever shows the text shows the mark."""

    text: Literal["interface", "start", "end"]
    language: Literal["zh", "en"] = "zh"
