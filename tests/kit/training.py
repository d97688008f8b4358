"""Modules of the folder `training`, which is no package."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from kit.house import ROOT


def training_modules(*names: str) -> list[Any]:
    """The modules of these names. Raises ImportError where a library of theirs is missing."""
    sys.path.insert(0, str(ROOT / "training"))
    try:
        return [importlib.import_module(name) for name in names]
    finally:
        sys.path.remove(str(ROOT / "training"))
