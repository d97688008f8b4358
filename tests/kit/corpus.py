"""Data sets made up for tests: cards, folders, stores."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from kit.serve import serve
from licet.corpus.annotation import Batch, Rules, parse
from licet.corpus.card import CARDS, Card, Parent, parse_card
from licet.corpus.catalogue import Version
from licet.corpus.hub import Hub
from licet.corpus.hub_app import HubApp
from licet.corpus.publishing import Push, Refusal, publish
from licet.corpus.shelf import Shelf, keep_files, open_shelf, read_folder
from licet.rulebook import load_pack

NOW = dt.datetime(2026, 11, 3, 9, 30, tzinfo=dt.UTC)
RULES = load_pack("cn-genai-2023").corpus
SOUND: dict[str, Any] = {
    "title": {"zh": "示例", "en": "Example"},
    "summary": {"zh": "两行示例文字", "en": "Two lines, for tests"},
    "licence": "CC-BY-4.0",
    "access": "open",
    "languages": ["zh", "en"],
    "modalities": ["text"],
    "source": [{"name": "Editors", "type": "made", "record": "file 1"}],
    "personal_data": {"basis": "none"},
    "ip_review": {"by": "A. Reviewer", "on": "2026-11-01", "finding": "nothing of others"},
}


def card(*made_from: Version, **other: Any) -> Card:
    """A card without a gap, but for what is given; made from the versions, if any."""
    parents = [msgspec.to_builtins(Parent(v.dataset, v.commit)) for v in made_from]
    said = SOUND | ({"made_from": parents} if parents else {}) | other
    return parse_card(msgspec.json.encode(said), "card.json")


def annotation_rules(**other: Any) -> Rules:
    """Rules without a gap, but for what is given."""
    said = {
        "id": "own/demo", "version": "1.0", "kind": "functional",
        "title": {"zh": "示例规则", "en": "Example rules"},
        "parts": dict.fromkeys(RULES.annotation.parts, "as it is done"),
    }  # fmt: skip
    return parse(msgspec.json.encode(said | other), "rules.json", Rules)


def batch(**other: Any) -> Batch:
    """A batch by those rules with nothing against it, but for what is given."""
    trained = {"training": "the rules", "trained": "2026-08-20", "examined": "2026-08-22"}
    said = {
        "rules": "own/demo", "version": "1.0", "began": "2026-09-01", "ended": "2026-09-20",
        "items": 1000, "reviewed": 1000, "sampled": 500, "right": 495,
        "person": [
            {"mark": "A01", "part": "annotator", **trained},
            {"mark": "R01", "part": "reviewer", **trained},
        ],
    }  # fmt: skip
    return parse(msgspec.json.encode(said | other), "batch.json", Batch)


def folder(at: Path, files: dict[str, bytes], said: Card | None = None) -> Path:
    """A folder to push, with its card."""
    at.mkdir(parents=True, exist_ok=True)
    (at / CARDS[1]).write_bytes(msgspec.json.encode(said or card()))
    for name, data in files.items():
        (at / name).parent.mkdir(parents=True, exist_ok=True)
        (at / name).write_bytes(data)
    return at


def shelf(root: Path) -> Shelf:
    """A store in a folder."""
    return open_shelf(root / "corpus", root / "keys")


def put(
    to: Shelf, root: Path, dataset: str, files: dict[str, bytes], said: Card | None = None,
    now: dt.datetime = NOW,
) -> Version:  # fmt: skip
    """Publish files as a version that must not be refused."""
    at = folder(root / "push" / dataset / str(len(to.catalogue.versions(dataset))), files, said)
    told, found = read_folder(at)
    push = Push(dataset, keep_files(to, found), told, "tests")
    made = publish(push, to.catalogue, to.blobs, RULES, now)
    assert not isinstance(made, Refusal), made.said("en")
    return made


@contextlib.contextmanager
def served(to: Shelf) -> Iterator[tuple[str, Hub]]:
    """A store behind real sockets: its address, and the hub that answers."""
    hub = Hub(to, RULES, base_url="", now=lambda: NOW, chance=secrets.token_bytes)
    with serve(HubApp(hub), lifespan="off") as url:
        yield url, hub


def parquet(rows: list[dict[str, object]]) -> bytes:
    """The rows as Parquet, in groups of a hundred."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out, row_group_size=100)
    return out.getvalue()
