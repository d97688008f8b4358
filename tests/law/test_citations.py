"""Source that cites the law cites law that exists: `law:` + pack + `/` + id."""

from __future__ import annotations

from pathlib import Path

import pytest

from licet.rulebook import (
    Citation,
    citations_in,
    cited_in,
    installed_packs,
    load_pack,
    unknown_citations,
)

ROOT = Path(__file__).parents[2]
PACKS = {pack_id: load_pack(pack_id) for pack_id in installed_packs()}
LAW = "law:"  # written apart, so that the examples below are no citations of this file


def test_every_law_cited_in_source_exists() -> None:
    citations = cited_in(ROOT / "src") + cited_in(ROOT / "docs", (".md",))
    assert list(map(str, unknown_citations(citations, PACKS))) == []


def test_citations_are_found_with_file_and_line() -> None:
    text = f"x = 1\n# {LAW}cn-genai-2023/art14.1. And {LAW}cn-genai-2023/A.1.f, too.\n"
    assert citations_in(text, "a.py") == (
        Citation("a.py", 2, "cn-genai-2023", "art14.1"),
        Citation("a.py", 2, "cn-genai-2023", "A.1.f"),
    )


@pytest.mark.parametrize(
    "cited",
    ["art14.1", "art14", "art17", "A.1", "A.2.i", "sexual", "guard.judged.tier", "halted_excerpt"],
)
def test_whatever_the_pack_names_may_be_cited(cited: str) -> None:
    assert not unknown_citations(citations_in(f"{LAW}cn-genai-2023/{cited}", "a.py"), PACKS)


@pytest.mark.parametrize(
    "cited",
    ["cn-genai-2023/art14.3", "cn-genai-2023/art24", "cn-genai-2023/A.6.a", "other/art14.1"],
)
def test_a_citation_of_law_that_is_not_there_is_found(cited: str) -> None:
    lost = unknown_citations(citations_in(f"\n# {LAW}{cited}", "b.py"), PACKS)
    assert [str(citation) for citation in lost] == [f"b.py:2: {LAW}{cited}"]
