"""The shipped pack as plain documents, to be broken on purpose.

`changed` gives a deep copy in which one place differs; the original is never touched.
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
    documents: Any = dict(_SHIPPED)
    place, name = documents, file
    for step in path:
        place[name] = copy.copy(place[name])  # what is not on the way is shared
        place, name = place[name], _named(place[name], step)
    if to is GONE:
        del place[name]
    else:
        place[name] = to
    return documents  # type: ignore[no-any-return]


def shipped() -> Documents:
    """A copy of the documents as they are."""
    return copy.deepcopy(_SHIPPED)


def _named(place: Any, step: str | int) -> Any:
    """What leads to `step`: in an array of tables, the place of the entry with that id."""
    if isinstance(place, list) and isinstance(step, str):
        return next(n for n, row in enumerate(place) if row["id"] == step)
    return step
