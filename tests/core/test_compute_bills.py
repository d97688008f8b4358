"""A supplier's bill: what agrees to the second and the fen, and each way in which it may not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.compute.bills import Line, Unread, compare, ended_s, read_bill, settled_lines
from licet.compute.jobbook import Notice, Row
from licet.compute.model import Need, Speed

A, B = Line("j1-1", "north", 3600, 1200), Line("j2-2", "north", 60, 20)


@pytest.mark.parametrize(("billed", "what"), [
    ([A], "not_billed"), ([A, B, B], "twice"), ([A, B, Line("j9-1", "north", 1, 1)], "unknown"),
    ([A, B, Line("j2-1", "north", 60, 20)], "lost"), ([A, replace(B, pool="south")], "pool"),
    ([A, replace(B, accelerator_s=61)], "seconds"), ([A, replace(B, fen=21)], "fen"),
])  # fmt: skip
def test_each_way_to_differ_is_named(billed: list[Line], what: str) -> None:
    found = compare(billed, [A, B], lost=["j2-1"])
    assert [one.what for one in found.differences] == [what]
    assert (found.billed_fen, found.ours_fen) == (sum(one.fen for one in billed), 1220)
    assert found.agreed_fen >= A.fen


_line = st.builds(Line, st.sampled_from(["a-1", "b-1", "c-1"]), st.sampled_from("pq"),
                  st.integers(0, 3), st.integers(0, 3))  # fmt: skip


@given(st.lists(_line, max_size=6), st.lists(_line, max_size=3, unique_by=lambda one: one.job))
def test_every_line_is_agreed_or_differs(bill: list[Line], ours: list[Line]) -> None:
    found = compare(bill, ours)
    differing = sum(one.billed.fen for one in found.differences if one.billed)
    assert found.billed_fen == found.agreed_fen + differing
    assert {one.job for one in ours} <= {one.job for one in (*bill, *found.differences)}


def test_what_was_settled_comes_from_the_book() -> None:
    need = Need("j2", "acme", 1.0, "steps", {"h20": Speed(1.0, "measured", "probe", 0)})
    row = Row("j2", need, ("true",), 60, "voucher:v", "settled", 2, "north", "sup", 1200, "ended",
              20, 60)  # fmt: skip
    other = replace(row, id="j3", supplier="else")
    assert settled_lines([row, other], "sup") == ([B], ["j2-1", "j3-1"])
    assert settled_lines([row], "sup", ended=["j7"])[0] == []


def test_a_bill_is_read_whole_or_refused() -> None:
    head = "\ufeffjob,pool,accelerator_s,fen\n"
    good = "j1-1,north,3600,1200\n"
    assert read_bill((head + good).encode()) == [A]
    for line, bad in ((1, "job,pool\n"), (2, head + "j1-1,north,1.5,3\n"),
                      (3, head + good + "j1-1,north,-1,3\n"), (2, head + "j1-1,,1,3\n"),
                      (2, head + "j1-1,north\n")):  # fmt: skip
        with pytest.raises(Unread) as fault:
            read_bill(bad.encode())
        assert fault.value.line == line
    with pytest.raises(Unread, match="line 2 of the bill is not UTF-8"):
        read_bill(head.encode() + "作业,north,1,1\n".encode("gb18030"))


def test_a_correction_does_not_move_a_job_to_another_month() -> None:
    told = [Notice("j1", 1, "released:north", 5), Notice("j1", 1, "ended:20", 9),
            Notice("j1", 1, "corrected:10", 99)]  # fmt: skip
    assert ended_s(told) == 9
    assert ended_s([]) == 0
