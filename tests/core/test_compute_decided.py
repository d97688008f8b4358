"""A round is made again from what is kept of it, byte for byte; limits and hours count."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.compute import SHARING
from licet.base.trouble import BadInput
from licet.compute.decided import (
    Decided,
    Question,
    Running,
    Waiting,
    decide,
    decode,
    differs,
    encode,
    entry_of,
    reasons,
)
from licet.compute.model import Need, Pool, Speed, Standing
from licet.compute.policies import POLICIES
from licet.compute.wording import LANGS, say_reason

NOW = 1_000_000
POOLS = (
    Pool("a", "sup-a", "h20", 4, 4, 96, 1200, "north", origin="foreign", attested="doc-0"),
    Pool("b", "sup-b", "ascend910b", 4, 4, 64, 800, "south", origin="domestic", attested="doc-1"),
)
SPEED = Speed(1.0, "measured", "probe", NOW)


def need(name: str, account: str = "acme", gang: int = 1, **more: object) -> Need:
    speeds = dict.fromkeys(("h20", "ascend910b"), SPEED)
    return Need(name, account, 3600.0, "steps", speeds, gang=gang, **more)  # type: ignore[arg-type]


def ask(*waiting: Need, running: tuple[Running, ...] = (), **more: object) -> Question:
    base = Question(NOW, "promise", SHARING, (), {}, 0.0, POOLS, running,
                    tuple(Waiting(one, 7200) for one in waiting))  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]


@given(
    st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from([1, 2, 4])), max_size=6),
    st.sampled_from(sorted(POLICIES)),
    st.dictionaries(st.sampled_from("xyz"), st.floats(-1e6, 1e6)),
)
def test_a_round_is_made_again_from_its_bytes(
    jobs: list[tuple[str, int]], policy: str, owed: dict[str, float]
) -> None:
    needs = [need(f"n{n}", account, gang) for n, (account, gang) in enumerate(jobs)]
    question = ask(*needs, running=(Running(need("r", "x", 2), "a"),), policy=policy, owed=owed)
    kept = Decided(question, decide(question))
    body = encode(kept)
    again = decode(body)
    assert encode(Decided(again.question, decide(again.question))) == body
    assert differs(again) == ()
    held = {"a": 2, "b": 0}
    for one in needs:
        if one.id in kept.answer.placed:
            held[kept.answer.placed[one.id]] += one.gang
    assert max(held.values()) <= 4
    found, accounts = reasons(again)
    assert set(found) == {"r", *(one.id for one in needs)}
    for reason in found.values():
        assert all(say_reason(reason, ["a", "b"], accounts, lang) for lang in LANGS)


def test_what_was_not_decided_so_is_found_out() -> None:
    kept = Decided(question := ask(need("n")), decide(question))
    other = replace(kept.answer, placed={"n": "b" if kept.answer.placed["n"] == "a" else "a"})
    assert differs(replace(kept, answer=other)) == ("n",)
    assert differs(replace(kept, answer=replace(kept.answer, level=7.0))) == ("level",)
    with pytest.raises(BadInput):
        decode(b"{}")
    with pytest.raises(BadInput):
        decide(replace(question, policy="whim"))


def test_an_account_never_has_more_than_its_most() -> None:
    question = ask(need("n1", gang=2), need("n2"), need("n3", "beta"),
                   running=(Running(need("r"), "a"),),
                   standings=(Standing("acme", most=2),))  # fmt: skip
    kept = Decided(question, decide(question))
    assert set(kept.answer.placed) == {"n2", "n3"}
    found, _ = reasons(kept)
    assert found["n1"].why == "limit"


def test_what_may_not_be_interrupted_stays_within_hours() -> None:
    closing = (replace(POOLS[0], until_s=NOW + 3600), replace(POOLS[1], withdrawn=True))
    assert decide(ask(need("n"), pools=closing)).placed == {"n": "a"}
    assert decide(ask(need("n", interruptible=False), pools=closing)).placed == {}


def test_who_lent_before_begins_first() -> None:
    one = (replace(POOLS[0], count=1, node=1), replace(POOLS[1], count=0))
    both = (need("n1", "late"), need("n2", "early"))
    for lender in ("late", "early"):
        borrower = {"late": "early", "early": "late"}[lender]
        owed = {lender: 5e4, borrower: -5e4}
        placed = decide(ask(*both, pools=one, owed=owed, policy="max-min-work")).placed
        assert list(placed) == ["n1" if lender == "late" else "n2"]


def test_the_ledger_names_no_one() -> None:
    kept = Decided(question := ask(need("n"), premium=0.15), decide(question))
    fields = entry_of(7, encode(kept))
    assert (fields["round"], fields["waiting"], fields["premium_ppm"]) == (7, 1, 150_000)
    assert "acme" not in str(fields)
