"""A person by name beside a number of theirs: what turns a number into somebody's.

It refuses to know names: there is no list of them; a form's label (`姓名`) says what is one.
"""

from __future__ import annotations

import re

from licet.guard.recognise.contacts import phone_cn
from licet.guard.recognise.numbers import bank_card, cn_id

_NUMBER = re.compile(r"\d[\dXx -]{9,22}")


def record(text: str) -> bool:
    """Whether an identity number, a mobile number or a card's stands in what a pattern took for a
    name with a number."""
    for found in _NUMBER.finditer(text):
        number = found[0].strip(" -")
        if cn_id(number) or phone_cn(number) or bank_card(number):
            return True
    return False
