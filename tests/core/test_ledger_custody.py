"""Secrets in shares, and what several keepers open together: no one alone, nothing in part."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licet.base.trouble import BadInput, Corrupt, NotAllowed
from licet.ledger import custody
from licet.ledger.custody import Card, Envelope, Locked, read_envelope, seal_for
from licet.ledger.shares import join, split

WORDS = "correct horse battery"


def chance(seed: int = 1) -> Callable[[int], bytes]:
    return random.Random(seed).randbytes


@given(st.binary(min_size=1, max_size=64), st.data())
def test_as_many_shares_as_are_needed_give_the_secret_back(
    secret: bytes, data: st.DataObject
) -> None:
    count = data.draw(st.integers(2, 12))
    needed = data.draw(st.integers(2, count))
    shares = split(secret, needed, count, chance(data.draw(st.integers(0, 9))))
    some = data.draw(st.permutations(shares))
    assert join(some[:needed]) == secret
    assert join(some) == secret


def test_one_share_less_fits_every_secret() -> None:
    """Of two needed: a share and any guess of the secret's byte lie on exactly one line."""
    share = split(b"\x2a", 2, 3, chance())[0]
    second = {guess: [y for y in range(256) if join([share, bytes([2, y])]) == bytes([guess])]
              for guess in range(0, 256, 17)}  # fmt: skip
    assert all(len(fitting) == 1 for fitting in second.values())


def test_shares_are_those_that_others_compute() -> None:
    """f(x) = 0x53 + 0xca·x over the field of AES, where 0x53 · 0xca = 1 (FIPS 197 §4.2)."""
    shares = split(b"\x53", 2, 3, lambda n: b"\xca" * n)
    assert shares == (b"\x01\x99", b"\x02\xdc", b"\x03\x16")
    assert split(b"\x00", 2, 0x53, lambda n: b"\xca" * n)[-1] == b"\x53\x01"


@pytest.mark.parametrize(("needed", "count"), [(1, 3), (0, 2), (3, 2), (2, 256)])
def test_a_split_that_is_none_is_refused(needed: int, count: int) -> None:
    with pytest.raises(BadInput):
        split(b"secret", needed, count, chance())


def test_what_is_no_set_of_shares_is_refused() -> None:
    a, b, _ = split(b"secret", 2, 3, chance())
    for wrong in ([a], [], [a, a], [a, b[:-1]], [a, b"\x00" + b[1:]], [b"\x01", b"\x02"], [b""]):
        with pytest.raises(BadInput):
            join(wrong)


class Table:
    """Three keepers, a reader, and an envelope that two of the three open."""

    def __init__(self) -> None:
        draw = chance(7)
        made = [custody.make_card(n, "authority", f"{WORDS} {n}", draw) for n in "abcr"]
        self.cards: list[Card] = [card for card, _ in made[:3]]
        self.locked: list[Locked] = [locked for _, locked in made[:3]]
        self.keys = [
            custody.unlock(c, k, f"{WORDS} {n}") for n, (c, k) in zip("abcr", made, strict=True)
        ]
        self.reader, self.reader_key = made[3][0], self.keys[3]
        self.envelope: Envelope = seal_for(b"rules", "dossier_1/rules", self.cards, 2, draw)

    def passed(self, keeper: int, order: str = "order_1") -> str:
        return custody.pass_share(self.envelope, self.keys[keeper], self.reader, order)


@pytest.fixture(scope="module")
def table() -> Table:
    return Table()


def test_any_two_keepers_open_it_for_the_reader(table: Table) -> None:
    for pair in combinations(range(3), 2):
        both = [table.passed(keeper) for keeper in pair]
        assert custody.read_with(table.envelope, both, table.reader_key, "order_1") == b"rules"


def test_one_keeper_opens_nothing(table: Table) -> None:
    one = table.passed(0)
    again = table.passed(0)
    assert one != again, "sealed anew each time"
    for passed in ([], [one], [one, one], [one, again]):
        with pytest.raises(NotAllowed, match="shares"):
            custody.read_with(table.envelope, passed, table.reader_key, "order_1")


def test_a_share_that_was_passed_is_for_one_reader_and_one_order(table: Table) -> None:
    both = [table.passed(0), table.passed(1)]
    for key in table.keys[:3]:
        with pytest.raises(Corrupt):
            custody.read_with(table.envelope, both, key, "order_1")
    with pytest.raises(Corrupt):
        custody.read_with(table.envelope, both, table.reader_key, "order_2")
    mixed = [table.passed(0), table.passed(1, "order_2")]
    with pytest.raises(Corrupt):
        custody.read_with(table.envelope, mixed, table.reader_key, "order_1")


def test_an_envelope_that_was_changed_or_moved_does_not_open(table: Table) -> None:
    both = [table.passed(0), table.passed(1)]
    moved = replace(table.envelope, about="dossier_2/rules")
    cut = read_envelope(table.envelope.to_bytes()[:-1])
    for wrong in (moved, cut):
        with pytest.raises(Corrupt):
            custody.read_with(wrong, both, table.reader_key, "order_1")
    with pytest.raises(Corrupt):
        custody.pass_share(moved, table.keys[0], table.reader, "order_1")


def test_an_envelope_comes_back_from_its_bytes(table: Table) -> None:
    again = read_envelope(table.envelope.to_bytes())
    assert again == table.envelope
    assert again.sha256 == table.envelope.sha256
    assert b"rules\n" not in table.envelope.to_bytes().replace(b"dossier_1/rules", b"")


@settings(max_examples=60)
@given(st.binary(max_size=80))
def test_nonsense_is_no_envelope(data: bytes) -> None:
    with pytest.raises(Corrupt):
        read_envelope(data)


def test_who_keeps_no_share_gives_none(table: Table) -> None:
    with pytest.raises(NotAllowed, match="keeps no share"):
        table.passed(3)


def test_a_passphrase_opens_its_own_key_alone(table: Table) -> None:
    with pytest.raises(NotAllowed, match="passphrase"):
        custody.unlock(table.cards[0], table.locked[0], f"{WORDS} b")
    with pytest.raises(NotAllowed):
        custody.unlock(table.cards[1], table.locked[0], f"{WORDS} a")
    with pytest.raises(BadInput, match="characters"):
        custody.make_card("a", "authority", "too short", chance())


def test_one_keeper_is_never_enough_to_seal_for(table: Table) -> None:
    for cards, needed in ((table.cards[:1], 2), ([table.cards[0]] * 2, 2), (table.cards, 1)):
        with pytest.raises(BadInput):
            seal_for(b"rules", "x", cards, needed, chance())
