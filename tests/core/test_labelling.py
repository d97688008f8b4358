"""Labels by people: drawn by chance, two voices an item, a third where they differ."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.assess.labelling import (
    QUESTIONS,
    VOICES,
    Vote,
    draw,
    next_item,
    next_split,
    render_labels,
    split,
    standing,
    tally,
)
from licet.base.trouble import BadInput

PAIRS = "\n".join(
    json.dumps({"id": f"q{n}", "prompt": f"Question {n}?", "reply": f"Answer {n}."})
    for n in range(30)
).encode()
ANSWERS = st.fixed_dictionaries(
    {q: st.sampled_from([True, False, None]) for q in QUESTIONS["answers"]}
)


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    one, again, other = (draw(PAIRS, "sheet.jsonl", 10, seed) for seed in (7, 7, 8))
    assert one == again
    assert one.texts != other.texts
    assert (len({t.id for t in one.texts}), one.of, one.kind) == (10, 30, "answers")
    assert len(draw(PAIRS, "sheet.jsonl", 99, 7).texts) == 30


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "holds no lines"),
        (b"nonsense", "line 1"),
        (b'{"id": "a"}', "neither prompt nor text"),
        (b'{"id": "", "text": "x"}', "an id of its own"),
        (b'{"id": "a", "text": "x"}\n{"id": "a", "text": "y"}', "line 2: needs an id"),
        (b'{"id": "a", "text": "x"}\n{"id": "b", "prompt": "y"}', "mixes"),
        (b'{"id": "a", "text": "' + b"x" * 60_000 + b'"}', "too long"),
    ],
)
def test_a_file_that_cannot_be_labelled_is_refused_with_its_line(data: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        draw(data, "sheet.jsonl", 5, 1)


@given(st.data())
def test_two_label_each_item_and_a_third_decides_whatever_the_order(data: st.DataObject) -> None:
    items, people = data.draw(st.integers(1, 6)), ["a", "b", "c", "d"]
    votes: list[Vote] = []
    for _ in range(60):
        by = data.draw(st.sampled_from(people))
        final = data.draw(st.booleans())
        place = next_split(by, votes, "answers") if final else next_item(by, items, votes, "salt")
        if place is not None:
            votes.append(Vote(place, by, data.draw(ANSWERS), final))
    for item in range(items):
        said = [vote for vote in votes if vote.item == item]
        assert len({vote.by for vote in said}) == len(said)
        assert sum(not vote.final for vote in said) <= VOICES
        assert sum(vote.final for vote in said) <= 1
        two = [vote.answers for vote in said if not vote.final]
        decided = any(vote.final for vote in said)
        assert (item in split(votes, "answers")) == (
            len(two) == VOICES and two[0] != two[1] and not decided
        )
        assert not decided or two[0] != two[1]
    now = standing(items, votes, "answers", 0.95)
    assert now.settled + len(now.split) <= items
    assert all(tally(votes, "answers", q).of <= now.settled for q in QUESTIONS["answers"])
    lines = [
        json.loads(line)
        for line in render_labels(draw(PAIRS, "x", 30, 1).texts, votes, "answers").splitlines()
    ]
    assert len(lines) == len(votes)
    assert all(set(line) == {"id", "by", "refused", "acceptable"} for line in lines)


def test_everybody_goes_in_an_order_of_their_own_and_completes_pairs_first() -> None:
    orders = []
    for by in ("a", "b"):
        votes: list[Vote] = []
        while (place := next_item(by, 12, votes, "salt")) is not None:
            votes.append(Vote(place, by, {"refused": True, "acceptable": True}))
        orders.append([vote.item for vote in votes])
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(12))
    assert orders[0] != orders[1]
    begun = [Vote(5, "a", {"refused": True, "acceptable": None})]
    assert next_item("b", 12, begun, "salt") == 5


def test_agreement_is_of_those_who_could_tell() -> None:
    yes, no = ({"refused": said, "acceptable": None} for said in (True, False))
    votes = [Vote(n, by, yes if n < 6 else no) for n in range(12) for by in ("a", "b")]
    told = standing(12, votes, "answers", 0.95).agreement
    assert (told["refused"].kappa, told["refused"].items) == (1.0, 12)
    assert told["acceptable"].items == 0


def test_what_is_not_settled_and_what_nobody_can_tell_counts_for_nothing() -> None:
    def vote(item: int, by: str, lawful: bool | None, *, final: bool = False) -> Vote:
        return Vote(item, by, {"lawful": lawful}, final)

    votes = [
        vote(0, "a", True), vote(0, "b", True),
        vote(1, "a", True), vote(1, "b", False), vote(1, "c", False, final=True),
        vote(2, "a", None), vote(2, "b", None),
        vote(3, "a", True), vote(3, "b", False),
        vote(4, "a", True),
    ]  # fmt: skip
    found = tally(votes, "texts", "lawful")
    assert (found.hits, found.of) == (1, 2)
