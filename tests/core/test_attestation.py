"""What a provider attests of its customers' data: every statement, by somebody, for so long."""

from __future__ import annotations

from datetime import UTC, date, datetime
from html import escape

import pytest

from licet.assess.fairness.attesting import (
    blank,
    make_attestation,
    parse_attested,
    render_attestation,
)
from licet.base.canonical import canonical_json
from licet.base.trouble import BadInput
from licet.rulebook import load_pack

PACK = load_pack("cn-genai-2023")
RULE = PACK.assessment.attestation
assert RULE is not None
NOW = datetime(2026, 11, 28, 4, tzinfo=UTC)
FILLED = (
    blank(RULE)
    .replace('by = ""', 'by = "Chen Wei, head of compliance"')
    .replace("2026-01-01", "2026-11-27")
    .replace('evidence = ""', 'evidence = "policy 3.2 <b>"')
)
BAD = FILLED.replace(
    '[not_steered]\nholds = true\nevidence = "policy 3.2 <b>"',
    '[not_steered]\nholds = false\nwhy = "One system message praises our shop."',
)


def made(text: str, now: datetime = NOW) -> dict[str, object]:
    assert RULE is not None
    return make_attestation(parse_attested("a.toml", text, RULE), text, PACK, now, demo=False)


def test_it_says_who_attests_what_and_until_when() -> None:
    assert RULE is not None
    attested = parse_attested("a.toml", BAD, RULE)
    assert (attested.by, attested.on) == ("Chen Wei, head of compliance", date(2026, 11, 27))
    assert list(attested.answers) == list(RULE.statements)
    assert [key for key, one in attested.answers.items() if not one.holds] == ["not_steered"]
    results = made(BAD)["results"]
    assert isinstance(results, dict)
    assert results["until"] == "2027-11-27"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_shows_every_statement_in_both_languages_and_escapes_what_was_written(
    lang: str,
) -> None:
    assert RULE is not None
    page = render_attestation(made(BAD), lang)
    for one in RULE.statements.values():
        assert all(escape(text) in page for text in one.text.values())
    assert "policy 3.2 &lt;b&gt;" in page
    assert "Does not hold" in page
    assert canonical_json(made(BAD)) == canonical_json(made(BAD))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('by = "Chen Wei, head of compliance"', 'by = " "', "nobody attests"),
        ("on = 2026-11-27", 'on = "2026-11-27"', "the day is missing"),
        ("[kept_apart]", "[kept_together]", "no statement kept_together"),
        ('evidence = "policy 3.2 <b>"', 'evidence = ""', "goes with evidence"),
        ("holds = true", "holds = false", "goes with why"),
        ("holds = true", 'holds = "yes"', "is not answered"),
    ],
)
def test_what_is_not_answered_by_anybody_is_refused(old: str, new: str, told: str) -> None:
    assert RULE is not None
    with pytest.raises(BadInput, match=told) as refused:
        parse_attested("a.toml", FILLED.replace(old, new, 1), RULE)
    assert refused.value.hint


@pytest.mark.parametrize("day", ["2026-11-29", "2025-11-27"])
def test_a_day_to_come_or_long_ago_is_refused(day: str) -> None:
    with pytest.raises(BadInput, match="does not fit today"):
        made(FILLED.replace("2026-11-27", day))
