"""Before queueing: feasible or not, when, for how much, and why; and what a need may not say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.compute import SHARING
from licet.base.trouble import BadInput
from licet.compute.answer import Declined, Offer, Work, answer
from licet.compute.lending import weigher
from licet.compute.model import Need, Pool, Speed, unfit
from licet.compute.policies import POLICIES
from licet.compute.project import project
from licet.compute.wording import BASIS, DECLINED, LANGS, UNFIT, WHY, say_reason

NOW = 1_000_000
POOLS = (
    Pool("a", "sup-a", "h20", 8, 8, 96, 1200, "north"),
    Pool("b", "sup-b", "ascend910b", 8, 8, 64, 800, "south", origin="domestic", attested="doc-1"),
)
MEASURED = Speed(1.0, "measured", "probe 7", NOW)
ASSUMED = Speed(0.5, "assumed", "from data sheets", NOW)
NEED = Need("n1", "acme", 3600.0, "steps", {"h20": MEASURED, "ascend910b": ASSUMED})
PROMISE, MAX_MIN = POLICIES["promise"](SHARING), POLICIES["max-min-work"](SHARING)


def ask(need: Need, *others: Need, pools: tuple[Pool, ...] = POOLS) -> Offer | Declined:
    return answer(need, [Work(one, one.work) for one in others], pools, PROMISE, NOW)


def test_alone_it_gets_the_fastest_and_pays_for_that() -> None:
    offer = ask(NEED)
    assert isinstance(offer, Offer)
    assert (offer.start_s, offer.end_s, offer.alone_s) == (NOW, NOW + 3600, 3600)
    assert [(one.pool, one.accelerator_s, one.price) for one in offer.lines] == [("a", 3600, 1200)]
    assert (offer.price, offer.basis, offer.reason.why) == (1200, "measured", "all")


def test_an_offer_on_assumed_speeds_says_so() -> None:
    offer = ask(replace(NEED, domestic_only=True))
    assert isinstance(offer, Offer)
    assert (offer.basis, offer.end_s) == ("assumed", NOW + 7200)


def test_an_offer_counts_with_the_premium_of_domestic_work_as_a_round_does() -> None:
    need = replace(NEED, speeds={"h20": MEASURED, "ascend910b": replace(MEASURED, value=0.95)})
    where = [
        answer(need, [], POOLS, PROMISE, NOW, premium=more).lines[0].pool  # type: ignore[union-attr]
        for more in (0.0, 0.15)
    ]
    assert where == ["a", "b"]


def test_a_deadline_nobody_could_meet_is_declined_with_the_soonest_end() -> None:
    declined = ask(replace(NEED, due_s=NOW + 1800))
    assert isinstance(declined, Declined)
    assert declined.why == ("alone_too_late",)
    assert declined.soonest_s == NOW + 3600


def test_a_budget_too_small_is_declined_with_the_price() -> None:
    declined = ask(replace(NEED, budget=1199))
    assert isinstance(declined, Declined)
    assert (declined.why, declined.price) == (("over_budget",), 1200)


def test_nobody_who_was_accepted_is_made_late() -> None:
    whole = replace(NEED, id="big", gang=8, speeds={"h20": MEASURED}, due_s=NOW + 3700)
    assert isinstance(ask(whole), Offer)
    second = replace(whole, id="late", account="other", due_s=NOW + 3800)
    declined = ask(second, whole)
    assert isinstance(declined, Declined)
    assert {"too_late", "delays_others"} & set(declined.why)
    later = ask(replace(second, due_s=NOW + 3 * 3600), whole)
    assert isinstance(later, Offer), later


def test_who_lent_before_is_offered_an_earlier_end() -> None:
    one = (replace(POOLS[0], count=1, node=1),)
    mine, other = replace(NEED, speeds={"h20": MEASURED}), replace(NEED, id="w", account="beta")
    ends = []
    for owed in (-2e5, 0.0, 2e5):
        weigh = weigher((), {"acme": owed, "beta": -owed}, SHARING)
        offer = answer(mine, [Work(other, other.work)], one, MAX_MIN, NOW, weigh)
        assert isinstance(offer, Offer)
        ends.append(offer.end_s)
    assert ends[0] >= ends[1] > ends[2]


def test_where_no_pool_will_do_each_says_why() -> None:
    declined = ask(replace(NEED, memory_gib=80, regions=frozenset({"south"})))
    assert isinstance(declined, Declined)
    assert declined.why == ("no_pool",)
    assert declined.unfit == {"a": ("region",), "b": ("memory",)}


def test_a_pool_that_opens_later_is_waited_for() -> None:
    opening = replace(POOLS[0], from_s=NOW + 600)
    offer = ask(replace(NEED, speeds={"h20": MEASURED}), pools=(opening,))
    assert isinstance(offer, Offer)
    assert (offer.start_s, offer.end_s) == (NOW + 600, NOW + 4200)


def test_what_cannot_begin_in_its_window_is_declined() -> None:
    opening = replace(POOLS[0], from_s=NOW + 600)
    need = replace(NEED, speeds={"h20": MEASURED}, begin_by_s=NOW + 599)
    declined = ask(need, pools=(opening,))
    assert isinstance(declined, Declined)
    assert declined.why == ("begins_late",)
    assert isinstance(ask(replace(need, begin_by_s=NOW + 600), pools=(opening,)), Offer)


def test_what_may_not_be_interrupted_is_offered_hours_that_hold_it() -> None:
    closing = replace(POOLS[0], until_s=NOW + 3599)
    need = replace(NEED, interruptible=False)
    offer = ask(need, pools=(closing, POOLS[1]))
    assert isinstance(offer, Offer)
    assert [one.pool for one in offer.lines] == ["b"]
    declined = ask(need, pools=(closing,))
    assert isinstance(declined, Declined)
    assert declined.unfit == {"a": ("hours",)}


def test_work_that_a_closing_pool_cannot_finish_has_no_end() -> None:
    closing = replace(POOLS[0], until_s=NOW + 600)
    declined = ask(replace(NEED, speeds={"h20": MEASURED}), pools=(closing,))
    assert isinstance(declined, Declined)
    assert declined.soonest_s is None


@pytest.mark.parametrize(("changed", "why"), [
    ({"kind": "mlu590"}, "kind"), ({"memory_gib": 1}, "memory"), ({"region": "west"}, "region"),
    ({"count": 4, "node": 4}, "gang"), ({"until_s": NOW}, "closed"),
    ({"from_s": NOW + 9000}, "late"), ({"withdrawn": True}, "withdrawn"),
    ({"until_s": NOW + 3000}, "hours"), ({"interconnect": "eth"}, "interconnect"),
    ({"origin": "unknown"}, "origin"),
])  # fmt: skip
def test_each_reason_against_a_pool(changed: dict[str, object], why: str) -> None:
    pool = replace(POOLS[1], interconnect="hccs")
    need = replace(
        NEED, gang=8, memory_gib=64, regions=frozenset({"south"}), domestic_only=True,
        interconnects=frozenset({"hccs"}), due_s=NOW + 8000, interruptible=False,
    )  # fmt: skip
    assert unfit(need, pool, NOW) == ()
    assert why in unfit(need, replace(pool, **changed), NOW)  # type: ignore[arg-type]
    assert set(UNFIT[why]) == set(LANGS)


@given(
    st.lists(st.tuples(st.floats(60.0, 1e5), st.sampled_from([1, 2, 8])), min_size=1, max_size=5),
    st.sampled_from(sorted(POLICIES)),
)
def test_a_projection_does_all_the_work_there_is(
    needs: list[tuple[float, int]], name: str
) -> None:
    left = {
        f"n{n}": (replace(NEED, id=f"n{n}", account=f"a{n}", work=work, gang=gang), work)
        for n, (work, gang) in enumerate(needs)
    }
    course = project(left, POOLS, POLICIES[name](SHARING), NOW)
    for i, (need, work) in left.items():
        one = course[i]
        assert one.end_s is not None
        done = one.used_s.get("a", 0.0) * 1.0 + one.used_s.get("b", 0.0) * 0.5
        assert done == pytest.approx(work, rel=1e-6)
        assert one.end_s - NOW >= work / 1.0 * (1 - 1e-9)
        assert need.gang <= 8


@pytest.mark.parametrize("bad", [
    {"work": 0.0}, {"work": float("inf")}, {"speeds": {}}, {"gang": 0}, {"due_s": 0, "start_s": 5},
])  # fmt: skip
def test_a_need_of_nonsense_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        replace(NEED, **bad)  # type: ignore[arg-type]


def test_a_speed_without_a_source_and_an_origin_without_a_paper_are_refused() -> None:
    with pytest.raises(BadInput):
        Speed(1.0, "measured", "", NOW)
    with pytest.raises(BadInput):
        Speed(0.0, "assumed", "x", NOW)
    with pytest.raises(BadInput):
        replace(POOLS[0], origin="domestic")


def test_reasons_are_said_in_both_languages() -> None:
    whole = replace(NEED, gang=8, speeds={"h20": MEASURED})
    offer = ask(whole, replace(whole, id="other", account="beta"))
    assert isinstance(offer, Offer)
    zh, en = (say_reason(offer.reason, ["a", "b"], {0: "beta", 1: "acme"}, lang) for lang in LANGS)
    assert "beta" in zh
    assert "beta" in en
    assert "紧缺：a" in zh
    for table in (BASIS, DECLINED, UNFIT, WHY):
        assert all(set(words) == set(LANGS) for words in table.values())
