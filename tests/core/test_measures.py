"""The list of measures that gateways pull: signed, bounded, and each measure with its own end."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.base.trouble import BadInput, Corrupt
from licet.credentials import jws
from licet.credentials.keys import KeySet, SigningKey, encode
from licet.credentials.measures import (
    GRAVITY,
    LISTED_MAX,
    TYPE,
    Measure,
    MeasureList,
    binding,
    by_person,
    read_measures,
    sign_measures,
)

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
KEY = SigningKey.from_seed(b"d" * 32)
KEYS = KeySet.of([KEY.public])
PAGE = "https://desk.example/measure/{number}"


def measure(subject: str = "184d-13~" + "0" * 32, **changes: Any) -> Measure:
    fields: dict[str, Any] = {
        "number": "LM-20261120-0123456789AB", "subject": subject, "step": "suspend",
        "name": {"zh": "暂停服务", "en": "Suspend"}, "effect": "stop", "rule": "base.fraud.en.1",
        "reason": "Three in a row.", "until": int((NOON + timedelta(hours=1)).timestamp()),
    } | changes  # fmt: skip
    return Measure(**fields)


MEASURES = st.builds(
    measure,
    subject=st.sampled_from(["a~1", "b~2", "c~3"]),
    effect=st.sampled_from(list(GRAVITY)),
    until=st.integers(0, 4_000_000_000),
    rule=st.text(max_size=40),
    reason=st.text(max_size=80),
    per_minute=st.none() | st.integers(1, 1000),
)


@given(st.lists(MEASURES, max_size=12))
def test_a_list_is_read_as_it_was_signed(measures: list[Measure]) -> None:
    token = sign_measures(MeasureList(NOON, PAGE, tuple(measures)), KEY)
    listed = read_measures(token + "\n", KEYS)
    assert (listed.issued, listed.page, listed.token) == (NOON, PAGE, token)
    assert sorted(map(repr, listed.measures)) == sorted(map(repr, measures))


@given(st.lists(MEASURES, max_size=12), st.integers(0, 4_000_000_000))
def test_the_gravest_that_has_not_ended_binds_and_nothing_after_its_end(
    measures: list[Measure], at: int
) -> None:
    now = datetime.fromtimestamp(at, UTC)
    persons = by_person(MeasureList(NOON, PAGE, tuple(measures)))
    for subject in ("a~1", "b~2", "c~3"):
        running = [one for one in measures if one.subject == subject and one.until > at]
        found = binding(persons.get(subject, ()), now)
        assert (found is None) == (not running)
        if found is not None:
            assert found in running
            assert GRAVITY[found.effect] == max(GRAVITY[one.effect] for one in running)


def test_of_too_many_the_gravest_are_listed() -> None:
    mild = tuple(measure(number=f"LM-{n:08}", effect="none") for n in range(LISTED_MAX))
    grave = measure(number="LM-20261120-ZZZZZZZZZZZZ")
    listed = read_measures(sign_measures(MeasureList(NOON, PAGE, (*mild, grave)), KEY), KEYS)
    assert len(listed.measures) == LISTED_MAX
    assert grave in listed.measures


def test_another_signature_and_another_type_of_token_are_no_list() -> None:
    token = sign_measures(MeasureList(NOON, PAGE, (measure(),)), KEY)
    with pytest.raises(Corrupt):
        read_measures(token, KeySet.of([SigningKey.from_seed(b"e" * 32).public]))
    head, body, signature = token.split(".")
    with pytest.raises((Corrupt, BadInput)):
        read_measures(f"{head}.{body[:-2]}AA.{signature}", KEYS)
    with pytest.raises(BadInput):
        read_measures(jws.sign({"iat": 1}, "statuslist+jwt", KEY), KEYS)


@pytest.mark.parametrize(
    "changes",
    [
        {"iat": "now"},
        {"iat": -1},
        {"page": "https://desk.example/measure"},
        {"page": "https://桌.example/{number}"},
        {"measures": None},
        {"measures": "####"},
        {"measures": encode(b"not compressed")},
        {"measures": encode(zlib.compress(b"[{}]"))},
        {"measures": encode(zlib.compress(b'{"a": 1}')[:-2])},
        {"measures": encode(zlib.compress(b" " * (65 << 20)))},
    ],
)
def test_what_is_no_list_is_refused(changes: dict[str, Any]) -> None:
    claims = {"iat": 1, "page": PAGE, "measures": encode(zlib.compress(b"[]"))}
    assert read_measures(jws.sign(claims, TYPE, KEY), KEYS).measures == ()
    with pytest.raises(BadInput):
        read_measures(jws.sign(claims | changes, TYPE, KEY), KEYS)
