"""[guard.encoder] and [[guard.judge]]: who is asked behind our classifier, and when.

It refuses to know how a judge is asked, and loads nothing that does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast

from licet.gateway.config_read import Between, Matching, TableReader, Unfit
from licet.gateway.config_values import EnvName, Limit, Name, Seconds, WebUrl
from licet.gateway.judges.names import KindName
from licet.guard.doubt import Doubt


@dataclass(frozen=True, slots=True)
class IsBand:
    """Two numbers from 0 to 1, the lower first."""

    def __call__(self, value: tuple[float, ...], folder: Path) -> tuple[float, ...]:
        if len(value) != 2 or not 0.0 <= value[0] <= value[1] <= 1.0:
            raise Unfit("is not a band of scores", "Write low and high: bands = [[0.2, 0.8]]")
        return value


Score = Annotated[float, Between(0.001, 1)]


@dataclass(frozen=True, slots=True)
class JudgeConfig:
    """[[guard.judge]]: a judge outside, asked in the order of the file.

    `bands`: it is asked where the harm, as the judge before it has it, lies in one of them.
    `threshold` (and `flag_threshold`, the same if not set) holds for all its categories in place
    of the pack's. Limits of 0 are none.
    """

    name: Name
    kind: KindName
    url: WebUrl
    model: Annotated[str, Matching(r"\S.*", '"llama-guard-3"')]
    key_env: EnvName | None = None
    timeout_ms: Annotated[int, Between(10, 60_000)] = 2_000
    bands: tuple[Annotated[tuple[float, ...], IsBand()], ...] = ((0.0, 1.0),)
    threshold: Score | None = None
    flag_threshold: Score | None = None
    calls_per_minute: Limit = 0
    tokens_per_minute: Limit = 0
    cache_size: Annotated[int, Between(0, 1_000_000)] = 4096
    cache_s: Seconds = 600.0
    batch_max: Annotated[int, Between(1, 256)] = 1
    batch_wait_ms: Annotated[int, Between(0, 1_000)] = 0
    ca_file: Path | None = None

    @property
    def doubt(self) -> Doubt:
        """When this judge is asked."""
        return Doubt(cast("tuple[tuple[float, float], ...]", self.bands))


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """[guard.encoder]: our own encoder, asked before any judge outside. Without the table it is
    not asked. `bands`: it is asked where the harm, as the classifier has it, lies in one of them.
    """

    bands: tuple[Annotated[tuple[float, ...], IsBand()], ...] = ((0.16, 1.0),)
    timeout_ms: Annotated[int, Between(10, 60_000)] = 2_000

    @property
    def doubt(self) -> Doubt:
        """When it is asked."""
        return Doubt(cast("tuple[tuple[float, float], ...]", self.bands))


def check_judges(judges: tuple[JudgeConfig, ...], reader: TableReader) -> None:
    """What can only be seen of all settings together. Raises BadInput."""
    seen: set[str] = set()
    for index, judge in enumerate(judges):
        place = ("guard", "judge", index)
        if judge.name in seen:
            reader.refuse((*place, "name"), "is used already", "Give each a name of its own.")
        seen.add(judge.name)
        if not judge.bands:
            reader.refuse((*place, "bands"), "is empty", "Write bands = [[0.0, 1.0]] for always.")
        if judge.batch_wait_ms >= judge.timeout_ms:
            reader.refuse(
                (*place, "batch_wait_ms"), "is not shorter than timeout_ms",
                "Nothing would be asked in time: make it a few milliseconds.",
            )  # fmt: skip
        if judge.flag_threshold is None:
            continue
        if judge.threshold is None or judge.flag_threshold > judge.threshold:
            reader.refuse(
                (*place, "flag_threshold"), "has no threshold at or above it",
                "Set threshold too, and flag_threshold no higher.",
            )  # fmt: skip
