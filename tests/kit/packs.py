"""The shipped pack as plain documents, to be broken on purpose.

`changed` gives the documents with one place that differs; the file it is in is a copy, and the
original is never touched. Whoever changes more takes `shipped`; whoever asks after one file alone
takes what it rests on from `smallest`.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from licet.rulebook.parse import (
    ASSESSING,
    CORE,
    JUDGING,
    LICENSING,
    MINORS,
    SHARING,
    SUPERVISION,
)

PACK_ID = "cn-genai-2023"
Documents = dict[str, dict[str, Any]]

GONE = object()
"""As a value for `changed`: remove the key."""

_FOLDER = files("licet.rulebook") / "packs" / PACK_ID
_SHIPPED: Documents = {
    entry.name: tomllib.loads(entry.read_text("utf-8")) for entry in _FOLDER.iterdir()
}


def changed(file: str, *path: str | int, to: Any) -> Documents:
    """The documents with the value at `path` of `file` set to `to`, or removed.

    In an array of tables a string names the entry by its id.
    """
    documents = {**_SHIPPED, file: copy.deepcopy(_SHIPPED[file])}
    place: Any = documents[file]
    for step in path[:-1]:
        place = _inside(place, step)
    if to is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return documents


def smallest(documents: Documents, file: str) -> Documents:
    """Of the documents those without which `file` makes no pack (rule 1 of the loader).

    Sources that nothing cites any more are left out, too: the loader refuses them (rule 2).
    """
    names, sources = _around(file)
    return {name: documents[name] for name in names} | {"sources.toml": sources}


@cache
def _around(file: str) -> tuple[frozenset[str], dict[str, Any]]:
    """The names of the files that `file` needs, and the sources that these cite."""
    names = {*CORE, file}
    if file in LICENSING + MINORS + SUPERVISION:
        names |= {*LICENSING}
    if file not in LICENSING + SUPERVISION:
        names |= {*JUDGING}
    if file in MINORS + SHARING:
        names |= {*ASSESSING}
    cited = {one for name in names - {"sources.toml"} for one in _texts(_SHIPPED[name], "source")}
    rows = [row for row in _SHIPPED["sources.toml"]["source"] if row["id"] in cited]
    return frozenset(names), {"source": rows}


def _texts(value: Any, under: str, here: bool = False) -> Iterator[str]:
    """Every text that stands under a key of that name."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, under, here or key == under)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, under, here)
    elif here and isinstance(value, str):
        yield value


def shipped() -> Documents:
    """A copy of the documents as they are."""
    return copy.deepcopy(_SHIPPED)


def _inside(place: Any, step: str | int) -> Any:
    if isinstance(place, list) and isinstance(step, str):
        return next(row for row in place if row["id"] == step)
    return place[step]
