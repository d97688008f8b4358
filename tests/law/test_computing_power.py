"""Programmes for computing power: what trips each requirement, the caps, the dates; who is refused
is told every reason."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.packs import PACK_ID, changed
from licet.base.trouble import BadInput
from licet.compute.vouchers import FEN, Application, Spent, propose
from licet.rulebook import load_pack, parse_pack

RULES = load_pack(PACK_ID).compute
ETOWN, CITY = RULES.programmes["beijing_etown"], RULES.programmes["beijing_vouchers"]
GOOD = Application(
    id="a1", firm="acme", supplier="sup-a", contract="c-1", signed=dt.date(2025, 3, 1),
    settled_fen=1_000_000 * FEN, met=dict.fromkeys(ETOWN.requires, True),
)  # fmt: skip


def test_a_share_of_what_was_settled_is_proposed() -> None:
    assert propose(ETOWN, GOOD, Spent()).most_fen == 300_000 * FEN


@pytest.mark.parametrize("requirement", ETOWN.requires)
def test_each_requirement_that_is_not_met_is_named(requirement: str) -> None:
    found = propose(
        ETOWN, dataclasses.replace(GOOD, met={**GOOD.met, requirement: False}), Spent()
    )
    assert (found.most_fen, found.unmet) == (0, (requirement,))
    assert RULES.requirements[requirement].refuse["zh"].endswith("。")


def test_every_reason_is_given_at_once() -> None:
    bad = dataclasses.replace(GOOD, met={}, signed=dt.date(2020, 1, 1), settled_fen=0)
    found = propose(ETOWN, bad, Spent(contract=True))
    assert found.unmet == ETOWN.requires
    assert found.why == ("signed_outside", "funded_before", "no_fees")


def test_a_contract_is_funded_once() -> None:
    assert propose(ETOWN, GOOD, Spent(contract=True)).why == ("funded_before",)


def test_a_programme_without_a_share_grants_nothing() -> None:
    met = dict.fromkeys(CITY.requires, True)
    found = propose(CITY, dataclasses.replace(GOOD, met=met), Spent())
    assert (found.most_fen, found.why) == (0, ("no_share",))


@given(
    settled=st.integers(0, 10**13), firm=st.integers(0, 10**10), all_of_them=st.integers(0, 10**11)
)
def test_no_cap_and_no_budget_is_exceeded(settled: int, firm: int, all_of_them: int) -> None:
    spent = Spent(firm, all_of_them)
    most = propose(ETOWN, dataclasses.replace(GOOD, settled_fen=settled), spent).most_fen
    assert 0 <= most <= settled * 3 // 10
    assert most == 0 or firm + most <= ETOWN.cap_yuan_year * FEN
    assert most == 0 or all_of_them + most <= (ETOWN.budget_yuan_year or 0) * FEN


@pytest.mark.parametrize("day", ["signed_from", "signed_to"])
def test_both_ends_of_the_time_count(day: str) -> None:
    signed = getattr(ETOWN, day)
    assert propose(ETOWN, dataclasses.replace(GOOD, signed=signed), Spent()).most_fen


def test_a_requirement_that_nobody_states_does_not_load() -> None:
    documents = changed(
        "compute.toml", "programme", "beijing_etown", "requires", "value", to=["x"]
    )
    with pytest.raises(BadInput, match=r"compute\.toml"):
        parse_pack(documents)
