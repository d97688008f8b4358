"""Doubt: of which scores one judge asks the next.

It refuses to know judges. It stands apart, so that who only configures need not load the guard.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Doubt:
    """When judges outside are asked: where the harm, as the judge before has it, lies in one of
    these bands (low and high, both included)."""

    bands: tuple[tuple[float, float], ...] = ((0.0, 1.0),)

    def holds(self, harm: float | None) -> bool:
        """Whether to ask; None: nobody has judged the text by its meaning yet."""
        return harm is None or any(low <= harm <= high for low, high in self.bands)
