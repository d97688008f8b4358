"""What each pack says of what follows after a halt: numbers with their sources, and no power
without a second person. Nothing here or in the code asks which regime it is."""

from __future__ import annotations

import copy
import tomllib
from importlib.resources import files
from typing import Any

import pytest

from kit.packs import GONE, PACK_ID, changed
from licet.base.trouble import BadInput, NotFound
from licet.rulebook import Pack, installed_packs, load_pack, parse_pack
from licet.rulebook.place import place
from licet.rulebook.proceeding import KINDS, ProceedingRules

PACKS = [load_pack(pack_id) for pack_id in installed_packs()]
CN, EU = load_pack(PACK_ID), load_pack("eu-ai-act")
RULES = [
    pytest.param(pack, rules, id=f"{pack.id}-{rules.kind}")
    for pack in PACKS
    for rules in pack.supervision.proceedings.values()
]


@pytest.mark.parametrize(
    ("clock", "length", "unit", "status"),
    [
        ("report_ordinary", 24, "hour", "local-policy"),
        ("report_grave", 4, "hour", "local-policy"),
        ("report_infrastructure", 1, "hour", "official"),
        ("report_organ", 2, "hour", "official"),
        ("report_operator", 4, "hour", "official"),
        ("report_flaw", 24, "hour", "secondary"),
        ("forward_infrastructure", 30, "minute", "official"),
        ("forward", 1, "hour", "official"),
        ("final_report", 30, "calendar", "secondary"),
    ],
)
def test_hours_of_a_report_are_those_of_the_instruments(
    clock: str, length: int, unit: str, status: str
) -> None:
    rule = CN.proceeding("incident").clocks[clock]
    assert (rule.length, rule.unit) == (length, unit)
    assert CN.parameter(f"incident.{clock}.length").provenance.status == status


def test_article_14_itself_still_names_no_hour() -> None:
    """Trap 3 of the fact sheet: the service level is ours, and says so."""
    clock = CN.provision("art14.1").clock
    assert clock
    assert clock.due == "promptly"
    note = CN.parameter("incident.report_ordinary.length").provenance.note
    assert "names no hour" in note


@pytest.mark.parametrize(
    ("clock", "days"), [("report", 15), ("report_widespread", 2), ("report_death", 10), ("act", 7)]
)
def test_article_73_counts_days(clock: str, days: int) -> None:
    rule = EU.proceeding("incident").clocks[clock]
    assert (rule.length, rule.unit) == (days, "calendar")


def test_persons_concerned_propose_a_grade() -> None:
    incident = CN.supervision.incident
    assert incident
    found = {g.id: g.persons_min for g in incident.grades.values() if g.persons_min}
    assert found == {"larger": 10**6, "major": 10**7, "special": 10**8}


def test_the_ladder_is_three_in_a_row_or_five_a_day() -> None:
    ladder = CN.supervision.ladder
    assert ladder
    assert list(ladder.steps) == ["warn", "restrict", "suspend", "end"]
    assert (ladder.consecutive, ladder.per_day) == (3, 5)
    assert CN.parameter("measure.trigger.consecutive").provenance.sources == ("S35",)
    assert [step.id for step in ladder.steps.values() if step.alone] == ["warn", "restrict"]


def test_the_dossier_holds_the_five_matters_of_article_19() -> None:
    dossier = CN.supervision.dossier
    assert dossier
    assert dossier.levels == ("service_name", "implementation", "snapshot_sha256")
    asked = {"data_source", "data_scale", "data_type", "annotation_rules", "algorithm_mechanism"}
    assert asked <= {field.id for field in dossier.form.fields.values() if field.required}
    order = CN.proceeding("order").order
    assert order
    assert order.sections == {"data_detail", "annotation_rules", "weights_sha256"}


def test_a_regime_has_the_kinds_that_it_has() -> None:
    assert tuple(CN.supervision.proceedings) == KINDS
    assert tuple(EU.supervision.proceedings) == ("incident",)
    with pytest.raises(NotFound, match="no proceeding"):
        EU.proceeding("order")


@pytest.mark.parametrize(("pack", "rules"), RULES)
def test_a_machine_decides_nothing(pack: Pack, rules: ProceedingRules) -> None:
    """Design rule: no adverse decision by a machine alone, beyond what a ladder bounds."""
    for act in rules.acts.values():
        if act.side != "machine":
            continue
        assert not {"override", "open", "proven", "share", "scope"} & set(act.effects)
        fields = rules.forms[act.form].fields if act.form else {}
        assert not {"grade", "verdict", "decision_reason"} & set(fields), act.id
        assert "step" not in fields or "impose" in act.effects or act.to == "proposed", act.id


@pytest.mark.parametrize(("pack", "rules"), RULES)
def test_everything_has_words_and_a_place_in_law(pack: Pack, rules: ProceedingRules) -> None:
    named = [*rules.acts.values(), *rules.clocks.values(), *rules.stages.values()]
    assert all(set(one.name) == set(pack.languages) for one in named)
    for one in (*rules.acts.values(), *rules.clocks.values()):
        for law in one.basis:
            assert all(place(pack, law, language) for language in pack.languages)
    for form in rules.forms.values():
        assert form.fields[form.title]


BROKEN: list[tuple[str, tuple[str | int, ...], Any, str]] = [
    ("order", ("act", "open_sealed", "apart_from"), GONE, "decided by one pair of eyes"),
    ("correction", ("act", "release_against_proof", "apart_from"), GONE, "one pair of eyes"),
    ("order", ("limits", "shares_needed", "value"), 1, "no whole number from 2 to 3"),
    ("measure", ("act", "impose_alone", "by"), ["drafter"], "no role of its side"),
    ("measure", ("act", "impose", "by"), GONE, "says wrongly who does it"),
    ("measure", ("step", "end", "rank"), 9, "the ranks have gaps"),
    ("incident", ("act", "close", "to"), "asleep", "no stage 'asleep'"),
    ("incident", ("act", "close", "basis"), ["art99"], "no basis 'art99'"),
    ("incident", ("act", "dismiss", "after"), ["nod"], "no act 'nod'"),
    ("incident", ("act", "report_first", "needs"), ["mood"], "no field 'mood'"),
    ("incident", ("act", "report_first", "form"), "poem", "no form 'poem'"),
    ("incident", ("act", "find", "at"), ["found"], "opens or has stages"),
    ("incident", ("stage", "dismissed", "final"), False, "final and left, or open and a trap"),
    ("incident", ("stage", "closed", "final"), True, "final and left, or open and a trap"),
    ("incident", ("clock", "report_flaw", "when"), {"kind": ["poem"]}, "no answer to kind"),
    ("incident", ("clock", "report_flaw", "since"), "birthday", "no field 'birthday'"),
    ("incident", ("clock", "report_flaw", "stops"), ["sneeze"], "no act 'sneeze'"),
    ("incident", ("proposed_grade",), "mild", "no grade 'mild'"),
    ("measure", ("clock", "term", "rests"), ["proposed"], "expires and rests"),
    ("measure", ("act", "impose", "effects"), ["knight"], "'knight' is not known here"),
]


@pytest.mark.parametrize(("kind", "path", "to", "told"), BROKEN)
def test_a_proceeding_that_does_not_hold_together_is_refused(
    kind: str, path: tuple[str | int, ...], to: Any, told: str
) -> None:
    with pytest.raises(BadInput) as refused:
        parse_pack(changed(f"{kind}.toml", *path, to=to))
    assert told in refused.value.message
    assert refused.value.hint


def test_what_follows_a_halt_needs_the_calendar_of_a_procedure() -> None:
    folder = files("licet.rulebook") / "packs" / "eu-ai-act"
    whole = {e.name: tomllib.loads(e.read_text("utf-8")) for e in folder.iterdir()}
    alone = {n: d for n, d in copy.deepcopy(whole).items() if n != "calendar.toml"}
    with pytest.raises(BadInput, match=r"calendar.toml: is missing"):
        parse_pack(alone)
