"""What a standing means, in plain words, Chinese and English.

It refuses to know pages and terminals. The words are ours; no law prescribes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from licet.credentials.verify import Standing, State

Text = Mapping[str, str]

NAMES: Mapping[State, Text] = MappingProxyType(
    {
        "valid": {"zh": "有效", "en": "valid"},
        "suspended": {"zh": "已暂停", "en": "suspended"},
        "revoked": {"zh": "已撤销", "en": "revoked"},
        "expired": {"zh": "已到期", "en": "expired"},
        "not-yet-valid": {"zh": "尚未生效", "en": "not yet valid"},
        "unknown-stale": {
            "zh": "状态不明（状态清单已过时）",
            "en": "not known: the list is stale",
        },
    }
)
"""A standing's name, as it stands beside a filing number."""

MEANINGS: Mapping[State, Text] = MappingProxyType(
    {
        "valid": {
            "zh": "许可有效，服务可以向公众提供。",
            "en": "The licence is valid: the service may be offered to the public.",
        },
        "suspended": {
            "zh": "许可已被主管部门暂停，恢复之前不得向公众提供服务。",
            "en": "The authority has suspended the licence: until it is restored the service may "
            "not be offered to the public.",
        },
        "revoked": {
            "zh": "许可已被主管部门撤销，不再有效，也不能恢复。",
            "en": "The authority has revoked the licence: it is no longer valid and cannot be "
            "restored.",
        },
        "expired": {
            "zh": "许可已过有效期，续期之前不得向公众提供服务。",
            "en": "The licence has run out: until it is renewed the service may not be offered to "
            "the public.",
        },
        "not-yet-valid": {
            "zh": "许可尚未到生效时间。",
            "en": "The licence is not in force yet.",
        },
        "unknown-stale": {
            "zh": "手头没有该时刻的状态清单，无法判断许可是否有效；在确认之前，应视为无效。",
            "en": "No status list at hand speaks for this moment, so nobody can say whether the "
            "licence is valid: until that is known, treat it as not valid.",
        },
    }
)
"""What follows from a standing, for whoever reads it."""

DEMO: Text = MappingProxyType(
    {
        "zh": "这是演示许可，用于试用，不具有法律效力。",
        "en": "This is a demo licence, to try things out: it has no legal force.",
    }
)


def meaning_of(standing: Standing) -> Text:
    """What follows from this standing; a demo permits nothing, valid or not."""
    return DEMO if standing.licence.demo and standing.is_valid else MEANINGS[standing.state]
