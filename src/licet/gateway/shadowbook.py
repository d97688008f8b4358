"""What the shadow found: counts, and a bounded file of differences without text.

It refuses to know processes and bundles.

Rules
1. No text is written: a difference holds a keyed digest of it, good to see that the same text came
   again, for as long as the process lives, and to nobody else.
2. The file of differences has at most DIFFERENCES_MAX lines; what comes after is counted alone.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from licet.base.trouble import BadInput

SUMMARY, DIFFERENCES = "summary.json", "differences.jsonl"
DIFFERENCES_MAX = 10_000
RULES_MAX = 200
_STRICTNESS = {"pass": 0, "flag": 1, "halt": 2}


@dataclass(slots=True)
class ShadowSummary:
    """One staged bundle beside the one that serves, in numbers.

    kinds: texts by `old→new` action, `same` not among them; rules: differences by rule that one
    bundle names and the other does not.
    """

    staged: str
    current: str
    since: str
    state: str = "starting"
    texts: int = 0
    same: int = 0
    dropped: int = 0
    failed: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    rules: dict[str, int] = field(default_factory=dict)

    def moved(self, direction: int) -> int:
        """Texts that the staged bundle treats more strictly (1) or more mildly (-1)."""
        return sum(
            count
            for kind, count in self.kinds.items()
            if direction * (_strictness(kind, 1) - _strictness(kind, 0)) > 0
        )


def _strictness(kind: str, side: int) -> int:
    return _STRICTNESS.get(kind.split("→")[side], 0)


class ShadowBook:
    """Keeps the summary and the differences of one staged bundle in a folder of its own."""

    def __init__(self, folder: Path, summary: ShadowSummary, key: bytes) -> None:
        self.summary = summary
        self._folder = folder
        self._key = key
        self._written = 0
        self._lines: list[bytes] = []

    def note(self, text: str, role: str, old: list[str], new: list[str], at: datetime) -> str:
        """Count a text that both have judged; returns the kind of difference, or `same`."""
        summary = self.summary
        summary.texts += 1
        if old == new:
            summary.same += 1
            return "same"
        kind = f"{old[0]}→{new[0]}"
        summary.kinds[kind] = summary.kinds.get(kind, 0) + 1
        for rule in set(old[1:]) ^ set(new[1:]):
            if rule in summary.rules or len(summary.rules) < RULES_MAX:
                summary.rules[rule] = summary.rules.get(rule, 0) + 1
        if self._written < DIFFERENCES_MAX:
            self._written += 1
            digest = hmac.new(self._key, text.encode("utf-8", "replace"), hashlib.sha256)
            line = {
                "hour": at.strftime("%Y-%m-%dT%H:00Z"), "digest": digest.hexdigest()[:32],
                "role": role, "old": old, "new": new,
            }  # fmt: skip
            self._lines.append(msgspec.json.encode(line) + b"\n")
        return kind

    def begin(self) -> None:
        """Forget what was found of another bundle. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._folder / DIFFERENCES).unlink(missing_ok=True)
        self.save()

    def save(self) -> None:
        """Write what is new. Raises OSError."""
        lines, self._lines = self._lines, []
        if lines:
            _append(self._folder / DIFFERENCES, b"".join(lines))
        draft = self._folder / f".{SUMMARY}"
        draft.write_bytes(msgspec.json.encode(self.summary))
        draft.replace(self._folder / SUMMARY)


def _append(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as file:
        file.write(data)


def read_summary(folder: Path) -> ShadowSummary | None:
    """What a gateway has found so far; None where no bundle was tried. Raises BadInput."""
    try:
        data = (folder / SUMMARY).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadInput(f"{folder} cannot be read: {error.strerror}.") from None
    try:
        return msgspec.json.decode(data, type=ShadowSummary)
    except (msgspec.DecodeError, ValueError):
        raise BadInput(
            f"{folder / SUMMARY} is not understood.", hint="Stage the bundle anew."
        ) from None


def read_differences(folder: Path, last: int) -> list[dict[str, Any]]:
    """The latest differences, the oldest of them first."""
    try:
        lines = (folder / DIFFERENCES).read_bytes().splitlines()
    except OSError:
        return []
    found = []
    for line in lines[-last:]:
        try:
            found.append(msgspec.json.decode(line))
        except msgspec.DecodeError:
            continue  # a line that was cut while it was written
    return found
