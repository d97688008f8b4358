"""Tickets to the pages of families: what opens, and what does not."""

from __future__ import annotations

import base64
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.base.trouble import BadInput
from licet.portal.families.ticket import LIFE_S, make_ticket, read_ticket

KEY = b"k" * 64
NOW = 1_773_000_000
NAME = "n" * 32


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@given(st.text(min_size=1, max_size=200), st.integers(1, LIFE_S))
def test_a_ticket_says_who_comes(user: str, life: int) -> None:
    user = user.encode("utf-8", "replace").decode()
    ticket = read_ticket(make_ticket(user, NAME, NOW + life, KEY), NOW, KEY)
    assert (ticket.user, ticket.ends_s) == (user, NOW + life)


def test_another_makers_json_web_token_opens_too() -> None:
    """As joserfc makes it, which is another's code."""
    from joserfc import jwt
    from joserfc.jwk import OctKey

    claims = {"sub": "user-1", "jti": NAME, "exp": NOW + 300, "iat": NOW}
    token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(KEY))
    assert read_ticket(token, NOW, KEY).user == "user-1"


def test_two_tickets_of_one_user_are_two() -> None:
    one, two = (read_ticket(make_ticket("u", n * 20, NOW + 9, KEY), NOW, KEY) for n in "ab")
    assert one.digest != two.digest


@pytest.mark.parametrize("life", [0, -1, LIFE_S + 1, 10**9])
def test_what_is_over_or_lasts_too_long_does_not_open(life: int) -> None:
    with pytest.raises(BadInput):
        read_ticket(make_ticket("user-1", NAME, NOW + life, KEY), NOW, KEY)


def test_no_other_algorithm_opens() -> None:
    claims = encoded({"sub": "user-1", "jti": NAME, "exp": NOW + 300})
    for header in ({"alg": "none"}, {"alg": "HS512"}, {}, [], "HS256"):
        for mac in ("", "AAAA"):
            with pytest.raises(BadInput):
                read_ticket(f"{encoded(header)}.{claims}.{mac}", NOW, KEY)


@given(
    st.text(max_size=200) | st.from_regex(re.compile(r"[\w-]*\.[\w-]*\.[\w-]*"), fullmatch=True)
)
def test_anything_else_is_refused_without_a_crash(text: str) -> None:
    with pytest.raises(BadInput):
        read_ticket(text, NOW, KEY)


@given(st.data())
def test_a_ticket_that_was_changed_does_not_open(data: st.DataObject) -> None:
    good = make_ticket("user-1", NAME, NOW + 300, KEY)
    at = data.draw(st.integers(0, len(good) - 2))  # the last character holds bits that say nothing
    other = data.draw(st.sampled_from("ABCxyz012-_."))
    changed = good[:at] + other + good[at + 1 :]
    if changed != good:
        with pytest.raises(BadInput):
            read_ticket(changed, NOW, KEY)
    with pytest.raises(BadInput):
        read_ticket(good, NOW, b"o" * 64)
