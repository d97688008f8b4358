"""Recognisers: named checks that tell a real identifier from digits that only look like one.

A pattern finds what has the form of an identifier; a check says whether it can be one. A rule
names its check: `validate = "cn-id"`.

It refuses to know rules, patterns, streams and what a finding leads to.

Rules
1. A check is given what a pattern matched, folded or raw, and answers yes or no; it reads nothing
   else, keeps nothing and raises nothing.
2. A check may say yes to what belongs to nobody (checksums are public); it must not say no to a
   well-formed identifier that may be somebody's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from licet.guard.recognise.contacts import email, ip_address, phone, phone_cn
from licet.guard.recognise.numbers import bank_card, cn_id, cn_passport, iban, us_ssn
from licet.guard.recognise.people import record
from licet.guard.recognise.places import address_cn, address_en, plate_cn
from licet.guard.recognise.secrets import private_key, token

Check = Callable[[str], bool]

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "address-cn": address_cn,
        "address-en": address_en,
        "bank-card": bank_card,
        "cn-id": cn_id,
        "cn-passport": cn_passport,
        "email": email,
        "iban": iban,
        "ip-address": ip_address,
        "phone": phone,
        "phone-cn": phone_cn,
        "plate-cn": plate_cn,
        "private-key": private_key,
        "record": record,
        "token": token,
        "us-ssn": us_ssn,
    }
)
"""Every check by the name that a rule gives it."""

__all__ = ["CHECKS", "Check"]
