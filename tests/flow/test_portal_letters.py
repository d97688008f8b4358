"""Letters about notices: who gets one, what it does not say, and when it is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from kit.letters import BACKEND, Office
from kit.portal import portal
from kit.visitors import does, filed, visitors
from licet.base.clock import SystemClock
from licet.base.trouble import BadInput
from licet.portal.settings import read_mail


@pytest.fixture
def office() -> Iterator[type[Office]]:
    with portal("https://authority.example"):
        from django.test import override_settings

        Office.closed, Office.kept = False, []
        with override_settings(LICET_MAIL=True, EMAIL_BACKEND=BACKEND):
            visitors()
            yield Office


def now() -> datetime:
    return SystemClock().now()


def send(at: datetime) -> int:
    from licet.portal.filings.letters import send_letters

    return send_letters(at)


def to(office: type[Office]) -> list[str]:
    return sorted(address for one in office.kept for address in one.to)


def test_the_holders_staff_are_written_to_in_both_languages(office: type[Office]) -> None:
    case = filed()
    send(now())
    office.kept = []
    does(case.id, ("clerk", "send_back", {"requests": [{"text": "The secret is out."}]}))
    send(now())
    letters = [one for one in office.kept if "own.example" in one.to[0]]
    assert sorted(one.to[0] for one in letters) == [
        "drafter@own.example", "representative@own.example",
    ]  # fmt: skip
    text = letters[0].body
    for code in ("zh", "en"):
        assert f"https://authority.example/{code}/desk/{case.id}/" in text
    assert "Riverside" in letters[0].subject
    assert "The secret is out." not in letters[0].subject + text
    assert "\n" not in letters[0].subject


def test_officers_are_written_to_where_they_can_do_something(office: type[Office]) -> None:
    filed()
    send(now())
    assert to(office) == ["clerk@officer.example", "reviewer@officer.example"]


def test_a_letter_is_sent_once(office: type[Office]) -> None:
    filed()
    assert send(now()) == 1
    assert send(now() + timedelta(days=1)) == 0
    assert len(office.kept) == 2


def test_a_letter_that_does_not_leave_is_tried_again_later_and_given_up(
    office: type[Office],
) -> None:
    from licet.portal.filings.models import Notice
    from licet.portal.letters import TRIES_MAX

    filed()
    office.closed = True
    at = now()
    assert send(at) == 1
    assert send(at + timedelta(seconds=90)) == 0, "not at once"
    tries = 1
    while Notice.objects.exclude(letter_at=None).exists():
        at = Notice.objects.exclude(letter_at=None).get().letter_at
        tries += send(at)
        assert tries <= TRIES_MAX
    assert tries == TRIES_MAX
    office.closed = False
    assert send(at + timedelta(days=30)) == 0


def test_a_letter_leaves_when_the_server_is_back(office: type[Office]) -> None:
    filed()
    office.closed = True
    send(now())
    office.closed = False
    send(now() + timedelta(minutes=3))
    assert len(office.kept) == 2


def test_a_portal_that_nobody_visits_tells_and_writes_all_the_same(office: type[Office]) -> None:
    from licet.portal.filings.letters import tell_and_write
    from licet.portal.filings.models import Notice, StoredCase

    case = filed()
    does(case.id, ("clerk", "send_back", {"requests": [{"text": "Sign it."}]}))
    send(now())
    office.kept = []
    near = StoredCase.objects.get(pk=case.id).warns
    assert tell_and_write(near) == 1
    assert Notice.objects.filter(event=None).count() == 1
    assert to(office) == ["drafter@own.example", "representative@own.example"]
    assert tell_and_write(near) == 0


def test_a_round_that_fails_is_said_once_and_tried_again_and_so_is_its_end() -> None:
    from licet.base.trouble import Unavailable
    from licet.portal.rounds import Rounds

    said: list[str] = []
    turns = iter([True, True, False, True])

    def work(_: datetime) -> None:
        if next(turns):
            raise Unavailable("nobody answers.")

    rounds = Rounds("letters", work, 30.0, SystemClock(), said.append)
    for _ in range(4):
        rounds.once()
    trouble = "letters: nobody answers."
    assert said == [trouble, "letters: it works again", trouble]


def test_without_a_mail_server_nothing_waits(office: type[Office]) -> None:
    from django.test import override_settings

    from licet.portal.filings.models import Notice

    with override_settings(LICET_MAIL=False):
        filed()
        assert send(now()) == 0
    assert not Notice.objects.exclude(letter_at=None).exists()


def test_the_address_of_the_mail_server_is_read_whole_or_refused() -> None:
    said = read_mail("smtps://post%40a:p%2Fw@mail.example?from=desk@authority.example")
    assert (said["EMAIL_HOST"], said["EMAIL_PORT"]) == ("mail.example", 465)
    assert (said["EMAIL_HOST_USER"], said["EMAIL_HOST_PASSWORD"]) == ("post@a", "p/w")
    assert (said["EMAIL_USE_SSL"], said["EMAIL_USE_TLS"]) == (True, False)
    plain = read_mail("smtp://mail.example?from=desk@authority.example")
    assert (plain["EMAIL_PORT"], plain["EMAIL_USE_TLS"]) == (587, True)
    for wrong in (
        "mail.example",
        "http://mail.example?from=a@b",
        "smtp://mail.example",
        "smtp://",
    ):
        with pytest.raises(BadInput, match="smtp"):
            read_mail(wrong)
