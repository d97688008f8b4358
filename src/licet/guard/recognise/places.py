"""Where a person lives, and the plate of the car: told by enough of their parts.

It refuses to know the words around them. Street and number alone are an address of a shop, an
office, a school, and are public; a home is told by what is behind them (building, unit, room) or
by a rule's words (`住址`, "lives at").
"""

from __future__ import annotations

import re

_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-hj-np-z]"
    r"(?:([a-hj-np-z0-9]{5})|([df][a-hj-np-z0-9]\d{4}|\d{5}[df]))\Z"
)
_PLATE_LETTERS_MAX = 2

_HAN_STREET = re.compile(r"路|街|巷|弄|大道|胡同|里(?=\d)|小区|花园|公寓|新村|家园|苑|村|屯")
_HAN_NUMBER = re.compile(r"\d+(?:-\d+)?(?:号|弄)")
_HAN_ROOM = re.compile(
    r"\d+(?:号楼|栋|幢|座|单元|室|户|号房|楼)|[a-z]座|\d{1,3}-\d{1,3}-\d{3,4}|[一二三四五六七八九十]+(?:单元|栋|幢)"
)
_HAN_PLACE = re.compile(r"省|市|自治区|区|县|镇|乡")

_EN_ROOM = re.compile(r"\b(?:apt|apartment|unit|flat|suite|ste|room|rm)\b\.?|#")
_EN_CODE = re.compile(r"\b[a-z]{2}\.?,? \d{5}(?:-\d{4})?\b|\b[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}\b")
_EN_NUMBER = re.compile(r"(?<![a-z0-9])\d{1,5}[a-z]? [a-z0-9]")


def plate_cn(text: str) -> bool:
    """A Chinese number plate (GA 36): province, authority, five places, or six with D or F."""
    plate = re.sub(r"[\s·•.\-]", "", text).lower()
    found = _PLATE.match(plate)
    if found is None:
        return False
    five = found[1]
    return five is None or sum(char.isalpha() for char in five) <= _PLATE_LETTERS_MAX


def address_cn(text: str) -> bool:
    """A Chinese address of a dwelling: at least three of place, street, house number, room, and
    the room among them."""
    text = text.lower()
    if not _HAN_ROOM.search(text):
        return False
    parts = (_HAN_PLACE, _HAN_STREET, _HAN_NUMBER)
    return sum(part.search(text) is not None for part in parts) >= 2


def address_en(text: str) -> bool:
    """An address in English form: a house number and street, with a room or a postal code; alone
    or behind a label."""
    text = text.lower()
    if _EN_NUMBER.search(text) is None:
        return False
    return _EN_ROOM.search(text) is not None or _EN_CODE.search(text) is not None
