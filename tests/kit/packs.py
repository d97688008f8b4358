"""The shipped pack as plain documents, to be broken on purpose.

`changed` gives the documents with one place that differs; the file it is in is a copy, and the
original is never touched. Whoever changes more takes `shipped`.
"""

from __future__ import annotations

import copy
import tomllib
from importlib.resources import files
from typing import Any

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


def shipped() -> Documents:
    """A copy of the documents as they are."""
    return copy.deepcopy(_SHIPPED)


def _inside(place: Any, step: str | int) -> Any:
    if isinstance(place, list) and isinstance(step, str):
        return next(row for row in place if row["id"] == step)
    return place[step]
