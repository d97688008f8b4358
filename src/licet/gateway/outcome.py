"""What an exchange asks of the world, and what it came to: values and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from licet.gateway.dialects.model import Notice, Usage
from licet.guard.stream import Late
from licet.guard.verdict import Finding

OutcomeKind = Literal["served", "refused", "halted", "failed", "abandoned"]
"""`served` to the end; the prompt was `refused`; the answer was `halted`; the upstream, a
judge or this gateway `failed`; the client `abandoned` it."""

OpenCase = Callable[[Finding, str], Notice]
"""Opens a case for a finding (and the part of the request that it is about) and words it."""


NO_USAGE = Usage()
BUG: Final = "internal_error"
"""The code of a fault of our own that nobody foresaw."""
STOPPING: Final = "gateway_stopping"
"""The code of an exchange that ended because this gateway did."""
UNJUDGED: Final = "judge_unavailable"
"""The code of one that waited in vain for a judge outside."""
UNLICENSED: Final = "licence_"
"""How the codes begin of those that ended because the service may not be offered any more."""


@dataclass(frozen=True, slots=True)
class Question:
    """To a judge outside. Answer with `judged(question, scores)`, None if it failed. `harm` is
    what our own judge says of the text, None without one."""

    number: int
    text: str
    role: Literal["prompt", "reply"]
    context: str = ""
    harm: float | None = None


class Outcome(msgspec.Struct, frozen=True):
    """How an exchange ended. `excerpt` holds what was stopped, for sealing; it is never logged."""

    kind: OutcomeKind
    notice: Notice | None = None
    finding: Finding | None = None
    flags: tuple[Finding, ...] = ()
    excerpt: str = ""
    usage: Usage = NO_USAGE
    code: str = ""
    """Of a failure: the stable code of its cause."""
    late: Late | None = None
    """Of a stream that was halted by a judged rule: what had left by then."""
