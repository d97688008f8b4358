"""Paths and bytes of tiles, as C2SP tlog-tiles spells them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.base.trouble import BadInput, Corrupt
from licet.ledger.tiles import (
    TileName,
    encode_entries,
    parse_path,
    split_entries,
    tile_width,
    tiles_of,
)

PATHS = [
    (TileName(0, 0), "tile/0/000"),
    (TileName(0, 1234067), "tile/0/x001/x234/067"),
    (TileName(0, 273, 112), "tile/0/273.p/112"),
    (TileName(1, 1, 17), "tile/1/001.p/17"),
    (TileName(None, 1000), "tile/entries/x001/000"),
    (TileName(63, 5, 1), "tile/63/005.p/1"),
]


@pytest.mark.parametrize(("name", "path"), PATHS)
def test_paths_are_those_of_the_specification(name: TileName, path: str) -> None:
    assert name.path == path
    assert parse_path(path) == name


@given(st.one_of(st.none(), st.integers(0, 63)), st.integers(0, 10**15), st.integers(1, 256))
def test_every_path_reads_back(level: int | None, index: int, width: int) -> None:
    name = TileName(level, index, width)
    assert parse_path(name.path) == name


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "tile/0",
        "tile/64/000",
        "tile/00/000",
        "tile/0/0",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000/",
        "tile/0/../000",
        "/tile/0/000",
        "tile/0/000\n",
        "tile/0/٠٠٠",
        "tile/data/000",
        "tile/-1/000",
    ],
)
def test_every_other_spelling_is_refused(path: str) -> None:
    with pytest.raises(BadInput):
        parse_path(path)


def test_a_log_of_70000_has_the_tiles_of_the_specification() -> None:
    names = list(tiles_of(70_000))
    full = [name for name in names if name.width == 256]
    assert len([name for name in full if name.level == 0]) == 273
    assert len([name for name in full if name.level == 1]) == 1
    partial = {(name.level, name.index, name.width) for name in names if name.width < 256}
    assert partial == {(None, 273, 112), (0, 273, 112), (1, 1, 17), (2, 0, 1)}
    at_256 = {(name.level, name.width) for name in tiles_of(256)}
    assert at_256 == {(None, 256), (0, 256), (1, 1)}
    assert list(tiles_of(0)) == []


@given(st.integers(0, 200_000), st.integers(0, 1000))
def test_only_what_changed_is_named_again(before: int, more: int) -> None:
    size = before + more
    again, changed = set(tiles_of(size)), set(tiles_of(size, before))
    assert changed <= again
    untouched = again - changed
    assert untouched <= set(tiles_of(before))


@given(st.integers(0, 3), st.integers(0, 400), st.integers(0, 100_000))
def test_widths_are_those_of_the_tiles_named(level: int, index: int, size: int) -> None:
    named = {(n.level, n.index): n.width for n in tiles_of(size)}
    assert tile_width(level, index, size) == named.get((level, index), 0)


@given(st.lists(st.binary(max_size=300), max_size=40), st.data())
def test_bundles_read_back(bodies: list[bytes], data: st.DataObject) -> None:
    encoded = encode_entries(bodies)
    assert split_entries(encoded) == bodies
    count = data.draw(st.integers(0, len(bodies)))
    assert split_entries(encoded, count) == bodies[:count]


def test_the_longest_entry_fits_and_a_longer_one_does_not() -> None:
    assert split_entries(encode_entries([b"x" * 65_535])) == [b"x" * 65_535]
    with pytest.raises(OverflowError):
        encode_entries([b"x" * 65_536])


@given(st.binary(max_size=100))
def test_a_torn_bundle_is_noticed(data: bytes) -> None:
    try:
        bodies = split_entries(data)
    except Corrupt:
        return
    assert encode_entries(bodies) == data


def test_a_short_bundle_is_noticed() -> None:
    encoded = encode_entries([b"one", b"two"])
    for broken in (encoded[:-1], encoded[:6], encoded[:5]):
        with pytest.raises(Corrupt):
            split_entries(broken, 2)
