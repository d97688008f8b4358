"""Identifiers that are numbers, told by their own arithmetic.

It refuses to know the words around a number: those are the rule's.
"""

from __future__ import annotations

import re
from datetime import date

_NOT_ALNUM = re.compile(r"[^0-9A-Za-z]+")
_SSN = re.compile(r"(?<!\d)\d{3}[ -]?\d{2}[ -]?\d{4}\Z", re.ASCII)
_CARD_LENGTHS = range(13, 20)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")  # GB/T 2260
_BORN_FIRST, _BORN_LAST = 1880, 2099
# Who issues, by first digits: (lowest, highest) of as many digits as they have.
_ISSUERS = (
    ("34", "34"), ("37", "37"), ("3528", "3589"), ("4", "4"), ("51", "55"), ("2221", "2720"),
    ("6011", "6011"), ("62", "62"), ("644", "649"), ("65", "65"), ("81", "81"), ("2200", "2204"),
    ("9", "9"), ("60", "60"), ("50", "50"), ("56", "58"), ("63", "63"), ("67", "69"),
)  # fmt: skip
_IBAN_LENGTHS = {
    "ad": 24, "ae": 23, "al": 28, "at": 20, "az": 28, "ba": 20, "be": 16, "bg": 22, "bh": 22,
    "bi": 27, "br": 29, "by": 28, "ch": 21, "cr": 22, "cy": 28, "cz": 24, "de": 22, "dj": 27,
    "dk": 18, "do": 28, "ee": 20, "eg": 29, "es": 24, "fi": 18, "fk": 18, "fo": 18, "fr": 27,
    "gb": 22, "ge": 22, "gi": 23, "gl": 18, "gr": 27, "gt": 28, "hn": 28, "hr": 21, "hu": 28,
    "ie": 22, "il": 23, "iq": 23, "is": 26, "it": 27, "jo": 30, "kw": 30, "kz": 20, "lb": 28,
    "lc": 32, "li": 21, "lt": 20, "lu": 20, "lv": 21, "ly": 25, "mc": 27, "md": 24, "me": 22,
    "mk": 19, "mn": 20, "mr": 27, "mt": 31, "mu": 30, "ni": 28, "nl": 18, "no": 15, "om": 23,
    "pk": 24, "pl": 28, "ps": 29, "pt": 25, "qa": 29, "ro": 24, "rs": 22, "ru": 33, "sa": 24,
    "sc": 31, "sd": 18, "se": 24, "si": 19, "sk": 24, "sm": 27, "so": 23, "st": 25, "sv": 28,
    "tl": 23, "tn": 24, "tr": 26, "ua": 29, "va": 22, "vg": 24, "xk": 20, "ye": 30,
}  # fmt: skip


def compact(text: str) -> str:
    """The ASCII letters and digits of a text, in upper case."""
    return _NOT_ALNUM.sub("", text).upper()


def luhn(digits: str) -> bool:
    """Whether a row of decimal digits ends in its own check digit (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        doubled = digit * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def bank_card(text: str) -> bool:
    """A payment card: 13 to 19 digits of a known issuer's range, with the right check digit."""
    digits = compact(text)
    if not digits.isdecimal() or len(digits) not in _CARD_LENGTHS or len(set(digits)) < 2:
        return False
    issued = any(low <= digits[: len(low)] <= high for low, high in _ISSUERS)
    return issued and luhn(digits)


def cn_id(text: str) -> bool:
    """A Chinese resident identity number (GB 11643): region, date of birth, check character."""
    number = compact(text)
    if len(number) != 18 or not number[:17].isdecimal() or not _PROVINCES.match(number):
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    if not _BORN_FIRST <= born.year <= _BORN_LAST:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, number, strict=False))
    return number[17] == _ID_CHECKS[total % 11]


_CN_PASSPORT = re.compile(r"(?:[GE]\d{8}|E[A-HJ-NP-Z]\d{7}|[DSP]E?\d{7,8})\Z")


def cn_passport(text: str) -> bool:
    """A Chinese passport's number by its form; it has no check character, so a rule needs words
    around it."""
    return _CN_PASSPORT.match(compact(text)) is not None


def iban(text: str) -> bool:
    """An international bank account number (ISO 13616): its country's length, modulo 97."""
    number = compact(text)
    if _IBAN_LENGTHS.get(number[:2].lower()) != len(number) or not number[2:4].isdecimal():
        return False
    turned = number[4:] + number[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


def us_ssn(text: str) -> bool:
    """A United States social security number of a form that is or was issued, alone or behind a
    label."""
    found = _SSN.search(text)
    if found is None:
        return False
    digits = compact(found[0])
    if len(set(digits)) == 1:
        return False
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    if digits in ("123456789", "987654321"):
        return False
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"
