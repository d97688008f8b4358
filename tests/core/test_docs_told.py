"""What README and guides tell of numbers, names and fields, against what there is."""

from __future__ import annotations

import re

import pytest

from kit.house import ROOT
from licet.gateway.dialects.model import Notice
from licet.gateway.keys import BY_NAME_ONLY, ROUTES
from licet.rulebook import load_pack

CELL = re.compile(r"`([^`]+)`")
STORES = {"postgresql://": "`postgres`", "redis://": "`redis`", "valkey://": "`redis`"}


def section(page: str, heading: str) -> str:
    """From a heading of a page to the next one of its rank."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_the_first_page_says_how_late_a_halt_may_be(page: str) -> None:
    judged = load_pack("cn-genai-2023").guard.judged
    opening = (ROOT / page).read_text(encoding="utf-8").partition("\n## ")[0]
    assert f" {judged.late_characters_max} " in opening
    assert f"`{judged.tier}`" in opening


def test_the_manual_names_every_route_that_a_key_can_open() -> None:
    told = CELL.findall(section("docs/guides/command-line.md", "Who may call: `keys`"))
    assert set(told) >= {*ROUTES, *BY_NAME_ONLY}


def test_the_guide_names_every_field_that_a_stopped_person_is_told() -> None:
    page = section("docs/guides/provider-engineer.md", "5. What your client does with it")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    service = {"licence": "valid", "filing": "F-1", "model": "M"}
    notice = Notice("LC-1", "operator", "r", {}, "https://a.example", "messages[0]", service)
    assert {name for row in rows for name in CELL.findall(row)} == set(notice.as_object())


def test_a_setting_that_takes_a_server_names_the_extra_that_brings_its_client() -> None:
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `url` |")]
    for row in rows:
        for scheme, extra in STORES.items():
            assert scheme not in row or extra in row, row
    assert sum("postgresql://" in row for row in rows) == 3
