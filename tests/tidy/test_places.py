"""Nothing in the checkout names a place that only one machine has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kit.house import text_files

# Written in two halves so that this file does not find itself.
HOMES = re.compile(r"(?<![\w.$~/-])(/" + r"(?:home|Users)/[a-z][\w.-]*|/" + r"root/|/" + r"work/)")
LENT_DATA = re.compile(r"\bshared" + r"/")

# The one place that knows where test data may lie beside the checkout, and who asks it.
MAY_NAME_LENT_DATA = ("tests/kit/data.py", "training/")
GENERATED = {"uv.lock"}
NEW_LINE = "\n"


def faults_of(name: str, text: str) -> Iterator[str]:
    for found in HOMES.finditer(text):
        yield f"{name}:{text.count(NEW_LINE, 0, found.start()) + 1}: a path of one machine"
    if not name.startswith(MAY_NAME_LENT_DATA):
        for found in LENT_DATA.finditer(text):
            line = text.count(NEW_LINE, 0, found.start()) + 1
            yield f"{name}:{line}: ask kit.data.data_dir()"


def test_no_file_names_the_machine_it_was_written_on() -> None:
    ours = [(name, text) for name, text in text_files() if name not in GENERATED]
    assert len(ours) > 1_000
    assert [fault for name, text in ours for fault in faults_of(name, text)] == []
