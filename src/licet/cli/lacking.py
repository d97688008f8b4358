"""Which extra of this package brings a library that a command wanted and did not find.

It refuses to import any of them. A test holds the table to what `pyproject.toml` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

EXTRAS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ahocorasick_rs": ("corpus",),
        "c2pa": ("c2pa",),
        "cyclonedx": ("bom",),
        "fairlearn": ("fairness",),
        "isal": ("labels",),
        "obstore": ("s3",),
        "opentelemetry": ("otel",),
        "pikepdf": ("labels",),
        "PIL": ("labels",),
        "psycopg": ("postgres",),
        "pyarrow": ("corpus",),
        "ray": ("ray",),
        "redis": ("redis",),
        "rensa": ("corpus",),
        "scipy": ("assess", "compute", "corpus", "fairness"),
        "warcio": ("corpus",),
    }
)
"""The extras that bring a module. The first speaks where a command is of none of them."""


def extra_of(module: str, command: str) -> str | None:
    """The extra that brings a module, that of the command where it has one; None for a module
    that none brings: then something is wrong, and nothing merely absent."""
    extras = EXTRAS.get(module.partition(".")[0])
    if extras is None:
        return None
    return command if command in extras else extras[0]
