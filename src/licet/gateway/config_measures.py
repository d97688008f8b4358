"""[measures]: where the measures in force against persons are read. Without this table none binds.

It refuses to know what a measure is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from licet.gateway.config_values import WebUrl


@dataclass(frozen=True, slots=True)
class MeasuresConfig:
    """[measures]: the provider's desk that lists them, whose signature counts, and the token that
    opens the list. `pseudonym_keys`: the folder of keys that all gateways of a provider share."""

    url: WebUrl
    desk_keys: Path
    token_file: Path
    pseudonym_keys: Path | None = None
    ca_file: Path | None = None
