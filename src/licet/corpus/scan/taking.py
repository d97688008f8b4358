"""What is taken out of a scanned input in a second reading: a cleaned copy, sheets for people,
examples.

It refuses to judge: the flags are there.

Rules
1. A cleaned copy leaves out what REMOVED says, and puts marks in the place of personal data and
   secrets. It is lines of JSON, whatever the input was.
2. A sheet holds the items with the lowest numbers by chance: a simple random sample, the same for
   the same seed.
3. An item is named by the input's digest and its place, so that labels find it again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from licet.base.trouble import BadInput, Conflict
from licet.corpus.scan.model import REMOVED, Flag, Item
from licet.corpus.scan.personal import masked
from licet.corpus.scan.reading import Tally, batches
from licet.corpus.scan.run import Scanned

MASKED = Flag.PERSONAL | Flag.SECRET
LABEL_BYTES_MAX = 64 << 20


@dataclass(frozen=True, slots=True)
class Labels:
    """What people said of items of the sheet, by place: acceptable or not."""

    acceptable: dict[int, bool]


def item_id(scanned: Scanned, place: int) -> str:
    """The name of the item at a place of the input."""
    return f"{scanned.input_sha256[:12]}-{place}"


def all_items(scanned: Scanned) -> Iterator[tuple[int, Item]]:
    """Every item with its place, read again."""
    place = 0
    for piece in scanned.job.pieces:
        for batch in batches(piece, scanned.job.fields, Tally()):
            for item in batch:
                yield place, item
                place += 1


def write_clean(scanned: Scanned, folder: Path) -> int:
    """Write the cleaned copy into a new folder; gives how many items it has. Raises Conflict where
    the folder is there already."""
    if folder.exists():
        raise Conflict(f"{folder} is there already.", hint="Name a new folder.")
    folder.mkdir(parents=True)
    kept, flags = 0, scanned.merged.flags
    draft = folder / ".clean.jsonl"
    with draft.open("w", encoding="utf-8", errors="surrogatepass") as file:
        for place, item in all_items(scanned):
            if flags[place] & REMOVED:
                continue
            text = masked(item.text) if flags[place] & MASKED else item.text
            _line(file, {"text": text, "source": item.source})
            kept += 1
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / "clean.jsonl")
    return kept


def write_sheet(scanned: Scanned, path: Path, size: int, by: str) -> int:
    """Write a sheet of `size` items for a person to label; gives how many it has."""
    sheet = scanned.merged.sheet
    size = min(size, len(sheet))
    chosen = set(np.argsort(sheet, kind="stable")[:size].tolist())
    with path.open("w", encoding="utf-8", errors="surrogatepass") as file:
        for place, item in all_items(scanned):
            if place in chosen:
                row: dict[str, object] = {
                    "id": item_id(scanned, place), "by": by, "acceptable": None,
                    "source": item.source, "text": item.text,
                }  # fmt: skip
                _line(file, row)
    return size


def read_labels(scanned: Scanned, path: Path) -> Labels:
    """The labels in a filled-in sheet. Raises BadInput with the line for one that cannot be used.

    An item counts as acceptable where nobody said that it is not.
    """
    if path.stat().st_size > LABEL_BYTES_MAX:
        raise BadInput(f"{path} is larger than {LABEL_BYTES_MAX >> 20} MiB.")
    found: dict[int, bool] = {}
    prefix = f"{scanned.input_sha256[:12]}-"
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            name, said = row["id"], row["acceptable"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise BadInput(f"{path}, line {number}: it has no id and acceptable.") from None
        place = str(name).removeprefix(prefix)
        if not str(name).startswith(prefix) or not place.isdecimal():
            raise BadInput(
                f"{path}, line {number}: {str(name)[:40]} is no item of this input.",
                hint="Label a sheet that was drawn from the same files.",
            )
        if said is None:
            continue
        if not isinstance(said, bool) or int(place) >= len(scanned.merged.flags):
            raise BadInput(f"{path}, line {number}: acceptable is true or false.")
        found[int(place)] = found.get(int(place), True) and said
    return Labels(found)


def examples(scanned: Scanned, most: int, characters: int = 200) -> list[dict[str, object]]:
    """A few items for each flag, cut short, personal data masked: for those who may see them."""
    wanted: dict[int, list[str]] = {}
    flags = scanned.merged.flags
    for flag in Flag:
        for place in np.flatnonzero(flags & flag)[:most].tolist():
            wanted.setdefault(place, []).append(str(flag.name).lower())
    found: list[dict[str, object]] = []
    for place, item in all_items(scanned):
        if place in wanted:
            shown = masked(item.text[: 4 * characters])[:characters]
            found.append(
                {"id": item_id(scanned, place), "flags": wanted[place], "source": item.source,
                 "text": shown.encode("utf-8", "replace").decode()}
            )  # fmt: skip
    return found


def _line(file: IO[str], row: dict[str, object]) -> None:
    file.write(json.dumps(row, ensure_ascii=False) + "\n")
