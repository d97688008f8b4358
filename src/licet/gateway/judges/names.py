"""The names of the kinds of judges, for whoever only configures. It loads nothing."""

from __future__ import annotations

from typing import Literal

KindName = Literal[
    "moderation", "llama-guard-3", "llama-guard-4", "shieldgemma", "granite-guardian-3.0",
    "granite-guardian-3.3", "granite-guardian-4.1", "qwen3guard-gen", "gpt-oss-safeguard",
]  # fmt: skip
