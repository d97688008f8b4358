"""Rule files on their way into a bundle: faults by their paths, and what is not used is told."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from kit.bundles import RULES, write_rules
from licet.base.trouble import BadInput
from licet.gateway.bundling import (
    PAST_SHOWN,
    SOON_DAYS,
    draft_bundle,
    ending_rules,
    read_rules,
    unused_rules,
)
from licet.guard.bundle import take_bundle
from licet.guard.rule import Rule
from licet.rulebook import load_pack

PACK = load_pack("cn-genai-2023")
DAY = date(2027, 7, 1)


def rules_of(*paths: Path) -> dict[str, tuple[Rule, ...]]:
    return dict(take_bundle(draft_bundle(PACK, paths, shipped=False), bytes(32)).rules)


def ending(text: str, *days: str) -> str:
    """Rules like the first one of the kit, one for each last day."""
    first = RULES.split("\n\n", maxsplit=1)[0]
    return "\n\n".join(
        f"{first.replace('walrus', f'{text}-{n}')}\nexpires = {day}" for n, day in enumerate(days)
    )


def test_a_faulty_file_is_named_by_its_path(tmp_path: Path) -> None:
    broken = write_rules(tmp_path / "r.toml", RULES.replace("halt", "stop"))
    with pytest.raises(BadInput) as refused:
        rules_of(write_rules(tmp_path / "whole.toml"), broken)
    assert refused.value.message.startswith(f"{broken}, line 4: ")


def test_an_id_in_two_files_is_named_by_paths_and_lines(tmp_path: Path) -> None:
    one, two = (write_rules(tmp_path / name / "r.toml", RULES) for name in made(tmp_path))
    with pytest.raises(BadInput) as refused:
        rules_of(one, two)
    assert refused.value.message == (
        f'{two}, line 2: `id` "walrus" is used already, in {one}, line 2.'
    )
    with pytest.raises(BadInput, match="used already"):
        rules_of(one, one)


def made(folder: Path) -> tuple[str, str]:
    """Two folders."""
    for name in ("a", "b"):
        (folder / name).mkdir()
    return "a", "b"


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a" * 101])
def test_a_bundle_has_a_name_that_people_can_read(name: str) -> None:
    with pytest.raises(BadInput, match="1 to 100 printable characters"):
        draft_bundle(PACK, name=name)


def test_a_file_that_is_not_there_may_be_named_in_two_places(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        read_rules(tmp_path / "none.toml")
    assert refused.value.hint == "Check the path after --rules or under [guard] rules."


def test_rules_that_are_out_of_their_time_are_told_with_their_file(tmp_path: Path) -> None:
    old = write_rules(tmp_path / "old.toml", ending("old", "2027-06-30", "2027-07-01"))
    empty = write_rules(tmp_path / "empty.toml", "# nothing yet\n")
    files = (old, write_rules(tmp_path / "fine.toml"), empty)
    assert list(unused_rules(rules_of(*files), DAY, files)) == [
        f"{old}: out of their time and not used: old-0 (since 2027-07-01).",
        f"{empty} holds no rules.",
    ]
    (by_member, _) = unused_rules(rules_of(*files), DAY)
    assert by_member.startswith("rules/operator-01-old.toml: ")


def test_of_many_the_first_are_named_and_the_others_counted(tmp_path: Path) -> None:
    days = ["2026-01-01"] * (PAST_SHOWN + 2)
    old = write_rules(tmp_path / "old.toml", ending("old", *days))
    (line,) = unused_rules(rules_of(old), DAY, (old,))
    assert line.count("(since 2026-01-02)") == PAST_SHOWN
    assert line.endswith(" and 2 more.")


def test_rules_whose_time_ends_soon_are_told_and_no_others(tmp_path: Path) -> None:
    last = DAY + timedelta(days=SOON_DAYS)
    days = [DAY - timedelta(days=1), DAY, last - timedelta(days=1), last]
    old = write_rules(tmp_path / "old.toml", ending("old", *map(str, days)))
    files = (write_rules(tmp_path / "fine.toml"), old)
    assert list(ending_rules(rules_of(*files), DAY, files)) == [
        f"{old}: soon out of their time: old-1 (from 2027-07-02), old-2 (from {last})."
    ]
