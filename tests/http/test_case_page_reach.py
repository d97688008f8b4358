"""The page of a case is safe to open and within reach: no script, no markup from outside, AA."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.casepage import CASE, Office, Reading
from licet.gateway.casepage_markup import document, element
from licet.gateway.casepage_words import WORDS
from licet.gateway.casestore import OBJECTION_CHARACTERS_MAX

STYLE = (files("licet.gateway") / "casepage.css").read_text("utf-8")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    with closing(office.store):
        yield office


class TestSafety:
    EVIL = """"><script>alert(1)</script><img src=x onerror=alert(1)>' & </textarea><b>"""

    def test_no_text_becomes_markup_wherever_it_stands(self, office: Office) -> None:
        evil = {"zh": self.EVIL, "en": self.EVIL}
        office.open(rule=self.EVIL, category=self.EVIL, reason=evil, kind=self.EVIL)
        for got in (
            office.ask(),
            office.appeal(self.EVIL + "x" * OBJECTION_CHARACTERS_MAX),
            office.ask(f"/appeal/{CASE}?lang={quote(self.EVIL)}&received={quote(self.EVIL)}"),
            office.ask(f"/appeal/{quote(self.EVIL)}"),
        ):
            page = Reading(got.text)
            names = {name for name, _ in page.elements}
            assert not names & {"script", "img", "b", "iframe", "style", "object"}
            for _, attributes in page.elements:
                assert not [name for name in attributes if name.startswith(("on", "style"))]

    @given(st.text(st.characters()), st.text(st.characters()))
    def test_what_goes_in_as_text_is_read_back_as_text(self, text: str, value: str) -> None:
        page = Reading(document(element("p", text, title=value), lang="en"))

        def readable(given: str) -> str:
            # What a parser makes of it: no half characters, NUL and CR as it likes.
            return re.sub(r"[\0\r]", "", given.encode("utf-8", "replace").decode())

        assert readable(page.words.strip("\n")) == readable(text.strip("\n"))
        assert readable(page.all("p")[0]["title"]) == readable(value)
        assert [name for name, _ in page.elements] == ["html", "p"]

    def test_nothing_is_loaded_run_stored_framed_or_told_elsewhere(self, office: Office) -> None:
        office.open()
        for got in (
            office.ask(),
            office.ask("/appeal/none"),
            office.appeal(""),
            office.appeal("why"),
            office.ask(accept="application/json"),
        ):
            policy = got.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; style-src 'self';")
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert got.headers["cache-control"] == "no-store"
            assert got.headers["referrer-policy"] == "no-referrer"
            assert got.headers["x-content-type-options"] == "nosniff"
            assert "noindex" in got.headers["x-robots-tag"]
            assert "set-cookie" not in got.headers
            page = Reading(got.text)
            assert not page.all("script")
            assert not page.all("style")
            assert [link["href"] for link in page.all("link")] in (["style.css"], [])


class TestReach:
    """What assistive technology and small screens need; the eye has to judge the rest."""

    @pytest.mark.parametrize("lang", sorted(WORDS))
    @pytest.mark.parametrize("state", ["fresh", "faulty", "received", "unknown"])
    def test_the_structure_holds(self, office: Office, lang: str, state: str) -> None:
        office.open()
        path = f"/appeal/{CASE}?lang={lang}"
        if state == "faulty":
            got = office.appeal("", path=path)
        elif state == "received":
            office.appeal("why")
            got = office.ask(f"{path}&received=1")
        else:
            got = office.ask(path if state == "fresh" else f"/appeal/none?lang={lang}")
        page = Reading(got.text)
        levels = [int(name[1]) for name, _ in page.elements if re.fullmatch("h[1-6]", name)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(b <= a + 1 for a, b in itertools.pairwise(levels))
        ids = [found["id"] for _, found in page.elements if "id" in found]
        assert len(set(ids)) == len(ids)
        for _, found in page.elements:
            for name in ("for", "aria-labelledby", "aria-describedby"):
                assert set(found.get(name, "").split()) <= set(ids)
        assert len(page.all("label")) == len(page.all("textarea"))
        assert {"header", "main", "footer", "nav"} <= {name for name, _ in page.elements}
        assert page.all("title")
        assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all(
            "meta"
        )

    def test_the_style_is_served_and_loads_nothing(self, office: Office) -> None:
        got = office.ask("/appeal/style.css")
        assert (got.status, got.headers["content-type"]) == (200, "text/css; charset=utf-8")
        assert got.text == STYLE
        assert not re.search(r"url\(|@import|@font-face", STYLE)

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize(
        ("front", "back", "least"),
        [
            ("ink", "paper", 7.0),
            ("ink", "panel", 7.0),
            ("quiet", "paper", 4.5),
            ("quiet", "panel", 4.5),
            ("accent", "paper", 4.5),
            ("on-accent", "accent", 4.5),
            ("good", "good-panel", 4.5),
            ("bad", "panel", 4.5),
            ("edge", "paper", 3.0),
            ("edge", "panel", 3.0),
        ],
    )
    def test_contrast_is_enough_for_wcag_aa(
        self, scheme: str, front: str, back: str, least: float
    ) -> None:
        light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[:2]
        colours = dict(re.findall(r"--([a-z-]+): #([0-9a-f]{6});", light))
        if scheme == "dark":
            colours |= dict(re.findall(r"--([a-z-]+): #([0-9a-f]{6});", dark))
        bright, dim = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= least


def luminance(colour: str) -> float:
    """Relative luminance of `rrggbb` (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
