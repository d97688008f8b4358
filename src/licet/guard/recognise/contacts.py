"""Where a person can be reached: telephone, e-mail, an address on the net.

It refuses to know the words around them.

Telephone numbers are judged by the library phonenumbers (numbering plans of every country, from
Google's libphonenumber). It is imported at the first candidate: 7 MiB that a gateway whose traffic
holds no number never pays.
"""

from __future__ import annotations

import ipaddress
import re

_DIGIT_RUN = re.compile(r"\D+")
_CN_MOBILE = re.compile(r"(?:(?:\+|00)?86)?(1[3-9]\d{9})\Z")
# Told to many people on purpose, or to nobody (RFC 2142, RFC 2606).
_ROLES = re.compile(
    r"(?:abuse|admin|billing|biz|bounce|business|careers?|contact|customer-?service|data|desk|do-?not-?reply"
    r"|editor|e?mail|enquir(?:y|ies)|feedback|help|hello|hostmaster|hr|info|inquir(?:y|ies)|jobs"
    r"|john(?:[._-]?doe)?|johndoe|jane(?:[._-]?doe)?|kefu|legal|mailer-daemon|marketing|media|name|news(?:letter)?|no-?reply|office|orders"
    r"|postmaster|press|privacy|root|sales|security|services?|shop|spam|(?:un)?subscribe|support"
    r"|team|test|user(?:name)?|webmaster|you|your[._-]?(?:email|name))\Z"
)
_RESERVED = re.compile(
    r"(?:.*\.)?(?:example\.[a-z.]+|(?:e?mail|domain|test|company|your-?domain"
    r"|my-?domain|your-?company)\.com|(?:example|test|invalid|localhost|local))\Z"
)
_LOCAL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]*\Z")
_FILE_ENDS = frozenset(("png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "html", "json"))


def phone_cn(text: str) -> bool:
    """A mobile number of mainland China, with or without +86."""
    found = _CN_MOBILE.match(re.sub(r"[^\d+]", "", text))
    if found is None or len(set(found[1][3:])) < 2:
        return False
    return _is_valid(found[1], "CN")


def phone(text: str) -> bool:
    """A telephone number in international form (+ and country) that its country may assign, and
    that is no service for all callers (free of charge, premium, shared cost)."""
    written = text.strip()
    if not written.startswith(("+", "00")):
        return _is_valid(written, "US")
    return _is_valid("+" + _DIGIT_RUN.sub("", written).removeprefix("00"), None)


def _is_valid(number: str, region: str | None) -> bool:
    import phonenumbers  # here: 7 MiB, for candidates only

    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return False
    kinds = phonenumbers.PhoneNumberType
    return phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) not in (
        kinds.TOLL_FREE, kinds.PREMIUM_RATE, kinds.SHARED_COST, kinds.UAN,
    )  # fmt: skip


def email(text: str) -> bool:
    """An e-mail address that may be one person's: no office (info@…), no reserved domain."""
    before, _, domain = text.strip().lower().rpartition("@")
    found = _LOCAL.search(before)
    local = found[0] if found else ""  # what stands before it is a label
    if not local or ".." in text or local[0] in ".-" or local[-1] == ".":
        return False
    ending = domain.rpartition(".")[2]
    if not ending.isalpha() or not 2 <= len(ending) <= 24 or ending in _FILE_ENDS:
        return False
    if _RESERVED.match(domain):
        return False
    return _ROLES.match(local.partition("+")[0]) is None


def ip_address(text: str) -> bool:
    """An address of the public Internet, version 4 or 6: not private, reserved or in a manual."""
    try:
        return ipaddress.ip_address(text.strip().strip("[]")).is_global
    except ValueError:
        return False
