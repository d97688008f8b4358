"""The outbox: what is in it is sent until the authority's own word has come, in its order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from kit.api import AUTHORITY, Provider, now
from kit.portal import portal
from licet.base.trouble import Conflict, TooMuch, Unavailable
from licet.portal.outbox.line import Answer

EVEN = b"\x80\x00"
"""Chance in the middle."""


class ToDoor:
    """A line to the door in this process; `before` and `after` do to it what networks do."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.asked: list[str] = []
        self.before: Callable[[str], Answer | None] = lambda asked: None
        self.after: Callable[[str, Answer], Answer] = lambda asked, answer: answer

    def ask(
        self, method: str, path: str, *, data: bytes | None = None, media_type: str = "",
        bearer: str = "",
    ) -> Answer:  # fmt: skip
        asked = f"{method} {path.partition('?')[0]}"
        self.asked.append(asked)
        instead = self.before(asked)
        if instead is not None:
            return instead
        said = self._client.generic(
            method, path, data or b"", media_type, headers={"authorization": f"Bearer {bearer}"}
        )
        answer = Answer(said.status_code, said["content-type"].partition(";")[0], said.content)
        return self.after(asked, answer)


def silence(asked: str) -> Answer | None:
    raise Unavailable("nobody is there.")


@pytest.fixture
def client() -> Iterator[Any]:
    with portal(AUTHORITY) as browser:
        yield browser


@pytest.fixture
def acme(client: Any) -> Provider:
    return Provider(client, "acme", enrolled=False)


@pytest.fixture
def line(client: Any, acme: Provider) -> ToDoor:
    """The line of an installation that is enrolled for acme: both sides in one database."""
    from licet.portal.outbox.linking import enrol

    made = ToDoor(client)
    enrol(AUTHORITY, "", acme.enrolment_code(), made, now())
    made.asked.clear()
    return made


def waits(acme: Provider, message: str = "msg_number_1", case: str = "", **changes: Any) -> Any:
    """A filing in the outbox."""
    from kit.cases import answers
    from licet.base.ids import new_id
    from licet.portal.filings.uploads import Taken
    from licet.portal.outbox.sending import put

    whole, files = answers("model_filing", **changes), []
    for name, value in whole.items():
        if isinstance(value, dict):
            taken = Taken(f"{name}.txt", "text/plain", f"report {name}".encode())
            files.append(taken)
            whole[name] = {
                "name": taken.name, "sha256": taken.sha256, "bytes": len(taken.data),
                "type": taken.kind,
            }  # fmt: skip
    case = case or new_id("case", now())
    body = {"case": case, "route": "model_filing", "answers": whole}
    return put(message, "filing", case, body, files, now())


def deliver(line: ToDoor, at: datetime | None = None) -> int:
    from licet.portal.outbox import delivering

    return delivering.deliver(line, at or now(), lambda size: EVEN[:size])


def state(message: str = "msg_number_1") -> tuple[str, str]:
    from licet.portal.outbox.models import Outgoing

    row = Outgoing.objects.get(pk=message)
    return row.state, row.code


def time_has_come() -> datetime:
    """Everything is due, by the clock that both sides have."""
    from licet.portal.outbox.models import Outgoing

    Outgoing.objects.update(next_try=now())
    return now()


def received() -> int:
    from licet.portal.api.models import Received

    return int(Received.objects.count())


def test_a_message_is_sent_with_its_files_and_its_receipt_is_kept(
    acme: Provider, line: ToDoor
) -> None:
    from licet.portal.outbox.delivering import check_receipt
    from licet.portal.outbox.linking import link

    row = waits(acme)
    assert deliver(line) == 1
    row.refresh_from_db()
    assert (row.state, check_receipt(row, row.receipt, link()).outcome) == ("done", "done")
    assert line.asked[-1] == "POST /api/v1/messages"
    assert {one.split("/")[3] for one in line.asked[:-1]} == {"attachments"}
    line.asked.clear()
    assert deliver(line, now() + timedelta(days=9)) == 0
    assert line.asked == []


def test_silence_is_met_by_waiting_longer_each_time(acme: Provider, line: ToDoor) -> None:
    from licet.portal.outbox.models import Outgoing

    waits(acme)
    line.before = silence
    moment, waited = now() + timedelta(seconds=1), []
    for _ in range(14):
        assert deliver(line, moment) == 0
        assert state() == ("waiting", "unreachable")
        next_try = Outgoing.objects.get().next_try
        waited.append(round((next_try - moment).total_seconds()))
        assert deliver(line, next_try - timedelta(seconds=1)) == 0, "not before its time"
        moment = next_try
    assert waited[:4] == [2, 3, 6, 12]
    assert waited[-1] == max(waited) == 675
    line.before = lambda asked: None
    assert deliver(line, time_has_come()) == 1
    assert (state(), received()) == (("done", ""), 1)


def test_an_answer_that_was_lost_is_asked_for_again_and_nothing_is_done_twice(
    acme: Provider, line: ToDoor
) -> None:
    """The authority took it, and the line broke before its receipt was here."""
    from licet.portal.filings.models import StoredCase

    def broken(asked: str, answer: Answer) -> Answer:
        if asked.startswith("POST"):
            raise Unavailable("the line broke.")
        return answer

    waits(acme)
    line.after = broken
    assert deliver(line) == 0
    assert (state()[0], received(), StoredCase.objects.count()) == ("waiting", 1, 1)
    line.after = lambda asked, answer: answer
    assert deliver(line, now() + timedelta(minutes=1)) == 1
    assert (state()[0], received(), StoredCase.objects.count()) == ("done", 1, 1)


NOT_ITS_WORD: dict[str, Answer] = {
    "a page of a proxy": Answer(200, "text/html", b"<h1>Sign in to the network</h1>"),
    "a page that forbids": Answer(403, "text/html", b"<h1>Forbidden</h1>"),
    "a page that is not there": Answer(404, "text/html", b""),
    "a redirect": Answer(302, "text/html", b""),
    "a problem of somebody else": Answer(400, "application/problem+json", b'{"title":"no"}'),
    "a problem that is none": Answer(400, "application/problem+json", b"<"),
    "a receipt that is none": Answer(201, "application/jose", b"e30.e30.e30"),
    "nothing": Answer(204, "", b""),
    "too busy": Answer(503, "text/plain", b"later"),
    "a mistake over there": Answer(500, "application/problem+json", b'{"code":"broken"}'),
    "too many": Answer(429, "application/problem+json", b'{"code":"too-many"}'),
    "a clock that is behind": Answer(401, "application/problem+json", b'{"code":"not-yet"}'),
}


@pytest.mark.parametrize("name", NOT_ITS_WORD)
def test_only_the_authoritys_own_word_ends_a_message(
    acme: Provider, line: ToDoor, name: str
) -> None:
    waits(acme)
    line.before = lambda asked: NOT_ITS_WORD[name]
    assert deliver(line) == 0
    assert state()[0] == "waiting"
    line.before = lambda asked: None
    assert deliver(line, now() + timedelta(minutes=1)) == 1
    assert state()[0] == "done"


def test_a_receipt_of_another_message_or_another_key_is_not_believed(
    acme: Provider, line: ToDoor
) -> None:
    from licet.portal.outbox.models import Link, Outgoing

    waits(acme)
    deliver(line)
    other = Outgoing.objects.get().receipt.encode()
    waits(acme, "msg_number_2")
    line.before = lambda asked: Answer(201, "application/jose", other) if "POST" in asked else None
    assert deliver(line) == 0
    assert state("msg_number_2") == ("waiting", "false-receipt")
    line.before = lambda asked: None
    kept = Link.objects.get()
    kept.receipts = {"keys": [acme.key.public.as_jwk()]}
    kept.save()
    assert deliver(line, now() + timedelta(minutes=1)) == 0
    assert state("msg_number_2") == ("waiting", "false-receipt")


def test_a_lawful_no_ends_a_message_and_is_kept_as_it_was_signed(
    acme: Provider, line: ToDoor
) -> None:
    from licet.portal.outbox.models import Outgoing

    waits(acme, contact_email="nobody")
    assert deliver(line) == 1
    assert state() == ("refused", "bad_data")
    assert Outgoing.objects.get().receipt.count(".") == 2


def test_what_the_authority_cannot_take_is_told_and_not_tried_again(
    acme: Provider, line: ToDoor
) -> None:
    from licet.portal.api.enrolling import end_key
    from licet.portal.outbox.linking import provider_key

    waits(acme)
    end_key(provider_key().public.id, now())
    assert deliver(line) == 1
    assert state() == ("not_taken", "unknown-key")


def test_a_file_that_got_lost_over_there_is_sent_again(acme: Provider, line: ToDoor) -> None:
    from licet.portal.api.models import Upload

    waits(acme)
    line.before = lambda asked: silence(asked) if "POST" in asked else None
    deliver(line)
    Upload.objects.all().delete()
    line.before = lambda asked: None
    assert deliver(line, now() + timedelta(minutes=1)) == 0
    assert state() == ("waiting", "missing-attachment")
    assert deliver(line, time_has_come()) == 1
    assert state()[0] == "done"


def test_messages_about_one_case_keep_their_order_and_others_do_not_wait(
    acme: Provider, line: ToDoor
) -> None:
    from licet.base.ids import new_id
    from licet.portal.outbox.sending import put

    case = new_id("case", now())
    waits(acme, "msg_number_1", case)
    put("msg_number_2", "act", case, {"case": case, "act": "withdraw"}, (), now())
    waits(acme, "msg_number_3")
    calls = iter(range(99))

    def first_fails(asked: str) -> Answer | None:
        return silence(asked) if next(calls) == 0 else None

    line.before = first_fails
    assert deliver(line) == 1
    assert [state(f"msg_number_{n}")[0] for n in (1, 2, 3)] == ["waiting", "waiting", "done"]
    assert deliver(line, now() + timedelta(minutes=1)) == 1
    assert deliver(line, now() + timedelta(minutes=1)) == 1
    assert [state(f"msg_number_{n}")[0] for n in (1, 2, 3)] == ["done", "done", "done"]


def test_who_dies_sending_has_lost_a_lease_and_nothing_else(acme: Provider, line: ToDoor) -> None:
    def dies(asked: str) -> Answer | None:
        raise KeyboardInterrupt

    waits(acme)
    line.before = dies
    with pytest.raises(KeyboardInterrupt):
        deliver(line)
    line.before = lambda asked: None
    assert deliver(line, now() + timedelta(minutes=4)) == 0, "somebody may still be sending"
    assert deliver(line, time_has_come()) == 1


def test_the_same_put_twice_is_put_once_and_something_else_is_a_conflict(
    acme: Provider, line: ToDoor
) -> None:
    from licet.portal.outbox.models import Outgoing
    from licet.portal.outbox.sending import find_filing, put

    row = waits(acme)
    body = {"case": row.subject, "route": "model_filing", "answers": {}}
    with pytest.raises(Conflict, match="something else"):
        put(row.pk, "filing", row.subject, body, (), now())
    with pytest.raises(Conflict, match="other answers"):
        find_filing(row.subject, body)
    assert Outgoing.objects.count() == 1


def test_the_outbox_has_a_bound(acme: Provider, line: ToDoor) -> None:
    from licet.portal.outbox import sending
    from licet.portal.outbox.models import Outgoing

    row = waits(acme)
    Outgoing.objects.bulk_create(
        Outgoing(
            id=f"msg_of_many_{n}", kind="act", subject="case", token="", made=row.made,
            ends=row.ends, next_try=row.next_try,
        )
        for n in range(sending.WAITING_MAX)
    )  # fmt: skip
    with pytest.raises(TooMuch, match="wait already"):
        waits(acme, "msg_one_too_many")


def test_nothing_is_sent_over_an_open_line() -> None:
    from licet.base.trouble import BadInput
    from licet.portal.outbox.line import HttpLine

    for url in (
        "http://authority.example",
        "ftp://a",
        "authority.example",
        "https://",
        "http://[",
    ):
        with pytest.raises(BadInput):
            HttpLine(url)
    HttpLine("http://127.0.0.1:1/")
