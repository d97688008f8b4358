"""A family before a portal and a gateway that counts: links, limits, more time, appeals, help.

The pages are asked for as a browser would; the gateway is real, with the test's own time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import openai
import pytest

from kit.families import House, gateway_that_counts, house, shown, ticket
from kit.gateway import Served
from kit.letters import BACKEND, Office
from kit.minors_scene import Scene
from kit.minors_talk import chat, post
from kit.portal import NOW, person
from kit.visitors import signed_in
from licet.base.clock import SystemClock

HOUR = timedelta(hours=1)
ZERO = {f"total-{day}": "0" for day in range(7)}
ON = {f"feature-{name}": "on" for name in ("characters", "top_up", "voice", "images")}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scene, Served]]:
    with gateway_that_counts(tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture
def home(gateway: tuple[Scene, Served]) -> Iterator[House]:
    with house(*gateway) as found:
        yield found


def page(browser: Any, path: str) -> str:
    answer = browser.get(f"/en/{path}")
    assert answer.status_code == 200, (path, answer.status_code)
    return shown(answer)


def test_a_guardian_sets_limits_the_child_asks_and_the_chat_goes_on(home: House) -> None:
    child, guardian = home.child(over=12, under=14), home.guardian()
    assert "60 minutes left" in page(child, "family/mine/")
    link = home.linked(guardian, child)
    answer = guardian.post(f"/en/family/children/{link}/limits/", ZERO | ON)
    assert answer["location"] == f"/en/family/children/{link}/", shown(answer)
    assert "Today’s time is used up" in page(child, "family/mine/")
    with pytest.raises(openai.PermissionDeniedError):
        chat(home.served, home.reference)
    child.post("/en/family/mine/ask/", {"minutes": "30"})
    assert "asked for 30 more minutes" in page(child, "family/mine/")
    asks = guardian.get("/en/family/").content.decode()
    tap = re.search(r'action="(/en/family/children/[^"]+/answer/[^"]+)"', asks)
    assert tap
    guardian.post(tap[1], {"minutes": "30"})
    guardian.post(tap[1], {"minutes": "30"})  # twice tapped, given once
    assert "30 minutes left" in page(child, "family/mine/")
    assert chat(home.served, home.reference).headers["licet-minutes-left"] == "30"
    week = page(guardian, f"family/children/{link}/")
    assert "Text" in week
    assert "Good morning" not in week, "no transcripts"


def test_a_child_of_fourteen_is_asked_and_may_say_no(home: House) -> None:
    child, guardian = home.child(over=14, under=16), home.guardian()
    code = home.invited(guardian)
    child.post("/en/family/mine/code/", {"code": code.lower()})
    said = page(child, "family/mine/")
    assert "Mum wants to be linked" in said
    from licet.portal.families.models import StoredLink

    link = StoredLink.objects.get()
    assert link.stage == "asked"
    assert post(home.scene, home.served, "status", user=home.reference)[1]["linked"] is False
    child.post(f"/en/family/mine/links/{link.pk}/", {"act": "decline"})
    assert "Ming did not agree" in page(guardian, "family/")
    assert guardian.get(f"/en/family/children/{link.pk}/").status_code == 404


@pytest.mark.parametrize("by", ["guardian", "child"])
def test_unlinking_tells_both_and_lifts_the_guardians_limits(home: House, by: str) -> None:
    child, guardian = home.child(over=12, under=14), home.guardian()
    link = home.linked(guardian, child)
    guardian.post(f"/en/family/children/{link}/limits/", ZERO | ON)
    if by == "guardian":
        guardian.post(f"/en/family/children/{link}/end/")
    else:
        child.post(f"/en/family/mine/links/{link}/", {"act": "unlink"})
    assert "The link with Ming has ended" in page(guardian, "family/")
    assert "The link with Mum has ended" in page(child, "family/mine/")
    _, said = post(home.scene, home.served, "status", user=home.reference)
    assert (said["linked"], said["total_min"]) == (False, 60)


def test_limits_stay_while_another_guardian_is_linked(home: House) -> None:
    child, mum, dad = home.child(over=12, under=14), home.guardian(), home.guardian("Dad")
    first, _ = home.linked(mum, child), home.linked(dad, child)
    mum.post(f"/en/family/children/{first}/limits/", ZERO | ON)
    mum.post(f"/en/family/children/{first}/end/")
    _, said = post(home.scene, home.served, "status", user=home.reference)
    assert (said["linked"], said["total_min"]) == (True, 0)


def test_what_a_guardian_may_not_set_is_said_at_its_field(home: House) -> None:
    child, guardian = home.child(over=12, under=14), home.guardian()
    link = home.linked(guardian, child)
    for sent, name in (
        ({"month_yuan": "900"}, "month_yuan"),
        ({"total-3": "1441"}, "total-3"),
        ({"total-3": "-1"}, "total-3"),
        ({"quiet-0-days": "every", "quiet-0-from": "20:00", "quiet-0-to": "20:00"}, "quiet-0"),
        ({"quiet-1-days": "every", "quiet-1-from": "25:00", "quiet-1-to": "x"}, "quiet-1"),
    ):
        answer = guardian.post(f"/en/family/children/{link}/limits/", ON | sent)
        assert answer.status_code == 200
        assert f'href="#{name}"' in answer.content.decode(), name
    _, said = post(home.scene, home.served, "status", user=home.reference)
    assert said["settings"]["daily_min"] == {}


def test_quiet_hours_features_and_spending_hold_at_the_gateway(home: House) -> None:
    child, guardian = home.child(over=12, under=14), home.guardian()
    link = home.linked(guardian, child)
    sent = {"quiet-0-days": "every", "quiet-0-from": "11:00", "quiet-0-to": "13:00",
            "month_yuan": "20", "feature-characters": "on", "feature-top_up": "on"}  # fmt: skip
    guardian.post(f"/en/family/children/{link}/limits/", sent)
    said = page(child, "family/mine/")
    assert "These are quiet hours" in said
    assert "Open again: " in said
    assert "0 of 20 yuan" in said
    assert "Voice" in said
    status, _ = post(home.scene, home.served, "spend", user=home.reference, payment="a", fen=2_001)
    assert status == 409
    post(home.scene, home.served, "spend", user=home.reference, payment="b", fen=1_250)
    assert "12.50 of 20 yuan" in page(guardian, f"family/children/{link}/")
    shown_again = guardian.get(f"/en/family/children/{link}/limits/").content.decode()
    assert 'value="11:00"' in shown_again
    assert 'name="feature-voice">' in shown_again, "not ticked"


def test_what_is_decided_while_the_gateway_is_away_holds_once_it_is_back(home: House) -> None:
    from django.test import override_settings

    from licet.portal.families.rounds import go_round

    child, guardian = home.child(over=12, under=14), home.guardian()
    link = home.linked(guardian, child)
    child.post("/en/family/mine/ask/", {"minutes": "15"})
    with override_settings(LICET_GATEWAY_URL="http://127.0.0.1:9"):
        assert "does not answer" in page(child, "family/mine/")
        assert "does not answer" in page(guardian, f"family/children/{link}/limits/")
        child.post(f"/en/family/mine/links/{link}/", {"act": "unlink"})
        assert post(home.scene, home.served, "status", user=home.reference)[1]["linked"] is True
    go_round(NOW)
    assert post(home.scene, home.served, "status", user=home.reference)[1]["linked"] is False


def test_an_adult_is_answered_by_a_person_with_reasons(home: House) -> None:
    from licet.portal.families.models import StoredAppeal

    somebody = home.child(over=12, under=14)
    somebody.post("/en/family/mine/appeal/", {"words": "I am 20."})
    somebody.post("/en/family/mine/appeal/", {"words": "Again."})
    row = StoredAppeal.objects.get()
    assert "answers at the latest on" in page(somebody, "family/mine/")
    officer = signed_in(person("provider"))
    assert home.reference in page(officer, "desk/minors/")
    address = f"/en/desk/minors/appeals/{row.pk}/"
    assert "I am 20." in shown(officer.get(address))
    answer = officer.post(address, {"decision": "upheld", "words": " "})
    assert answer.status_code == 200, "nothing is decided without reasons"
    officer.post(address, {"decision": "upheld", "words": "The document shows it."})
    said = page(somebody, "family/mine/")
    assert "There is no limit on time" in said
    assert "The document shows it." in said
    assert officer.get(address).status_code == 404


def test_an_appeal_that_nobody_answered_is_overdue_and_nothing_decides_by_itself(
    home: House,
) -> None:
    from licet.portal.families import service
    from licet.portal.families.models import StoredAppeal
    from licet.portal.families.rounds import go_round

    home.child(over=12, under=14).post("/en/family/mine/appeal/", {"words": "I am 20."})
    row = StoredAppeal.objects.get()
    later = service.moment(row.due_ms) + timedelta(seconds=1)
    go_round(later)
    row.refresh_from_db()
    assert row.outcome == "open"
    assert service.is_late(row, later)
    assert not service.is_late(row, later - timedelta(seconds=2))


def test_guardians_hear_of_help_once_a_person_has_decided_so(home: House) -> None:
    from licet.portal.families.models import StoredAlert
    from licet.portal.families.rounds import go_round

    child, guardian = home.child(over=12, under=14), home.guardian()
    link = home.linked(guardian, child)
    lonely: Any = [{"role": "user", "content": "Tonight is the grey lantern hour for me."}]
    with pytest.raises(openai.BadRequestError):
        chat(home.served, home.reference, messages=lonely)
    go_round(NOW)
    go_round(NOW + timedelta(minutes=2))
    row = StoredAlert.objects.get()
    before = page(guardian, "family/") + page(guardian, f"family/children/{link}/")
    assert "words of help" not in before
    officer = signed_in(person("provider"))
    address = f"/en/desk/minors/alerts/{row.pk}/"
    assert "lantern" not in page(officer, f"desk/minors/alerts/{row.pk}/")
    officer.post(address, {"decision": "tell", "words": "Twice this week."})
    after = page(guardian, "family/") + page(guardian, f"family/children/{link}/")
    assert "words of help" in after
    assert "12356" in after
    assert "lantern" not in after
    assert "Twice this week" not in after
    assert officer.post(address, {"decision": "hold", "words": "x"}).status_code == 404


def test_a_ticket_opens_once_and_only_while_it_is_good(home: House) -> None:
    from django.test import Client

    good = ticket(home.reference)
    assert Client().get("/en/family/enter/", {"ticket": good}).status_code == 302
    for bad in (
        good,
        ticket(home.reference, -1),
        ticket(home.reference, 7_200),
        good[:-2],
        "",
        "x",
    ):
        answer = Client().get("/en/family/enter/", {"ticket": bad})
        assert answer.status_code == 400, bad
        assert "cannot be used" in shown(answer)


def test_who_comes_by_a_ticket_is_nobody_else_any_more(home: House) -> None:
    guardian = home.guardian()
    guardian.get("/en/family/enter/", {"ticket": ticket(home.reference)})
    assert guardian.get("/en/me/").status_code == 302


def test_an_address_is_taken_once_and_a_weak_password_never(home: House) -> None:
    from django.test import Client

    fields = {"name": "Mum", "email": "mum@body.example", "password": "river lantern seven"}
    for more, said in (
        ({"password": "short", "adult": "on"}, "12 characters"),
        ({}, "Only a guardian"),
    ):
        answer = Client().post("/en/family/join/", fields | more)
        assert said in shown(answer)
    assert Client().post("/en/family/join/", fields | {"adult": "on"}).status_code == 302
    again = Client().post(
        "/en/family/join/", fields | {"email": "MUM@body.example", "adult": "on"}
    )
    assert "cannot be used" in shown(again)


def test_figures_leave_out_small_cells(home: House) -> None:
    from licet.portal.families.models import Counted

    cells = {"from12.0": 40, "from12.30": None, "from16.30": None}
    Counted.objects.create(day=NOW.date(), persons=90, cells=cells)
    said = page(home.browser, "minors/")
    assert "40" in said
    assert "left out" in said
    assert "Cells of fewer than 10 persons" in said


def test_what_says_who_somebody_is_is_refused_with_a_word_and_kept_nowhere(home: House) -> None:
    from licet.portal.families.models import StoredAppeal

    child, guardian = home.child(over=12, under=14), home.guardian()
    for words, said in (("110101199003071234", "number of a document"), ("2001-3-4", "Take out")):
        answer = child.post("/en/family/mine/appeal/", {"words": f"I am 20. {words}"})
        assert said in shown(answer)
        assert "I am 20." in answer.content.decode(), "nothing that was typed is lost"
        invited = guardian.post("/en/family/invite/", {"called": words, "agree": "on"})
        assert said in shown(invited)
    assert not StoredAppeal.objects.exists()


def test_who_said_no_before_does_not_say_it_again(home: House) -> None:
    from licet.portal.families.models import StoredAppeal

    somebody = home.child(over=12, under=14)
    first, other = (
        signed_in(person("provider", f"{name}@body.example")) for name in ("first", "other")
    )

    def answered(officer: Any, decision: str) -> Any:
        row = StoredAppeal.objects.get(outcome="open")
        sent = {"decision": decision, "words": "As it is."}
        return officer.post(f"/en/desk/minors/appeals/{row.pk}/", sent)

    somebody.post("/en/family/mine/appeal/", {"words": "I am 20."})
    answered(first, "rejected")
    somebody.post("/en/family/mine/appeal/", {"words": "Look again."})
    refused = answered(first, "rejected")
    assert "a colleague decides" in shown(refused)
    assert "As it is." in refused.content.decode()
    assert answered(other, "rejected").status_code == 302
    somebody.post("/en/family/mine/appeal/", {"words": "And again."})
    assert answered(first, "upheld").status_code == 302


def test_guardians_are_written_to_and_a_letter_names_nobody(home: House) -> None:
    from django.test import override_settings

    from licet.portal.families.letters import send_letters

    child, guardian = home.child(over=12, under=14), home.guardian()
    home.linked(guardian, child)
    at = SystemClock().now()
    Office.closed, Office.kept = False, []
    public = "https://licet.example"
    with override_settings(LICET_MAIL=True, EMAIL_BACKEND=BACKEND, LICET_PUBLIC_URL=public):
        assert send_letters(at) == 1, "the link"
        child.post("/en/family/mine/ask/", {"minutes": "30"})
        child.post("/en/family/mine/ask/", {"minutes": "60"})
        assert send_letters(at + HOUR) == 1, "asked twice, written once"
        assert send_letters(at + 2 * HOUR) == 0
    letters = [f"{one.subject}\n{one.body}" for one in Office.kept]
    assert "孩子请求增加时间 · Your child asked for more time" in letters[1]
    for text in letters:
        assert f"{public}/zh/family/" in text
        assert f"{public}/en/family/" in text
        for private in ("Ming", home.reference, "30", "60"):
            assert private not in text


def test_a_week_is_told_once_to_whoever_was_linked_before_it(home: House) -> None:
    from licet.portal.families.models import Notice
    from licet.portal.families.rounds import report_week

    child, guardian = home.child(over=12, under=14), home.guardian()
    home.linked(guardian, child)
    told = Notice.objects.filter(kind="week")
    for days, count in ((0, 0), (7, 1), (7, 1), (14, 2)):
        report_week(SystemClock().now() + timedelta(days=days))
        assert told.count() == count
    assert "The week of Ming" in page(guardian, "family/")


def test_the_demonstrations_chat_says_each_piece_as_it_comes_and_why_it_ended(home: House) -> None:
    from django.test import override_settings
    from django.utils import translation

    from licet.portal.demo.talking import Talk

    home.child(over=12, under=14)
    with translation.override("en"), override_settings(LICET_GATEWAY_KEY=home.served.key):
        talk = Talk(home.reference, [], "answer:en-river-walk")
        pieces = list(talk)
        assert len(pieces) > 5
        assert talk.turns == [["user", "answer:en-river-walk"], ["assistant", "".join(pieces)]]
        halted = Talk(home.reference, talk.turns, "answer:en-bank-call")
        assert "The answer was stopped" in "".join(halted)
        home.scene.time.set(23 * 60)
        late = Talk(home.reference, talk.turns, "answer:en-river-walk")
        assert list(late) == []
        assert late.trouble
        assert late.turns == talk.turns
    with translation.override("en"), override_settings(LICET_GATEWAY_URL="http://127.0.0.1:9"):
        away = Talk(home.reference, [], "Hello.")
        assert list(away) == []
        assert "no answer" in away.trouble
