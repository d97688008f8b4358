"""Where the developers' data sets lie, if they do: never in the project, only beside it."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"  # ../shared/data


def data_dir() -> Path:
    """The folder named by LICET_DATA, else `../shared/data`. Skips the test where it is absent."""
    folder = Path(os.environ.get("LICET_DATA") or _BESIDE)
    if not folder.is_dir():
        pytest.skip(f"no data sets in {folder}; set LICET_DATA to the folder that holds them")
    return folder


def rows(name: str) -> Iterator[dict[str, Any]]:
    """The rows of `name` (as `text/benign.jsonl.gz`). Skips the test where it is absent."""
    path = data_dir() / name
    if not path.is_file():
        pytest.skip(f"no {name} among the data sets")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
