"""How each pack licenses: what its sources say, and what a regime may not do.

The packs are read by the same code; nothing here or there asks which regime it is.
"""

from __future__ import annotations

import copy
import datetime as dt
import re
import tomllib
from importlib.resources import files
from typing import Any, get_args

import pytest

from kit.cases import REPRESENTATIVE, Play, actor, answers, brought
from kit.house import modules
from kit.packs import GONE, PACK_ID, changed
from licet.base.trouble import BadInput
from licet.cases import missing, proposed_number, status
from licet.rulebook import Pack, installed_packs, load_pack, parse_pack
from licet.rulebook.parse_supervision import FILES as SUPERVISION
from licet.rulebook.place import place
from licet.rulebook.procedure import Effect
from licet.rulebook.proceeding import ProceedingEffect

PACKS = [load_pack(pack_id) for pack_id in installed_packs()]
CN = load_pack(PACK_ID)
EU = load_pack("eu-ai-act")


@pytest.fixture(params=PACKS, ids=lambda pack: pack.id)
def pack(request: pytest.FixtureRequest) -> Pack:
    found: Pack = request.param
    return found


def test_the_four_routes_of_the_regime() -> None:
    assert list(CN.procedure.routes) == [
        "model_filing",
        "app_registration",
        "algorithm_filing",
        "sector_licence",
    ]


@pytest.mark.parametrize(
    ("clock", "length", "kind", "status"),
    [
        ("file_after_start", 10, "working", "official"),
        ("report_change", 10, "working", "official"),
        ("cancel_after_end", 20, "working", "official"),
        ("decide_algorithm", 30, "working", "secondary"),
        ("interim", 15, "calendar", "local-policy"),
    ],
)
def test_periods_are_those_of_the_provisions(
    clock: str, length: int, kind: str, status: str
) -> None:
    rule = CN.procedure.clocks[clock]
    assert (rule.length, rule.kind) == (length, kind)
    assert CN.parameter(f"procedure.{clock}.length").provenance.status == status


def test_a_filing_is_cancelled_after_the_end_not_thirty_days_before() -> None:
    rule = CN.procedure.clocks["cancel_after_end"]
    assert (rule.starts, rule.dated, rule.length) == (("announce_end",), True, 20)


def test_the_algorithm_form_asks_for_what_article_24_names() -> None:
    fields = set(CN.procedure.forms["algorithm_filing"].fields)
    assert fields >= {
        "organisation",
        "service_forms",
        "application_field",
        "algorithm_type",
        "self_assessment",
        "public_text",
    }
    assert len(CN.procedure.forms["algorithm_filing"].fields["algorithm_type"].choices) == 5


@pytest.mark.parametrize("number", ["ZheJiang-TongYiQianWen-20230901", "Beijing-YunQue-20230821"])
def test_published_numbers_fit_the_pattern(number: str) -> None:
    assert re.fullmatch(CN.procedure.routes["model_filing"].number_pattern, number)


def test_annex_viii_section_a_is_whole() -> None:
    """Points 1 to 13; point 7 is the stage of what is registered."""
    hints = [f.hint["en"] for f in EU.procedure.forms["annex_viii_a"].fields.values() if f.hint]
    points = {int(re.search(r"point (\d+)", hint)[1]) for hint in hints}  # type: ignore[index]
    assert points == set(range(1, 14)) - {7}
    stages = [s.id for s in EU.procedure.stages.values() if s.shown]
    assert stages == ["on_market", "no_longer", "recalled"]
    assert len(EU.procedure.forms["annex_viii_a"].fields["member_states"].choices) == 27


def test_a_provider_registers_by_itself_where_the_regime_says_so() -> None:
    play = Play("high_risk_registration", procedure=EU.procedure)
    play.act("save_draft", REPRESENTATIVE, **brought(play, "save_draft"))
    number = proposed_number(play.case, dt.date(2026, 3, 9), 1, 1, EU.procedure)
    assert number == "EU-20260309000001"
    play.act("register", REPRESENTATIVE, number=number)
    assert status(play.case, play.now, EU.procedure) == "valid"
    play.act("open_update", REPRESENTATIVE, date="2026-03-20")
    play.act("register_update", REPRESENTATIVE)
    assert play.case.in_force == play.case.versions[1]
    play.act("recall", REPRESENTATIVE, text="A fault in the sensor.")
    assert status(play.case, play.now, EU.procedure) == "invalid"
    assert play.open_to(REPRESENTATIVE) == set()


def test_a_regime_without_a_guard_says_so_where_it_is_asked() -> None:
    for ask in ("guard", "catalogue"):
        with pytest.raises(Exception, match="eu-ai-act has no"):
            getattr(EU, ask)


def test_no_code_asks_which_regime_it_is() -> None:
    ids = set(installed_packs())
    rules = [of for pack in PACKS for of in pack.supervision.proceedings.values()]
    of_cases = {name for p in PACKS for name in (*p.procedure.acts, *p.procedure.stages)}
    of_proceedings = {name for of in rules for name in (*of.acts, *of.stages)}
    # names of effects are the code's own
    words = {*get_args(Effect), *get_args(ProceedingEffect), "none"}
    for module in modules():
        if module.name.startswith("src/licet/cases/"):
            code = re.sub(r'"""[\s\S]*?"""|#.*', "", module.text)
            found = set(re.findall(r'"([^"\s]+)"', code))
            inside = module.name.startswith("src/licet/cases/proceedings/")
            names = of_cases | (of_proceedings if inside else set())
            assert not found & ids, module.name
            assert not found & (names - words), module.name


def test_every_form_can_be_filled_in_and_filed(pack: Pack) -> None:
    for route in pack.procedure.routes:
        form = pack.procedure.form_of(route)
        whole = answers(route, pack.procedure)
        assert missing(form, whole) == ()
        assert form.fields[form.title].visibility == "public"
        for fault in missing(form, {}):
            assert fault.code == "missing"


def test_every_text_is_there_in_every_language(pack: Pack) -> None:
    for form in pack.procedure.forms.values():
        for field in form.fields.values():
            texts = [field.label, *([field.hint] if field.hint else [])]
            texts += [choice.label for choice in field.choices.values()]
            assert all(set(text) == set(pack.languages) for text in texts)


def test_every_law_that_a_procedure_names_can_be_said_in_words(pack: Pack) -> None:
    for act in (*pack.procedure.acts.values(), *pack.procedure.clocks.values()):
        for law in act.basis:
            for language in pack.languages:
                assert place(pack, law, language)
    assert place(CN, "alg24.1", "en") == "Algorithm Recommendation Provisions, Art. 24(1)"
    assert place(CN, "alg24.1", "zh") == "《互联网信息服务算法推荐管理规定》第24条第1款"
    assert place(CN, "art14.1", "zh") == "《生成式人工智能服务管理暂行办法》第14条第1款"


def test_nothing_adverse_is_final_on_one_pair_of_eyes(pack: Pack) -> None:
    for act in pack.procedure.acts.values():
        if act.adverse:
            assert "state" in act.effects
            assert act.apart_from or "urgency" in act.effects


def test_everybody_who_must_act_can(pack: Pack) -> None:
    for party in pack.procedure.parties.values():
        assert any(party.id in act.by for act in pack.procedure.acts.values())
    assert actor("one", "acme", "representative").side == "provider"


BROKEN: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("act", "suspend", "at", "licence"), ["asleep"], "no stage of licence 'asleep'"),
    (("act", "suspend", "to", "licence"), "asleep", "no stage of licence 'asleep'"),
    (("act", "suspend", "by"), ["representative"], "no role of its side 'representative'"),
    (("act", "suspend", "effects"), ["knight"], "'knight' is not known here"),
    (("act", "suspend", "apart_from"), ["nod"], "no act 'nod'"),
    (("act", "suspend", "basis"), ["art99"], "no basis 'art99'"),
    (("act", "suspend", "apart_from"), None, "decided by one pair of eyes"),
    (("act", "suspend", "effects"), ["message"], "gives no reasons"),
    (("act", "propose_suspension", "hears"), "revoke", "nobody is heard"),
    (("act", "propose_suspension", "clock"), None, "invites to nothing"),
    (("clock", "interim", "expires"), None, "is urgent and never lapses"),
    (("clock", "term", "expires", "rounds"), None, "waits for nothing"),
    (("clock", "decide", "extension"), None, "extends nothing"),
    (("clock", "term", "expires"), None, "counts months and does not expire"),
    (("clock", "decide", "starts"), ["sneeze"], "no act 'sneeze'"),
    (("clock", "decide", "starts"), None, "starts by acts or since a field"),
    (("clock", "decide", "rests"), ["asleep"], "no stage 'asleep'"),
    (("clock", "file_after_start", "since"), "birthday", "no field 'birthday'"),
    (("route", "app_registration", "upstream"), "app_name", "upstream 'app_name' will not do"),
    (("route", "app_registration", "form"), "poem", "no form 'poem'"),
    (("route", "app_registration", "number", "pattern"), "(", "is no expression"),
    (("stage", "expired", "final"), False, ""),
    (("stage", "in_force", "final"), True, "is final and left"),
    (("check", "minors", "routes"), ["poem"], "no route 'poem'"),
    (("first_filing",), "asleep", "no stage 'asleep'"),
]


@pytest.mark.parametrize(("path", "to", "told"), BROKEN)
def test_a_procedure_that_does_not_hold_together_is_refused(
    path: tuple[str | int, ...], to: Any, told: str
) -> None:
    documents = changed("procedure.toml", *path, to=GONE if to is None else to)
    if not told:
        parse_pack(documents)
        return
    with pytest.raises(BadInput) as refused:
        parse_pack(documents)
    assert told in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize(
    ("path", "to", "told"),
    [
        (("holiday", "new_year_2026", "last"), "2025-12-01", "is not in the month after first"),
        (("holiday", "new_year_2026", "worked"), ["2026-01-05"], "is worked anyhow"),
        (("holiday", "new_year_2026", "worked"), ["2026-02-14"], "stand elsewhere"),
        (("holiday", "new_year_2026", "first"), "2026-02-30", "is no day"),
        (("years",), ["2025"], "lacks 2026"),
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused(
    path: tuple[str | int, ...], to: Any, told: str
) -> None:
    with pytest.raises(BadInput, match=told):
        parse_pack(changed("calendar.toml", *path, to=to))


def test_a_chapter_is_whole_or_absent() -> None:
    folder = files("licet.rulebook") / "packs" / "eu-ai-act"
    whole = {e.name: tomllib.loads(e.read_text("utf-8")) for e in folder.iterdir()}
    assert parse_pack(copy.deepcopy(whole)).id == "eu-ai-act"
    for name in set(whole) - set(SUPERVISION):
        with pytest.raises(BadInput, match=rf"{name}: is missing"):
            parse_pack({file: doc for file, doc in whole.items() if file != name})
