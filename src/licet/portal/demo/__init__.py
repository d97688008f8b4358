"""A small believable world for `licet up`: bodies, people, cases in every state. All invented.

It refuses to touch a portal that holds anything.
"""

from __future__ import annotations

PROVIDER = "91110108MA0DEM0001"
"""The provider whose gateway runs beside the demonstration."""
