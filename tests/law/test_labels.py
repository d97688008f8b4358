"""What the pack says of labels is what its sources say: fields, marks, sizes, copies."""

from __future__ import annotations

from typing import Any

import pytest

from kit.packs import GONE, PACK_ID, changed, shipped
from licet.base.trouble import BadInput, NotFound
from licet.rulebook import load_pack, parse_pack

PACK = load_pack(PACK_ID)
LABELS = PACK.labels


def test_the_metadata_have_the_seven_fields_of_annex_e_in_order() -> None:
    assert LABELS.metadata.key == "AIGC"
    assert LABELS.metadata.fields == (
        "Label", "ContentProducer", "ProduceID", "ReservedCode1",
        "ContentPropagator", "PropagateID", "ReservedCode2",
    )  # fmt: skip
    assert LABELS.metadata.required == {"Label", "ContentProducer", "ProduceID"}


def test_only_one_copy_of_a_label_may_stand_in_a_file() -> None:
    assert LABELS.metadata.copies_max == 1


@pytest.mark.parametrize("text", ["001191110000000000000000010001", 'a"b', "!#[]~"])
def test_values_may_hold_what_the_standard_allows(text: str) -> None:
    assert all(_allowed(character) for character in text)


@pytest.mark.parametrize("character", [" ", "\\", "\x7f", "\t", "生", "é", "\0"])
def test_values_may_hold_no_space_no_reverse_solidus_and_no_chinese(character: str) -> None:
    assert not _allowed(character)


def _allowed(character: str) -> bool:
    return any(low <= ord(character) <= high for low, high in LABELS.metadata.characters)


def test_a_label_says_is_may_be_or_is_suspected() -> None:
    assert {d.id: d.value for d in LABELS.degrees.values()} == {
        "generated": "1",
        "possible": "2",
        "suspected": "3",
    }


def test_only_who_generated_it_is_sure() -> None:
    assert "producer" in LABELS.degrees["generated"].by
    assert LABELS.degrees["possible"].by == LABELS.degrees["suspected"].by == {"propagator"}


@pytest.mark.parametrize("degree", ["generated", "possible", "suspected"])
def test_every_mark_and_notice_names_ai_and_generation(degree: str) -> None:
    for words in (LABELS.degrees[degree].mark, LABELS.degrees[degree].notice):
        assert "人工智能" in words["zh"] or "AI" in words["zh"] or "痕迹" in words["zh"]
        assert "生成" in words["zh"]
        assert "AI" in words["en"]
        assert "generated" in words["en"]


def test_a_platform_says_what_it_knows_and_no_more() -> None:
    assert LABELS.propagation == {
        "metadata": "generated",
        "declared": "possible",
        "traces": "suspected",
    }


@pytest.mark.parametrize("medium", ["image", "video"])
def test_letters_are_at_least_a_twentieth_of_the_shortest_side(medium: str) -> None:
    assert LABELS.media[medium].height_share_min == 0.05


def test_a_mark_in_a_video_stays_two_seconds() -> None:
    assert LABELS.media["video"].seconds_min == 2


def test_the_rhythm_of_a_sound_is_ai_in_morse() -> None:
    assert LABELS.media["audio"].rhythm == ".- .."
    assert 120 <= LABELS.media["audio"].speech_characters_per_minute <= 160


def test_a_copy_without_a_mark_needs_request_and_agreement_and_six_months_of_record() -> None:
    assert LABELS.unlabelled.needs == {"request", "agreement"}
    assert "recipient" in LABELS.unlabelled.records
    assert PACK.retention[LABELS.unlabelled.retention].days >= 184


def test_what_a_finding_cites_is_in_the_pack() -> None:
    for check in LABELS.checks.values():
        assert PACK.find(f"check.{check.id}") is check
        assert check.clause["zh"]
        assert check.clause["en"]


def test_a_regime_without_rules_for_labels_says_so() -> None:
    with pytest.raises(NotFound, match="has no rules for labels"):
        _ = load_pack("eu-ai-act").labels


def test_rules_for_labels_rest_on_the_retention_of_what_they_record() -> None:
    documents = {n: d for n, d in shipped().items() if n in {
        "pack.toml", "provisions.toml", "sources.toml", "labels.toml"}}  # fmt: skip
    with pytest.raises(BadInput, match=r"\.toml: is missing"):
        parse_pack(documents)


@pytest.mark.parametrize(
    ("path", "to", "said"),
    [
        (("check", "one_copy", "source"), GONE, "one_copy: names no source"),
        (("check", "one_copy", "source"), ["S999"], "source 'S999' does not exist"),
        (("degree", "generated", "status"), GONE, "generated: names no status"),
        (("degree", "generated", "mark", "en"), GONE, "en: is missing"),
        (("degree", "possible", "value", "value"), "1", "two have the same value"),
        (("unlabelled", "retention"), "nowhere", "keeps nothing"),
        (("unlabelled", "retention"), "halted_excerpt", "keeps nothing"),
        (("metadata", "copies"), 1, "unknown key"),
    ],
)
def test_a_pack_that_does_not_hold_together_is_refused(
    path: tuple[str, ...], to: Any, said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        parse_pack(changed("labels.toml", *path, to=to))
