"""The kinds of judges, by the names that a configuration gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from licet.gateway.judges.gpt_oss_safeguard import GptOssSafeguard
from licet.gateway.judges.granite_guardian import GraniteGuardian
from licet.gateway.judges.llama_guard import LlamaGuard
from licet.gateway.judges.model import JudgeKind
from licet.gateway.judges.moderation import Moderation
from licet.gateway.judges.names import KindName
from licet.gateway.judges.qwen3guard import Qwen3GuardGen
from licet.gateway.judges.shield_gemma import ShieldGemma

Categories = Mapping[str, str]
"""Our categories with the sentence that says what each is."""

KINDS: Mapping[KindName, Callable[[Categories], JudgeKind]] = MappingProxyType(
    {
        "moderation": lambda _: Moderation(),
        "llama-guard-3": lambda _: LlamaGuard(),
        "llama-guard-4": lambda _: LlamaGuard(parts=True),
        "shieldgemma": lambda _: ShieldGemma(),
        "granite-guardian-3.0": lambda _: GraniteGuardian("3.0"),
        "granite-guardian-3.3": lambda _: GraniteGuardian("3.3"),
        "granite-guardian-4.1": lambda _: GraniteGuardian("4.1"),
        "qwen3guard-gen": lambda _: Qwen3GuardGen(),
        "gpt-oss-safeguard": GptOssSafeguard,
    }
)


def kind_of(name: KindName, categories: Categories) -> JudgeKind:
    """The kind of that name; `categories` are those that a judge by policy is to know."""
    return KINDS[name](categories)
