"""What `licet doctor` works with: the scene that it looks at, and what a look finds.

It refuses to know what is looked at.

Rules of every check
1. Looking changes nothing: no file, table or key is made.
2. Every wait ends: WAIT_S for each answer from outside.
3. Nothing secret is said: of URLs that may hold a password, only that they are configured.
4. A check may raise Trouble: that is what it found, and it is bad.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from licet.cli.home import Home
from licet.gateway.config import Config

State = Literal["ok", "warn", "bad"]
WAIT_S = 3.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do where that is not well."""

    state: State
    said: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """What the checks look at. `config` is None where there is none that can be read."""

    home: Home
    config: Config | None
    now: datetime
    environ: Mapping[str, str]
    encoding: str


Check = Callable[[Scene], Finding]
