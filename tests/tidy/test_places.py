"""Nothing in the checkout names a place that only one machine has."""

from __future__ import annotations

import re

import pytest

from kit.house import text_files

# Written in two halves so that this file does not find itself.
HOMES = re.compile(r"(?<![\w.$~/-])(/" + r"(?:home|Users)/[a-z][\w.-]*|/" + r"root/|/" + r"work/)")
LENT_DATA = re.compile(r"\bshared" + r"/")

# The one place that knows where test data may lie beside the checkout, and who asks it.
MAY_NAME_LENT_DATA = ("tests/kit/data.py", "training/")
GENERATED = {"uv.lock"}


@pytest.mark.parametrize(
    ("name", "text"),
    [f for f in text_files() if f[0] not in GENERATED],
    ids=lambda v: v if len(v) < 80 and "\n" not in v else "",
)
def test_no_file_names_the_machine_it_was_written_on(name: str, text: str) -> None:
    for number, line in enumerate(text.splitlines(), 1):
        assert not HOMES.search(line), f"{name}:{number}: a path of one machine"
        if not name.startswith(MAY_NAME_LENT_DATA):
            assert not LENT_DATA.search(line), f"{name}:{number}: ask kit.data.data_dir()"
