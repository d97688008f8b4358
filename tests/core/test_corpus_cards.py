"""A card says where data come from, or is told everything that it lacks, in both languages."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.corpus import RULES, SOUND, card
from licet.base.trouble import BadInput
from licet.corpus.card import CARD_BYTES_MAX, card_faults, parse_card
from licet.corpus.words import CONFLICTS, FAULTS, RIGHTS


def test_the_example_that_ships_has_no_gap() -> None:
    data = (files("licet.corpus") / "card-example.toml").read_bytes()
    assert card_faults(parse_card(data), RULES) == ()


def test_a_sound_card_has_no_gap() -> None:
    assert card_faults(card(), RULES) == ()


EVIDENCE = "no_evidence"


def source(**fields: str) -> list[dict[str, str]]:
    return [{"name": "S"} | fields]


@pytest.mark.parametrize(
    ("change", "where", "code"),
    [
        ({"title": {"zh": " ", "en": "x"}}, "title", "both_languages"),
        ({"title": {"zh": "字" * 121, "en": "x"}}, "title", "too_long"),
        ({"licence": "Beerware"}, "licence", "unknown_licence"),
        ({"access": "secret"}, "access", "unknown_access"),
        ({"languages": []}, "languages", "empty"),
        ({"languages": ["中文"]}, "languages", "no_language"),
        ({"modalities": []}, "modalities", "unknown_modality"),
        ({"source": []}, "source", "no_source"),
        ({"source": source(type="found")}, "source 1.type", "unknown_source"),
        ({"source": source(type="open")}, "source 1.licence", "no_evidence"),
        ({"source": source(type="open", licence="??")}, "source 1.licence", "unknown_licence"),
        ({"source": source(type="collected", record="r")}, "source 1.opt_out", "no_evidence"),
        ({"source": source(type="commercial", contract="c")}, "source 1.commitment", EVIDENCE),
        ({"source": source(type="user_input")}, "source 1.authorisation", "no_evidence"),
        ({"source": source(type="made", record="r", url="x:y")}, "source 1.url", "no_url"),
        ({"personal_data": {"basis": "whim"}}, "personal_data.basis", "unknown_basis"),
        ({"personal_data": {"basis": "consent"}}, "personal_data.record", "no_record"),
        ({"ip_review": SOUND["ip_review"] | {"by": ""}}, "ip_review", "no_review"),
        ({"annotation": [{"id": "r", "version": ""}]}, "annotation 1", "no_rule"),
        ({"quality": {"annotated": 5}}, "annotation", "annotated_without_rules"),
        ({"quality": {"items": 1, "sampled": 2}}, "quality", "counts_disagree"),
        ({"quality": {"right": -1}}, "quality", "counts_disagree"),
        ({"made_from": [{"id": "x", "version": "0" * 40}]}, "made_from 1.id", "no_id"),
        ({"made_from": [{"id": "a/b", "version": "v1"}]}, "made_from 1.version", "no_version"),
    ],
)  # fmt: skip
def test_a_gap_is_told_where_it_is(change: dict[str, Any], where: str, code: str) -> None:
    assert (where, code) in [(f.where, f.code) for f in card_faults(card(**change), RULES)]


def test_all_gaps_are_told_at_once() -> None:
    bad = card(licence="?", access="?", source=[], ip_review=SOUND["ip_review"] | {"by": ""})
    assert len(card_faults(bad, RULES)) == 4


@pytest.mark.parametrize(
    "data",
    [b"", b"x = ", b"\xff", b'title = "x"', b"[[[[", b"x" * (CARD_BYTES_MAX + 1),
     b'colour = "red"', b"a = " + b"[" * 5000],
)  # fmt: skip
def test_what_is_no_card_is_refused_with_what_to_do(data: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        parse_card(data)
    assert refused.value.hint


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading_of_a_card(data: bytes) -> None:
    for name in ("card.toml", "card.json"):
        with pytest.raises(BadInput):
            parse_card(data, name)


def test_every_reason_is_there_in_both_languages() -> None:
    for words in (*FAULTS.values(), *CONFLICTS.values(), *RIGHTS.values()):
        assert set(words) == {"zh", "en"}
        assert all(words.values())
