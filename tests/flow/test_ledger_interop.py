"""The log in the eyes of an implementation that is not ours: Go's golang.org/x/mod/sumdb."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.ledger_vectors import (
    RECEIPTS,
    SIZE,
    VECTORS,
    ask_go,
    go_or_skip,
    vector_entries,
    write_vectors,
)
from licet.ledger.checkpoint import verify_checkpoint
from licet.ledger.keyfiles import load_vkey
from licet.ledger.proof import verify_receipt
from licet.ledger.tree import (
    Tree,
    grow,
    hash_at_tiles,
    leaf_hashes,
    prove_consistency,
    prove_inclusion,
)
from licet.ledger.tree_check import hash_leaf, verify_consistency, verify_inclusion
from licet.ledger.verify import verify_log


def go_lines(kind: str) -> Iterator[list[str]]:
    for line in (VECTORS / "go.txt").read_text(encoding="ascii").splitlines():
        words = line.split(" ")
        if words[0] == kind:
            yield words[1:]


def hashes(text: str) -> list[bytes]:
    return [base64.b64decode(part) for part in text.split(",") if part]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return go_or_skip(tmp_path_factory.mktemp("go"))


def test_the_recorded_log_verifies() -> None:
    report = verify_log(str(VECTORS), load_vkey(VECTORS / "vkey"))
    assert report.ok, report
    assert report.size == SIZE


def test_the_recorded_receipts_prove_their_entries() -> None:
    key = load_vkey(VECTORS / "vkey")
    for index in RECEIPTS:
        data = (VECTORS / f"{index}.tlog-proof").read_bytes()
        assert verify_receipt(data, key)[1] == vector_entries()[index]


def test_we_still_write_the_recorded_bytes(tmp_path: Path) -> None:
    write_vectors(tmp_path)
    made = {path.relative_to(tmp_path): path for path in tmp_path.rglob("*") if path.is_file()}
    assert len(made) > 8
    for name, path in made.items():
        assert path.read_bytes() == (VECTORS / name).read_bytes(), name


def test_our_proofs_are_those_that_go_recorded() -> None:
    leaves = leaf_hashes(vector_entries())
    tree, full = grow(Tree(), leaves)
    tiles = {(tile.level, tile.index): tile.data for tile in full}
    hash_at = hash_at_tiles(lambda level, index: tiles.get((level, index), tree.edges[level]))
    key = load_vkey(VECTORS / "vkey")
    signed = verify_checkpoint((VECTORS / "checkpoint").read_bytes(), key)
    for size, root in go_lines("root"):
        assert (int(size), base64.b64decode(root)) == (SIZE, tree.root) == (SIZE, signed.root)
    seen = 0
    for index, proof in go_lines("record"):
        assert prove_inclusion(int(index), SIZE, hash_at) == hashes(proof)
        leaf = hash_leaf(vector_entries()[int(index)])
        assert verify_inclusion(leaf, int(index), SIZE, tree.root, hashes(proof))
        seen += 1
    for old, old_root, proof in go_lines("tree"):
        assert prove_consistency(int(old), SIZE, hash_at) == hashes(proof)
        assert grow(Tree(), leaves[: int(old)])[0].root == base64.b64decode(old_root)
        roots = (base64.b64decode(old_root), tree.root)
        assert verify_consistency(int(old), SIZE, *roots, hashes(proof))
        seen += 1
    assert seen == 13


def test_go_accepts_the_recorded_log(built: Path) -> None:
    answer = ask_go(built, VECTORS)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == (VECTORS / "go.txt").read_text(encoding="ascii")


@pytest.mark.parametrize("size", [300, 512, 66_000])
def test_go_accepts_a_log_made_now(built: Path, tmp_path: Path, size: int) -> None:
    write_vectors(tmp_path, size)
    answer = ask_go(built, tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.count("receipt") == len(RECEIPTS)


@pytest.mark.parametrize(
    "victim", ["checkpoint", "tile/0/000", "tile/entries/000", "1.tlog-proof"]
)
def test_go_refuses_a_changed_log(built: Path, tmp_path: Path, victim: str) -> None:
    folder = tmp_path / "log"
    shutil.copytree(VECTORS, folder)
    data = bytearray((folder / victim).read_bytes())
    data[60] ^= 1
    (folder / victim).write_bytes(data)
    assert ask_go(built, folder).returncode == 1
