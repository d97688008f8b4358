"""Entries: canonical, small, and without a place for personal data."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from kit.house import ROOT
from kit.ledger import NOW
from licet.base.trouble import BadInput
from licet.ledger.entry import (
    Entry,
    Value,
    as_id,
    make_entry,
    parse_entry,
    render_entry,
)
from licet.ledger.entry_mould import EntryMould
from licet.ledger.entry_types import ENTRY_TYPES

IDS = st.from_regex(r"[A-Za-z0-9_.:/@+~-]{1,96}", fullmatch=True)
VALUES = st.one_of(
    IDS, st.integers(-(2**53) + 1, 2**53 - 1), st.booleans(), st.lists(IDS, max_size=4)
)


@st.composite
def lines(draw: st.DrawFn) -> Entry:
    kind = draw(st.sampled_from(sorted(ENTRY_TYPES)))
    fields = sorted(ENTRY_TYPES[kind].fields)
    pub = draw(st.dictionaries(st.sampled_from(fields), VALUES))
    sub = draw(st.one_of(st.none(), IDS))
    digest = draw(st.one_of(st.none(), st.just("ab" * 32)))
    seq = draw(st.one_of(st.none(), st.integers(0, 2**53 - 1)))
    return Entry(kind, "2026-11-24T02:19:57.123Z", pub, sub, digest, seq)


@given(lines())
def test_entries_are_rfc_8785_bytes_and_read_back(line: Entry) -> None:
    data = render_entry(line)
    assert data == rfc8785.dumps(json.loads(data))
    assert parse_entry(data) == line


def test_an_entry_reads_as_documented() -> None:
    data = make_entry(
        "exchange.halted",
        NOW,
        {"case": "LC-20261124-7F3K9Q2A", "rule": None, "reply_chars": 12, "stream": True},
        sub="7d-360~00ff",
        ct_sha256="0" * 64,
    )
    assert data == (
        b'{"ct_sha256":"' + b"0" * 64 + b'","pub":{"case":"LC-20261124-7F3K9Q2A",'
        b'"reply_chars":12,"stream":true},"sub":"7d-360~00ff",'
        b'"t":"2026-11-24T02:19:57.123Z","type":"exchange.halted","v":1}'
    )


@pytest.mark.parametrize(
    "pub",
    [
        {"model": "a person's name and street"},
        {"model": ""},
        {"model": "x" * 97},
        {"model": "名"},
        {"model": "two\nlines"},
        {"score_ppm": 0.5},
        {"reply_chars": 2**53},
        {"categories": [1]},
        {"categories": ["fine", "not fine"]},
        {"case": {"nested": "value"}},
        {"prompt": "unheard-of-field"},
    ],
)
def test_free_text_and_unknown_fields_have_no_place(pub: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        make_entry("exchange.halted", NOW, pub)  # type: ignore[arg-type]


def test_an_unknown_type_is_not_written_but_is_read() -> None:
    with pytest.raises(BadInput):
        make_entry("weather.changed", NOW, {})
    later = b'{"pub":{"sky":"blue"},"t":"2030-01-01T00:00:00.000Z","type":"weather.changed","v":2}'
    assert parse_entry(later).kind == "weather.changed"


@pytest.mark.parametrize("digest", ["ab", "zz" * 40, " " * 64])
def test_a_digest_is_a_digest(digest: str) -> None:
    with pytest.raises(BadInput):
        make_entry("exchange.halted", NOW, {}, ct_sha256=digest)


@given(st.text())
def test_any_text_becomes_an_identifier(text: str) -> None:
    make_entry("exchange.served", NOW, {"model": as_id(text)})


@given(st.binary(max_size=80))
def test_bytes_that_are_no_entry_are_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        parse_entry(data)


def test_every_type_and_field_is_documented() -> None:
    text = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
    for kind, known in ENTRY_TYPES.items():
        row = next((line for line in text.splitlines() if line.startswith(f"| `{kind}` |")), "")
        assert known.says in row, kind
        for name in known.fields:
            assert f"`{name}`" in row, (kind, name)


NAMES = st.text("abcdefghijklmnopqrstuvwxyz:%._-", min_size=1, max_size=20)


@given(
    st.dictionaries(st.sampled_from(("route", "model", "key")), NAMES.map(as_id)),
    st.booleans(),
    NAMES.map(as_id),
    st.integers(0, 2**53 - 1),
    st.datetimes(timezones=st.just(UTC)),
)
def test_a_mould_casts_what_would_have_been_made(
    constant: dict[str, Value], streamed: bool, number: str, total_ms: int, now: datetime
) -> None:
    constant = {**constant, "stream": streamed, "upstream": None}
    mould = EntryMould("exchange.served", constant, ("exchange",), ("total_ms",))
    given = {"exchange": number, "total_ms": total_ms}
    entry = make_entry("exchange.served", now, constant | given)
    assert mould.cast(now, [number, total_ms]) == entry
    assert mould.cast(now, [number, total_ms]) == entry, "a mould stays as it is"


@pytest.mark.parametrize(
    ("number", "total_ms"), [("free text", 1), ('a","x":"b', 1), ("", 1), ("ex", 2**53)]
)
def test_a_mould_lets_nothing_in_that_an_entry_refuses(number: str, total_ms: int) -> None:
    mould = EntryMould("exchange.served", {}, ("exchange",), ("total_ms",))
    with pytest.raises(BadInput):
        mould.cast(datetime(2026, 1, 1, tzinfo=UTC), [number, total_ms])


def test_a_mould_is_refused_for_what_no_entry_holds() -> None:
    with pytest.raises(BadInput):
        EntryMould("exchange.served", {"prompt": "x"}, ("exchange",), ())
    with pytest.raises(BadInput):
        EntryMould("exchange.served", {}, ("secret",), ())
    with pytest.raises(BadInput):
        EntryMould("exchange.served", {"exchange": "ex", "total_ms": 1}, ("exchange",), ())
