"""The proof of a correction: frozen items, pairs, bounds, verdicts; and what a fix may not see."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.assess.correction.items import (
    Item,
    Set,
    digest,
    items_as_lines,
    leaked,
    read_items,
    split,
)
from licet.assess.correction.preferences import as_trl_lines, read_pairs
from licet.assess.correction.proof import Proof, proof_as_json, prove
from licet.base.canonical import canonical_json
from licet.base.trouble import BadInput
from licet.rulebook import load_pack

PACK = load_pack("cn-genai-2023")
RULES = PACK.supervision.proof
assert RULES


def bank(held: int = 30, regression: int = 200, benign: int = 400) -> list[Item]:
    counts: dict[Set, int] = {"held_out": held, "regression": regression, "benign": benign}
    return [
        Item(f"{name}-{number}", name, f"{name} text number {number}")
        for name, many in counts.items()
        for number in range(many)
    ]


def stops(*prefixes: str) -> Callable[[Item], bool]:
    """A bundle that stops items whose id begins so; ids with their number end in a dash."""
    return lambda item: f"{item.id}-".startswith(prefixes)


def proof(items: list[Item], old: Callable[[Item], bool], new: Callable[[Item], bool]) -> Proof:
    assert RULES
    return prove(items, old, new, RULES, before="a" * 64, after="b" * 64, pack="p@1")


OLD = stops("regression-")
FIXED = stops("regression-", "held_out-")


def test_a_fix_that_breaks_nothing_is_better() -> None:
    found = proof(bank(), OLD, FIXED)
    assert (found.verdict, found.reasons) == ("better", ())
    assert found.pairs["held_out"].fixed == 30
    assert found.p < 1e-8
    assert found.lost["regression"].high < 0.02
    assert found.lost["benign"].high < 0.01
    assert len(found.changed["held_out"][0]) == 30


@pytest.mark.parametrize(
    ("also", "set_"), [(5, "regression"), (5, "benign")], ids=["missed-now", "over-blocked"]
)
def test_what_breaks_more_than_the_pack_allows_regresses(also: int, set_: str) -> None:
    lost = tuple(f"{set_}-{number}-" for number in range(also))
    if set_ == "benign":
        found = proof(bank(), OLD, stops("regression-", "held_out-", *lost))
    else:
        keeps = lambda item: FIXED(item) and not f"{item.id}-".startswith(lost)  # noqa: E731
        found = proof(bank(), OLD, keeps)
    assert (found.verdict, found.reasons) == ("regresses", (f"{set_}.regresses",))
    assert len(found.changed[set_][1]) == also  # type: ignore[index]


def test_one_loss_that_bounds_cannot_exclude_is_not_enough_data() -> None:
    found = proof(bank(), OLD, stops("regression-", "held_out-", "benign-7-"))
    assert (found.verdict, found.reasons) == ("not_enough_data", ("benign.unsure",))
    more = proof(bank(benign=600), OLD, stops("regression-", "held_out-", "benign-7-"))
    assert more.verdict == "better"


@pytest.mark.parametrize(
    ("counts", "reasons"),
    [
        ((19, 200, 400), ("held_out.too_few",)),
        ((30, 149, 400), ("regression.too_few",)),
        ((30, 200, 299), ("benign.too_few",)),
        (
            (30, 0, 0),
            ("regression.too_few", "benign.too_few", "regression.unsure", "benign.unsure"),
        ),
    ],
)
def test_fewer_items_than_the_pack_asks_for_are_not_enough(
    counts: tuple[int, int, int], reasons: tuple[str, ...]
) -> None:
    found = proof(bank(*counts), OLD, FIXED)
    assert (found.verdict, found.reasons) == ("not_enough_data", reasons)


def test_what_was_caught_before_cannot_show_a_fix() -> None:
    caught = stops("regression-", *(f"held_out-{n}-" for n in range(25)))
    found = proof(bank(), caught, FIXED)
    assert (found.verdict, found.reasons) == ("not_enough_data", ("held_out.caught_before",))


def test_a_fix_that_does_not_show_is_not_better() -> None:
    assert proof(bank(), OLD, OLD).verdict == "not_better"
    some = stops("regression-", *(f"held_out-{n}-" for n in range(5)))
    assert proof(bank(), OLD, some).reasons == ("held_out.not_shown",)


@given(
    fixed=st.integers(0, 60), held=st.integers(0, 60), missed=st.integers(0, 20),
    over=st.integers(0, 20), sizes=st.tuples(st.integers(0, 400), st.integers(0, 800)),
)  # fmt: skip
def test_only_what_bounds_bear_is_better(
    fixed: int, held: int, missed: int, over: int, sizes: tuple[int, int]
) -> None:
    """The rule once more, from the numbers alone."""
    assert RULES
    regression, benign = sizes
    fixed, missed, over = min(fixed, held), min(missed, regression), min(over, benign)
    caught = {f"held_out-{n}" for n in range(fixed)} | {f"benign-{n}" for n in range(over)}
    caught |= {f"regression-{n}" for n in range(missed, regression)}
    found = proof(bank(held, regression, benign), OLD, lambda item: item.id in caught)
    if found.verdict == "better":
        assert fixed >= 6
        assert found.p <= RULES.alpha
        assert min(held - 19, regression - 149, benign - 299) > 0
        # the exact bound: so few losses come with a chance of at most 5 % from the forbidden share
        assert (1 - RULES.regressions_share_max) ** regression <= 0.05 or missed
        assert found.lost["regression"].high <= RULES.regressions_share_max
        assert found.lost["benign"].high <= RULES.over_block_share_max
    if found.verdict == "regresses":
        assert missed > 0.02 * regression or over > 0.01 * benign


def test_a_report_is_the_same_whoever_runs_it() -> None:
    items = bank()
    one, other = proof(items, OLD, FIXED), proof(items[::-1], OLD, FIXED)
    assert canonical_json(proof_as_json(one)) == canonical_json(proof_as_json(other))
    assert one.sha256 == other.sha256
    changed = [replace(items[0], text="another"), *items[1:]]
    assert proof(changed, OLD, FIXED).sha256 != one.sha256


# --- items ---


def test_items_are_read_as_they_are_written() -> None:
    items = tuple(bank(3, 2, 1))
    assert read_items(items_as_lines(items), "bank.jsonl") == items
    assert digest(items) == digest(items[::-1])


@pytest.mark.parametrize(
    "line",
    [
        "poem",
        '{"id": "a"}',
        '{"id": "", "text": "x"}',
        '{"id": "a", "text": " "}',
        '{"id": "a", "text": "x", "set": "other"}',
        '{"id": "a", "text": "x", "mood": "y"}',
        '{"id": "b", "text": "twice"}',
    ],
)
def test_a_line_that_is_no_item_is_refused_with_its_number(line: str) -> None:
    data = f'{{"id": "b", "text": "x"}}\n\n{line}\n'.encode()
    with pytest.raises(BadInput, match=r"bank.jsonl, line 3"):
        read_items(data, "bank.jsonl")


def test_a_split_keeps_clusters_together_and_can_be_drawn_again() -> None:
    items = [replace(one, cluster=f"c{n % 20}") for n, one in enumerate(bank(200, 0, 0))]
    salt = bytes(16)
    drawn = split(items, salt, 0.5)
    assert drawn == split(items, salt, 0.5)
    assert {i.cluster for i in drawn.fix}.isdisjoint({i.cluster for i in drawn.held_out})
    assert len(drawn.fix) + len(drawn.held_out) == 200
    assert drawn != split(items, b"x" * 16, 0.5)
    with pytest.raises(BadInput, match="cannot be divided"):
        split(items[:1], salt, 0.5)


def test_what_made_the_fix_cannot_prove_it() -> None:
    used = [Item("u1", "held_out", "Send the parcel to the old mill by the river tonight")]
    same = Item("h1", "held_out", "SEND the  parcel to the old mill by the river tonight")
    near = Item("h2", "held_out", "Send the parcel to the old mill by the river tonight!!")
    other = Item("h3", "held_out", "Bring bread and olives to the picnic on the hill")
    assert [pair[0] for pair in leaked([same, near, other], used)] == ["h1", "h2"]
    assert leaked([other], used) == ()


# --- preferences ---


def test_pairs_have_the_form_that_trl_reads() -> None:
    reasons = {name: category.reason for name, category in PACK.categories.items()}
    lines = [
        {"prompt": "How?", "rejected": "Like this.", "category": "illegal_activity"},
        {"prompt": "怎么做？", "rejected": "这样做。", "category": "illegal_activity"},
        {"prompt": "Why?", "rejected": "Because.", "chosen": "Ask a doctor.", "case": "LC-1"},
    ]
    data = "\n".join(json.dumps(line) for line in lines).encode()
    written = as_trl_lines(read_pairs(data, "opened.jsonl", reasons)).decode().splitlines()
    rows = [json.loads(line) for line in written]
    assert all(set(row) == {"prompt", "chosen", "rejected"} for row in rows)
    for row in rows:
        assert [message["role"] for message in row["prompt"]] == ["user"]
        assert [message["role"] for message in row["chosen"]] == ["assistant"]
    assert rows[0]["chosen"][0]["content"] == reasons["illegal_activity"]["en"]
    assert rows[1]["chosen"][0]["content"] == reasons["illegal_activity"]["zh"]
    assert "LC-1" not in written[2]


@pytest.mark.parametrize(
    "line",
    [
        '{"prompt": "", "rejected": "x", "chosen": "y"}',
        '{"prompt": "a", "rejected": "x", "category": "poem"}',
        '{"prompt": "a", "rejected": "x", "chosen": "x"}',
        '{"prompt": "a", "chosen": "x"}',
        '{"prompt": "a", "rejected": "x", "chosen": "y", "user": "z"}',
    ],
)
def test_a_line_that_is_no_pair_is_refused(line: str) -> None:
    with pytest.raises(BadInput, match="line 1"):
        read_pairs(line.encode(), "opened.jsonl", {})
