"""The way to a page names things as people call them; what a page refuses, it says in their
language."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import pytest

from kit.commons import claimed, commons, ended, objected, running, stocked
from kit.house import ROOT
from kit.portal import listing, person, portal, trail
from kit.visitors import filed, granted, signed_in, visitors

TEMPLATES = ROOT / "src/licet/portal/design/templates"


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal() as client:
        yield client


def page(browser: Any, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    text: str = answer.content.decode()
    return text


def staff() -> Any:
    return signed_in(person("provider", "staff@own.example", ("representative",), "own"))


def officer() -> Any:
    return signed_in(person("authority", "officer@cac.example", ("reviewer",), "cac"))


def test_no_trail_names_a_thing_by_its_number() -> None:
    """A pool's id is its name; a model that is registered nowhere here has only its number."""
    known = {"compute/pool.html": ["pool.id"], "corpus/of_model.html": ["number"]}
    found: dict[str, list[str]] = {}
    for template in sorted(TEMPLATES.rglob("*.html")):
        text = template.read_text("utf-8")
        for part in re.findall(
            r'<nav class="trail".*?</nav>|compute/trail.html" with [^%]*', text
        ):
            shown = re.findall(r"(?:\{\{ |here=)([\w.]*\b(?:id|pk|number|job))\b", part)
            if shown or 'class="code"' in part:
                found[template.relative_to(TEMPLATES).as_posix()] = shown
    assert found == known


def test_a_model_is_called_by_its_name_where_it_is_registered(browser: Any) -> None:
    sees, address = officer(), "/zh/desk/data/models/A-1/"
    assert "A-1" in trail(page(sees, address))
    listing("A-1")
    shown = page(sees, address)
    assert "模型 A-1" in trail(shown)
    assert '<span class="code">A-1</span>' in shown


def test_what_is_computed_applied_for_and_objected_to_is_called_by_what_it_is(
    browser: Any,
) -> None:
    mine, sees = staff(), officer()
    with commons() as here:
        stocked(here, supplier="other")
        job = running(here)
        ended(here, job)
        objection = objected(here, job)
        claim = claimed(here)
    for who, address, number in (
        (mine, f"/en/compute/jobs/{job}/", job),
        (sees, f"/en/desk/compute/disputes/{objection}/", job),
        (sees, f"/en/desk/compute/vouchers/{claim}/", claim),
    ):
        shown = page(who, address)
        assert number not in trail(shown)
        assert re.search(rf'class="(over )?code">{number}<', shown), "it stays on the page"
        heading = re.search(r"<h1>(.*?)</h1>", shown)
        assert heading is not None
        assert heading[1] in trail(shown)


def test_an_upload_says_what_is_wrong_in_the_readers_language(browser: Any) -> None:
    mine, wrong = staff(), hashlib.sha256(b"promised").hexdigest()
    for zh, en, query, piece in (
        ("与所说的不符", "not what was promised", "size=5&at=0", b"other"),
        ("超过所说的 5 字节", "more than the 5 bytes", "size=5&at=0", b"longer"),
        ("size：应为整数", "size: it is a whole number", "size=many", None),
    ):
        for lang, said in (("zh", zh), ("en", en)):
            address = f"/{lang}/desk/data/content/{wrong}/?{query}"
            answer = mine.get(address) if piece is None else mine.put(address, piece)
            assert answer.status_code in (400, 422)
            assert said in answer.json()["error"]


def test_a_licence_is_reached_from_its_case_by_the_cases_title() -> None:
    with portal("https://authority.example"):
        from licet.portal.filings.models import StoredCase

        holder = next(one for one in visitors() if str(one) == "own representative")
        case = filed()
        granted(case)
        StoredCase.objects.filter(pk=case.id).update(title="Riverside 7B")
        for place in ("", "licence/"):
            assert "Riverside 7B" in trail(page(holder.browser, f"/en/desk/{case.id}/{place}"))
