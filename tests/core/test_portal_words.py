"""Every sentence that a page says exists in every language, and every colour can be read."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kit.house import ROOT
from licet.base.trouble import BadInput
from licet.portal.design.words import sentences
from licet.portal.settings import Installation, make_settings, read_database
from licet.rulebook import load_pack

PORTAL = ROOT / "src/licet/portal"
PACKS = ROOT / "src/licet/rulebook/packs"
SHEET = (PORTAL / "design/assets/portal.css").read_text(encoding="utf-8")
SAID = re.compile(r"""\{%\s*word\s+"([^"]+)"([^%]*)%\}|\bword\(\s*f?"([^"{]+)(["{])""")
BRACES = re.compile(r"\{(\w+)\}")


def places() -> list[Path]:
    return [p for p in PORTAL.rglob("*") if p.suffix in (".html", ".txt", ".py")]


def test_every_sentence_that_is_said_is_there_with_what_fills_it() -> None:
    for place in places():
        for tag, given, call, end in SAID.findall(place.read_text(encoding="utf-8")):
            key = tag or call
            if end == "{":
                assert any(one.startswith(key) for one in sentences()), f"{place.name}: {key}…"
                continue
            assert key in sentences(), f"{place.name}: no sentence {key!r}"
            if tag:
                wanted = {n for text in sentences()[key].values() for n in BRACES.findall(text)}
                assert wanted == set(re.findall(r"(\w+)=", given)), f"{place.name}: {key}"


def test_no_sentence_is_left_over() -> None:
    text = "\n".join(place.read_text(encoding="utf-8") for place in places())
    for key in sentences():
        table, _, name = key.partition(".")
        stem = name.split("-")[-1]
        whole = (f'"{table}.{{', f'part_word "{table}"')
        used = f'"{key}"' in text or f'-{stem}"' in text or any(one in text for one in whole)
        assert used, f"nobody says {key!r}"


@pytest.mark.parametrize("pack_id", sorted(p.parent.name for p in PACKS.glob("*/pack.toml")))
def test_the_zone_of_every_pack_has_a_name_that_says_its_offsets(pack_id: str) -> None:
    zone = load_pack(pack_id).time_zone
    seasons = (datetime(2026, month, 1, tzinfo=ZoneInfo(zone)) for month in (1, 7))
    hours = {str(one.utcoffset() // timedelta(hours=1)) for one in seasons}
    for text in sentences()[f"zone.{zone}"].values():
        assert set(re.findall(r"UTC\+(\d+)", text)) == hours, text


def test_whatever_is_wrong_on_a_page_has_the_focus_when_the_page_comes() -> None:
    for place in PORTAL.rglob("*.html"):
        for tag in re.findall(r'<div class="faults"[^>]*>', place.read_text(encoding="utf-8")):
            assert ' role="alert" tabindex="-1" autofocus' in tag, f"{place.name}: {tag}"


def luminance(colour: str) -> float:
    """Relative luminance of `rrggbb` (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        (front, back, 4.5)
        for front in ("ink", "quiet", "accent", "bad")
        for back in ("paper", "panel")
    ]
    + [("ink", "sunk", 4.5), ("on-accent", "accent", 4.5), ("accent", "accent-panel", 4.5)]
    + [(tone, f"{tone}-panel", 4.5) for tone in ("good", "wait", "bad")]
    + [("ink", f"{tone}-panel", 4.5) for tone in ("good", "wait", "bad", "accent")]
    + [("paper", "bad", 4.5), ("quiet", "sunk", 4.5), ("edge", "paper", 3), ("edge", "panel", 3)],
)
def test_contrast_is_enough_for_wcag_aa(scheme: str, front: str, back: str, least: float) -> None:
    light, dark = re.findall(r":root \{(.*?)\}", SHEET, re.DOTALL)[:2]
    colours = dict(re.findall(r"--([a-z-]+): #([0-9a-f]{6});", light))
    if scheme == "dark":
        colours |= dict(re.findall(r"--([a-z-]+): #([0-9a-f]{6});", dark))
    bright, dim = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= least


def test_an_installation_that_cannot_be_meant_is_refused_before_django_sees_it() -> None:
    with pytest.raises(BadInput, match="authority, a provider or both"):
        make_settings(Installation(home=Path("x"), roles=(), secret="s" * 64))
    with pytest.raises(BadInput, match="secret"):
        make_settings(Installation(home=Path("x"), secret="short"))
    with pytest.raises(BadInput, match="neither sqlite"):
        read_database("mysql://root@localhost/x", Path("x"))


def test_a_database_is_read_from_its_url() -> None:
    found = read_database("postgresql://u%40x:p%2Fw@db:5433/licet?sslmode=require", Path("x"))
    assert (found["USER"], found["PASSWORD"]) == ("u@x", "p/w")
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db", "5433", "licet")
    assert found["OPTIONS"] == {"sslmode": "require"}
    assert read_database("", Path("x"))["NAME"] == "x/portal.db"
