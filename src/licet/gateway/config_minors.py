"""[minors]: whether and how minors' time is counted here. Without this table nothing is.

It refuses to know the law of minors: that is the pack's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from licet.gateway.config_read import Matching, StoreAt
from licet.gateway.config_values import EnvName, Name, WebUrl

SCHEMES = (
    "memory:", "sqlite:", "postgresql://", "postgres://", "redis://", "rediss://", "valkey://",
    "valkeys://",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RealNameConfig:
    """[minors.real_name]: the national real-name service. What a person is while it gives no
    answer has no default: `refuse` (they wait) or `as_minor`."""

    check_url: WebUrl
    query_url: WebUrl
    report_url: WebUrl
    app_id: Annotated[str, Matching(r"\S{1,64}", '"test-appId"')]
    biz_id: Annotated[str, Matching(r"\S{1,64}", '"1101999999"')]
    secret_env: EnvName
    outbox: Path
    key_file: Path
    on_outage: Literal["refuse", "as_minor"]


@dataclass(frozen=True, slots=True)
class MinorsConfig:
    """[minors]: `profile` is the one that the licence names. What a person is of whom nothing is
    known, and what happens while the store does not answer, has no default."""

    url: Annotated[str, StoreAt(SCHEMES)] = field(repr=False)
    profile: Name
    key_file: Path
    unknown: Literal["adult", "minor"]
    when_down: Literal["refuse", "pass"]
    real_name: RealNameConfig | None = None
