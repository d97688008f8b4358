"""A small year: no minute over the limit is granted, no lawful one refused, counts are exact.

`make minors-year` lives a whole one with ten thousand minors.
"""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from kit.minors_gateway import SECRET, SECRET_ENV, live
from kit.minors_search import found_secrets
from kit.minors_year import Year


@pytest.mark.parametrize("seed", [1, 2])
def test_a_small_year_agrees_with_the_oracle_to_the_second(tmp_path: Path, seed: int) -> None:
    log = logging.FileHandler(tmp_path / "year.log")
    logging.getLogger("minors_year").addHandler(log)
    try:
        year = Year(120, 50, seed, tmp_path)
        tally = year.run()
    finally:
        logging.getLogger("minors_year").removeHandler(log)
        log.close()
    assert tally.faults == []
    assert {"curfew", "window", "daily_total", "quiet_hours"} <= set(tally.refusals)
    assert tally.given > 0
    assert tally.restarts > 0
    assert tally.shifts > 0
    assert found_secrets(tmp_path, year.secrets) == []


def test_the_search_finds_what_was_written(tmp_path: Path) -> None:
    year = Year(20, 1, 1, tmp_path)
    year.run()
    child = year.children[7]
    for secret in child.secrets:
        (tmp_path / "log.txt").write_text(f'{{"who":"{secret}"}}', encoding="utf-8")
        assert found_secrets(tmp_path, year.secrets) == ["log.txt: child 7"], secret


def test_an_oracle_that_is_contradicted_is_heard(tmp_path: Path) -> None:
    year = Year(60, 30, 3, tmp_path)
    for child in year.children:
        child.oracle.gap_s = 80  # another notion of use
    assert year.run().faults


def test_a_gateway_of_the_year_leaves_no_trace_of_who_the_children_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET_ENV, SECRET)
    stretch = live(tmp_path, 6)
    for deed in ("verify", "signal", "guardian", "settings", "chat", "spend", "report", "status"):
        assert any(name == deed for name, _ in stretch.answers), deed
    assert stretch.answers["verify", 200] == 6
    assert stretch.answers["chat", 200] > 0
    assert stretch.answers["chat", 403] > 0
    assert stretch.answers["chat", 400] > 0, "a cry for help is on the ledger"
    assert not {status for _, status in stretch.answers} - {200, 302, 400, 403, 409}
    written = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert written >= {"ledger.db", "minors.db", "real-name.db", "gateway.log", "metrics.txt"}
    assert written >= {"portal.db", "portal.log"}
    for deed in ("invite", "code", "appeal"):
        assert stretch.answers[f"page {deed}", 200 if deed == "invite" else 302] >= 6, deed
    assert stretch.answers["page appeal", 200] == 12, (
        "with a number, with a day of birth: not taken"
    )
    assert stretch.answers["page answer", 302] == 6
    entries = (tmp_path / "home" / "ledger").rglob("*")
    assert b"exchange.refused" in b"".join(p.read_bytes() for p in entries if p.is_file())
    assert found_secrets(tmp_path, stretch.secrets) == []
