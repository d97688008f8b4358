"""The tree against RFC 6962 written down naively, and provers against verifiers."""

from __future__ import annotations

import ast
import hashlib
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.ledger import entries
from licet.ledger import tree, tree_check, verify
from licet.ledger.tree import (
    EMPTY_ROOT,
    Tree,
    grow,
    hash_at_tiles,
    leaf_hashes,
    prove_consistency,
    prove_inclusion,
    tree_from_edges,
)
from licet.ledger.tree_check import Recount, verify_consistency, verify_inclusion

SIZES = st.one_of(
    st.integers(0, 40),
    st.integers(0, 1500),
    st.sampled_from([255, 256, 257, 511, 512, 513, 1023, 1024, 1025]),
)
# The leaves and roots that Certificate Transparency implementations test themselves with.
CT_LEAVES = [
    b"",
    b"\x00",
    b"\x10",
    b" !",
    b"01",
    b"@ABC",
    b"PQRSTUVW",
    b"`abcdefghijklmno",
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, as the text says it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962 §2.1.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


class Grown:
    """A tree with its tiles at hand, grown in steps."""

    def __init__(self, size: int, steps: list[int] | None = None) -> None:
        self.leaves = leaf_hashes(entries(size))
        self.tree = Tree()
        self.tiles: dict[tuple[int, int], bytes] = {}
        at = 0
        for step in [*(steps or []), size]:
            upto = min(size, at + step)
            self.tree, full = grow(self.tree, self.leaves[at:upto])
            self.tiles |= {(tile.level, tile.index): tile.data for tile in full}
            at = upto

    def hash_at(self, height: int, index: int) -> bytes:
        return hash_at_tiles(self.load)(height, index)

    def load(self, level: int, index: int) -> bytes:
        return self.tiles.get((level, index)) or self.tree.edges[level]


LARGE = Grown(70_000, [1, 255, 3, 1000, 20_000])


def test_roots_are_those_that_ct_implementations_agree_on() -> None:
    leaves = leaf_hashes(CT_LEAVES)
    roots = [grow(Tree(), leaves[:n])[0].root.hex() for n in range(1, 9)]
    assert roots == CT_ROOTS
    assert Tree().root == EMPTY_ROOT


@given(SIZES, st.lists(st.integers(0, 300), max_size=8))
def test_growing_in_any_steps_gives_the_root_of_the_rfc(size: int, steps: list[int]) -> None:
    grown = Grown(size, steps)
    assert grown.tree.size == size
    assert grown.tree.root == naive_root(grown.leaves)


@given(SIZES, st.lists(st.integers(0, 300), max_size=8))
def test_a_tree_is_rebuilt_from_its_edges_alone(size: int, steps: list[int]) -> None:
    grown = Grown(size, steps).tree
    rebuilt = tree_from_edges(size, grown.edges)
    assert rebuilt.root == grown.root
    more = leaf_hashes(entries(300, first=size))
    assert grow(rebuilt, more)[0].root == grow(grown, more)[0].root


def test_edges_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        tree_from_edges(301, Grown(300).tree.edges)


@given(st.integers(1, 1500), st.data())
def test_inclusion_proofs_are_those_of_the_rfc_and_verify(size: int, data: st.DataObject) -> None:
    grown = Grown(size)
    index = data.draw(st.integers(0, size - 1))
    proof = prove_inclusion(index, size, grown.hash_at)
    assert proof == naive_path(index, grown.leaves)
    assert verify_inclusion(grown.leaves[index], index, size, grown.tree.root, proof)


@given(st.integers(0, 9000), st.integers(0, 70_000))
def test_consistency_proofs_verify_between_any_two_sizes(one: int, two: int) -> None:
    old, size = sorted((one, two))
    roots = [prefix_root(old), prefix_root(size)]
    proof = prove_consistency(old, size, LARGE.hash_at)
    assert verify_consistency(old, size, *roots, proof)


def prefix_root(size: int) -> bytes:
    return grow(Tree(), LARGE.leaves[:size])[0].root


@given(st.integers(2, 700), st.data())
def test_a_false_inclusion_is_never_believed(size: int, data: st.DataObject) -> None:
    grown = Grown(size)
    index = data.draw(st.integers(0, size - 1))
    proof = prove_inclusion(index, size, grown.hash_at)
    root, leaf = grown.tree.root, grown.leaves[index]
    other = data.draw(st.integers(-1, size + 1).filter(lambda n: n != index))
    assert not verify_inclusion(leaf, other, size, root, proof)
    assert not verify_inclusion(grown.leaves[index - 1], index, size, root, proof)
    assert not verify_inclusion(leaf, index, size, bytes(32), proof)
    assert not verify_inclusion(leaf, index, size, root, [*proof, bytes(32)])
    assert not verify_inclusion(leaf, index, size, root, proof[:-1])
    at = data.draw(st.integers(0, len(proof) - 1))
    assert not verify_inclusion(
        leaf, index, size, root, [*proof[:at], bytes(32), *proof[at + 1 :]]
    )


@given(st.integers(2, 700), st.data())
def test_a_false_consistency_is_never_believed(size: int, data: st.DataObject) -> None:
    grown = Grown(size)
    old = data.draw(st.integers(1, size - 1))
    old_root = grow(Tree(), grown.leaves[:old])[0].root
    proof = prove_consistency(old, size, grown.hash_at)
    root = grown.tree.root
    assert verify_consistency(old, size, old_root, root, proof)
    assert not verify_consistency(old, size, bytes(32), root, proof)
    assert not verify_consistency(old, size, old_root, bytes(32), proof)
    assert not verify_consistency(old, size, old_root, root, [*proof, bytes(32)])
    assert not verify_consistency(old, size, old_root, root, proof[:-1])
    assert not verify_consistency(size, old, root, old_root, proof)
    assert not verify_consistency(old, size, old_root, root, [])


def test_nothing_is_proven_outside_the_tree() -> None:
    for index in (-1, 300):
        with pytest.raises(ValueError, match="no entry"):
            prove_inclusion(index, 300, LARGE.hash_at)
    with pytest.raises(ValueError, match="no tree"):
        prove_consistency(301, 300, LARGE.hash_at)


@given(st.integers(0, 1200))
def test_the_recount_agrees_with_the_tree_tile_by_tile(size: int) -> None:
    grown, count = Grown(size), Recount()
    for body in entries(size):
        count.add(body)
    assert count.root() == grown.tree.root
    level_zero = b"".join(grown.leaves)
    assert count.take(0) == level_zero


def test_full_tiles_hold_what_the_specification_says() -> None:
    assert {name for name in LARGE.tiles if name[0] == 1} == {(1, 0)}
    assert len([name for name in LARGE.tiles if name[0] == 0]) == 273
    assert [len(edge) // 32 for edge in LARGE.tree.edges] == [112, 17, 1]
    expected = b"".join(
        naive_root(LARGE.leaves[first : first + 256]) for first in range(0, 65_536, 256)
    )
    assert LARGE.tiles[1, 0] == expected


def test_the_verifier_shares_no_code_with_the_prover() -> None:
    provers = {"tree", "log", "writer", "store_sqlite", "store_postgres"}
    for module in (tree_check, verify):
        parsed = ast.parse(inspect.getsource(module))
        imported = {
            node.module.rsplit(".", 1)[-1]
            for node in ast.walk(parsed)
            if isinstance(node, ast.ImportFrom) and node.module
        }
        assert not imported & provers, module.__name__
    assert tree.__file__ != tree_check.__file__
