"""The classifier: what holds for any weights."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kit.classifier import header, packed, tiny
from licet.base.piecemeal import at_once
from licet.base.trouble import BadInput
from licet.guard.classifier import Classifier, Role
from licet.guard.classifier.features import SLAB_CHARACTERS, features
from licet.guard.classifier.packing import MAGIC, pack, shapes
from licet.guard.classifier.screen import (
    BLOCK_BYTES,
    PIECE_BLOCKS,
    SCREEN_BITS,
    buckets,
    encoded,
    highest,
    highest_piecemeal,
    table_of,
)

ROLES: tuple[Role, ...] = ("prompt", "reply", "comment")
LAWFUL = "A quiet walk along the river in the morning. "
BAD = "zorgle"


@pytest.mark.parametrize("role", ROLES)
def test_what_the_weights_know_is_found(role: Role) -> None:
    scores = tiny().judge(f"Please {BAD} now", role)
    assert not scores.screened
    assert scores.harm > 0.9


@pytest.mark.parametrize("role", ROLES)
def test_lawful_text_costs_one_look(role: Role) -> None:
    scores = tiny().judge(LAWFUL * 20, role)
    assert scores.screened
    assert scores.harm == 0.01  # the share of harmful ones among such texts
    assert scores.span is None
    assert set(scores.categories.values()) == {0.0}


def test_a_thorough_look_leaves_out_the_screen() -> None:
    scores = tiny().judge(LAWFUL, "reply", thorough=True)
    assert not scores.screened
    assert scores.span == (0, len(LAWFUL))


@pytest.mark.parametrize("before", [0, 1, 7, 40, 400])
@pytest.mark.parametrize("after", [0, 3, 400])
def test_lawful_words_around_it_do_not_hide_harm(before: int, after: int) -> None:
    text = LAWFUL * before + f"{BAD} " + LAWFUL * after
    scores = tiny().judge(text, "reply")
    assert scores.harm > 0.9
    assert scores.span is not None
    start, end = scores.span
    assert BAD in text[start : end + len(BAD)]  # the last word may run on
    assert end - start <= 256


def test_harm_across_the_edge_of_two_slabs_is_found() -> None:
    for shift in range(-8, 9):
        text = "x " * ((SLAB_CHARACTERS + shift) // 2) + f" {BAD} " + LAWFUL * 50
        assert tiny().judge(text, "reply").harm > 0.9, shift


def test_repeating_makes_it_no_worse() -> None:
    once = tiny().judge(BAD, "comment", thorough=True).harm
    often = tiny().judge(f"{BAD} " * 30, "comment", thorough=True).harm
    assert often <= once


def test_only_prompts_can_be_injections() -> None:
    assert tiny().judge("now blimf", "prompt").categories["injection"] > 0.9
    for role in ("reply", "comment"):
        scores = tiny().judge("now blimf", role, thorough=True)
        assert scores.categories["injection"] == 0.0
        assert scores.harm < 0.5


@pytest.mark.parametrize(
    "disguise", ["ＺＯＲＧＬＥ", "Zor\u200bgle", "zòrglé", "ZORGLE", "zоrgle"]
)
def test_a_disguise_that_folds_away_changes_nothing(disguise: str) -> None:
    assert tiny().judge(disguise, "reply").harm == tiny().judge(BAD, "reply").harm


@given(st.text(), st.sampled_from(ROLES))
@example("", "prompt")
@example("\ud800", "reply")  # half of a surrogate pair, as JSON may hold it
@example("\U0010ffff" * 3, "comment")
@example("\u200b" * 300, "reply")
@example("爱" * 5000, "prompt")
@settings(max_examples=200, deadline=None)
def test_any_text_gets_lawful_scores(text: str, role: Role) -> None:
    scores = tiny().judge(text, role, thorough=True)
    assert 0.0 <= scores.harm <= 1.0
    assert tuple(scores.categories) == tiny().categories
    assert max(scores.categories.values()) == scores.harm
    assert min(scores.categories.values()) >= 0.0
    assert scores.span is not None
    start, end = scores.span
    assert 0 <= start <= end <= len(text)
    assert tiny().judge(text, role, thorough=True) == scores


@given(st.text(st.characters(codec="utf-8"), max_size=300))
@settings(max_examples=100, deadline=None)
def test_features_of_a_window_are_those_that_start_in_it(text: str) -> None:
    slab = features(text)
    columns = slab.grams.shape[1]
    middle = columns // 2
    parts = np.concatenate((slab.window(0, middle), slab.window(middle, columns)))
    whole = np.concatenate((slab.grams.ravel(), slab.words.ravel()))
    assert sorted(parts.tolist()) == sorted(whole.tolist())


def test_a_word_has_the_same_bucket_wherever_it_stands() -> None:
    alone = features("river").words[0, 0]
    for text in ("the river runs", "到river去", "a " * 2000 + "river"):
        assert alone in features(text).words[0]


def test_the_reader_reads_as_it_was_trained() -> None:
    """Recorded once: whoever changes these must rename READER and train again."""
    slab = features("ab 中")
    assert slab.grams[:, 1].tolist() == [219433, 155686, 79810, 79917]
    assert slab.words[:, 0].tolist() == [38064, 197887, 185516]
    assert buckets(encoded("ab 中"))[:3].tolist() == [19018, 99291, 21829]


def test_a_slab_is_bounded() -> None:
    with pytest.raises(ValueError, match="at most"):
        features("x" * (SLAB_CHARACTERS + 1))


@given(st.text(max_size=800))
@settings(max_examples=60, deadline=None)
def test_the_screen_takes_the_highest_window(text: str) -> None:
    weights = np.random.default_rng(3).integers(-128, 128, 1 << SCREEN_BITS).astype(np.int8)
    found = weights[buckets(encoded(text))].astype(np.int64)
    table = table_of(weights)
    if len(found) <= 128:
        assert highest(table, encoded(text)) == found.sum() / math.sqrt(len(found))
        return
    blocks = [int(found[i : i + 128].sum()) for i in range(0, len(found), 128)]
    pairs = [a + b for a, b in pairwise(blocks)]
    wanted = max(max(blocks) / math.sqrt(128), max(pairs) / math.sqrt(256))
    assert highest(table, encoded(text)) == wanted


def test_packed_weights_name_themselves() -> None:
    data = packed()
    one, two = Classifier.from_bytes(data), Classifier.from_bytes(data)
    assert one.digest == two.digest
    assert one.digest != Classifier.from_bytes(packed("another")).digest


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_weights_that_are_cut_or_longer_are_refused(data: st.DataObject) -> None:
    good = packed()
    cut = data.draw(st.integers(0, len(good) - 1))
    for bad in (good[:cut], good + b"x"):
        with pytest.raises(BadInput) as caught:
            Classifier.from_bytes(bad)
        assert caught.value.hint


def test_weights_of_another_version_are_refused() -> None:
    with pytest.raises(BadInput, match="not weights of this version"):
        Classifier.from_bytes(MAGIC[:-1] + b"2" + packed()[len(MAGIC) :])


def _with_header(old: bytes, new: bytes) -> bytes:
    """Packed weights whose header says something else."""
    data = packed()
    start = len(MAGIC) + 4
    length = int.from_bytes(data[len(MAGIC) : start], "little")
    head = data[start : start + length]
    assert old in head
    head = head.replace(old, new)
    return MAGIC + len(head).to_bytes(4, "little") + head + data[start + length :]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"grams4', b'"grams5'),  # made for other features
        (b'"violence"', b'"injection"'),  # a category twice
        (b'"name"', b'"names"'),  # a field that nobody knows
        (b'"window_characters":[64,', b'"window_characters":[0,'),
        (b'"window_characters":[64,', b'"window_characters":[1000000,'),
        (b'"window_characters":[64,256]', b'"window_characters":[]'),
        (b'"reply.han"', b'"letter.han"'),  # no calibration for replies in Han
        (b'"screened_harm":0.01', b'"screened_harm":1.5'),
        (b'"scale":0.1', b'"scale":-0.1'),
        (b'"test"', b'"test'),  # no JSON
    ],
)
def test_a_header_that_says_something_else_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(BadInput):
        Classifier.from_bytes(_with_header(old, new))


def test_a_header_of_endless_length_is_refused() -> None:
    with pytest.raises(BadInput, match="cut off"):
        Classifier.from_bytes(MAGIC + b"\xff\xff\xff\x7f" + b"{}")


def test_tables_of_another_size_are_refused_before_they_are_unpacked() -> None:
    head = header(("violence", "injection", "weapons"))
    wider = {name: np.zeros(shape, kind) for name, (kind, shape) in shapes(head).items()}
    data = pack(head, wider)
    cut = data.replace(b',"weapons"', b"")  # says two categories, holds three
    size = int.from_bytes(data[8:12], "little") - len(b',"weapons"')
    with pytest.raises(BadInput):
        Classifier.from_bytes(cut[:8] + size.to_bytes(4, "little") + cut[12:])


def test_a_table_that_does_not_fit_is_not_packed() -> None:
    head = header()
    tables = {name: np.zeros(shape, kind) for name, (kind, shape) in shapes(head).items()}
    with pytest.raises(BadInput, match="table harm"):
        pack(head, tables | {"harm": np.zeros(3, "<i2")})


def test_a_long_text_is_screened_in_pieces_as_in_one() -> None:
    rng = np.random.default_rng(7)
    table = table_of(rng.integers(-100, 100, 1 << SCREEN_BITS).astype(np.int8))
    piece = PIECE_BLOCKS * BLOCK_BYTES
    sizes = [0, 1, BLOCK_BYTES, piece - BLOCK_BYTES, piece, 2 * piece, 3 * piece - BLOCK_BYTES]
    for size in (max(0, size + beside) for size in sizes for beside in (-9, -1, 0, 1, 130)):
        data = encoded("".join(map(chr, rng.integers(32, 127, size))))
        assert at_once(highest_piecemeal(table, data)) == highest(table, data), size
