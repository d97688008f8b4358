"""Late halts: how much of a stream has left when a judged rule stops it, in each tier.

It refuses to know how text is judged: it feeds streams as a model's server would, and looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

import numpy as np
from guard_rows import Stream

from licet.guard.guarding import Guard
from licet.guard.policy import Tier

CHUNK_CHARACTERS = 3
TIERS = cast(tuple[Tier, ...], get_args(Tier))


@dataclass(frozen=True, slots=True)
class Halted:
    """One stream that was halted by meaning. `unjudged`: characters that had left before any
    judgement covered them; `of_harm`: the share of its harmful text that had left."""

    unjudged: int
    of_harm: float


def streamed(guard: Guard, stream: Stream, tier: Tier) -> Halted | None:
    """What became of one stream; None where no judged rule halted it."""
    judged = guard.stream(tier=tier)
    left = 0
    for at in range(0, len(stream.text), CHUNK_CHARACTERS):
        left += len(judged.feed(stream.text[at : at + CHUNK_CHARACTERS]))
        if judged.halted is not None:
            break
    else:
        left += len(judged.end())
    if judged.late is None:
        return None
    harm = min(max(0, left - stream.start), stream.end - stream.start)
    return Halted(judged.late.characters, harm / (stream.end - stream.start))


def measured(guard: Guard, streams: Sequence[Stream]) -> list[dict[str, Any]]:
    """For each language and tier, what left before the halts, beside the pack's bound."""
    out = []
    for lang in ("en", "zh"):
        mine = [stream for stream in streams if stream.lang == lang]
        for tier in TIERS:
            found = [streamed(guard, stream, tier) for stream in mine]
            halted = [each for each in found if each is not None]
            unjudged = [each.unjudged for each in halted] or [0]
            out.append({
                "lang": lang, "tier": tier, "streams": len(mine),
                "halted": round(len(halted) / max(1, len(mine)), 4),
                "bound": guard.policy.judged.late_characters_max if tier == "token" else 0,
                "median": int(np.median(unjudged)), "p95": int(np.quantile(unjudged, 0.95)),
                "most": max(unjudged),
                "of_harm": round(float(np.mean([each.of_harm for each in halted] or [0.0])), 4),
            })  # fmt: skip
    return out
