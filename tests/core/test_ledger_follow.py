"""Following a log that somebody else writes: nothing missed, nothing twice, nothing unsigned."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.ledger import NOW, ORIGIN, MemoryDisk, MemoryStore, entries, make_test_signer
from licet.base.trouble import BadInput, Corrupt
from licet.ledger.follow import (
    START,
    Position,
    follow,
    position_as_json,
    position_from_json,
)
from licet.ledger.log import Log
from licet.ledger.source import StoreSource
from licet.ledger.tiles import TileName

SIGNER = make_test_signer()


class Rig:
    """A log in memory and a reader of it."""

    def __init__(self) -> None:
        self.disk = MemoryDisk()
        self.log = Log(MemoryStore(self.disk), SIGNER, ORIGIN)
        self.written: list[bytes] = []

    def write(self, count: int) -> None:
        new = entries(count, len(self.written))
        self.written += new
        self.log.append(new, NOW)

    @property
    def source(self) -> StoreSource:
        return StoreSource("memory", MemoryStore(self.disk))

    def read(self, since: Position, bundles: int = 2) -> tuple[list[bytes], Position]:
        found: list[bytes] = []
        for batch in follow(self.source, SIGNER.verifier, since, bundles):
            assert batch.first == since.size
            assert len(batch.entries) <= bundles * 256 + 256
            found += batch.entries
            since = batch.after
        return found, since


@given(steps=st.lists(st.integers(1, 900), min_size=1, max_size=6), bundles=st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_every_entry_is_handed_out_once_however_the_log_grows(
    steps: list[int], bundles: int
) -> None:
    rig, position, seen = Rig(), START, list[bytes]()
    for step in steps:
        rig.write(step)
        found, position = rig.read(position, bundles)
        seen += found
        position = position_from_json(json.loads(json.dumps(position_as_json(position))))
    assert seen == rig.written
    assert rig.read(position) == ([], position)


@given(stop=st.integers(0, 5))
@settings(max_examples=6, deadline=None)
def test_a_reader_that_dies_between_batches_goes_on_where_it_stood(stop: int) -> None:
    rig, position, seen = Rig(), START, list[bytes]()
    rig.write(1500)
    for number, batch in enumerate(follow(rig.source, SIGNER.verifier, position, 1)):
        if number == stop:
            break
        seen += batch.entries
        position = batch.after
    found, _ = rig.read(position)
    assert seen + found == rig.written


def test_a_log_that_goes_back_is_not_followed() -> None:
    rig, other = Rig(), Rig()
    rig.write(300)
    other.write(200)
    _, position = rig.read(START)
    with pytest.raises(Corrupt, match="had 300 entries and now has 200"):
        other.read(position)


@pytest.mark.parametrize("more", [0, 1, 300])
def test_a_log_with_another_past_is_not_followed(more: int) -> None:
    rig, other = Rig(), Rig()
    rig.write(300)
    _, position = rig.read(START)
    other.log.append([b"another", *entries(299 + more)], NOW)
    with pytest.raises(Corrupt, match=r"another past|tiles do not give"):
        other.read(position)


@pytest.mark.parametrize("bundle", [0, 3])
def test_an_entry_that_was_changed_is_not_handed_out(bundle: int) -> None:
    rig = Rig()
    rig.write(900)

    class Lying(StoreSource):
        def fetch_tile(self, name: TileName) -> bytes:
            data = super().fetch_tile(name)
            if name.level is None and name.index == bundle:
                at = data.index(b"pad")
                return data[:at] + b"bad" + data[at + 3 :]
            return data

    source = Lying("memory", MemoryStore(rig.disk))
    seen: list[bytes] = []

    def read_all() -> None:
        for batch in follow(source, SIGNER.verifier, START, 1):
            seen.extend(batch.entries)

    with pytest.raises(Corrupt):
        read_all()
    assert seen == rig.written[: len(seen)]
    assert len(seen) <= bundle * 256


def test_a_log_of_another_key_is_not_followed() -> None:
    rig = Rig()
    rig.write(1)
    stranger = make_test_signer("other.example/log")
    with pytest.raises(Corrupt):
        list(follow(rig.source, stranger.verifier))


@pytest.mark.parametrize("value", [{}, {"size": "x"}, {"size": 1, "root": "zz", "peaks": []}])
def test_what_is_no_position_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="no position"):
        position_from_json(value)
