"""What the door takes, once: filings and acts as signed messages, with receipts; and what not."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from kit.api import AUTHORITY, Provider, now
from kit.portal import person, portal
from licet.base.trouble import Corrupt
from licet.credentials.keys import SigningKey, parse_jwks
from licet.credentials.message import ACCESS_TYPE, read_receipt

DAY_S = 86_400


@pytest.fixture
def acme() -> Iterator[Provider]:
    with portal(AUTHORITY) as client:
        yield Provider(client, "acme")


def stored() -> int:
    from licet.portal.filings.models import StoredEvent

    return int(StoredEvent.objects.count())


def official(role: str) -> Any:
    from licet.portal.accounts.models import Person

    email = f"{role}@bureau.example"
    return Person.objects.filter(email=email).first() or person("authority", email, (role,))


def decides(case: str, act: str, role: str, **data: Any) -> Any:
    """An officer acts, as the page would."""
    from licet.cases import Refusal
    from licet.portal.filings import service

    outcome = service.act(case, act, data, official(role), now())
    assert not isinstance(outcome, Refusal), outcome
    return outcome


def test_a_filing_is_taken_once_and_its_receipt_says_where_it_stands(acme: Provider) -> None:
    from licet.portal.filings.models import StoredEvent

    token = acme.message("filing", acme.filing())
    first = acme.post("/messages", token)
    assert first.status_code == 201
    receipt = acme.receipt_of(first)
    assert (receipt.outcome, receipt.provider, receipt.authority) == ("done", "acme", AUTHORITY)
    assert receipt.sha256 == sha256(token.encode()).hexdigest()
    assert receipt.entries is not None
    begin, end = receipt.entries
    kinds = [row.kind for row in StoredEvent.objects.filter(seq__range=(begin, end))]
    assert kinds == ["opened", "save_draft", "file"]
    before = stored()
    again = acme.post("/messages", token)
    assert (again.status_code, again.content) == (200, first.content)
    assert stored() == before
    assert acme.get(f"/messages/{receipt.message}").content == first.content


def test_a_receipt_is_about_these_bytes_and_verifies_offline(acme: Provider) -> None:
    token = acme.message("filing", acme.filing())
    receipt = acme.post("/messages", token).content.decode()
    keys = parse_jwks(acme.client.get("/api/v1/keys").content)
    assert read_receipt(receipt, keys, token).outcome == "done"
    with pytest.raises(Corrupt, match="another message"):
        read_receipt(receipt, keys, acme.message("filing", acme.filing()))
    head, body, mark = receipt.split(".")
    with pytest.raises(Corrupt):
        read_receipt(f"{head}.{body[:-9]}AAAA{body[-5:]}.{mark}", keys)
    with pytest.raises(Corrupt):
        read_receipt(receipt, parse_jwks(acme.key.public and _set(acme.key)))


def _set(key: SigningKey) -> bytes:
    from licet.credentials.keys import KeySet

    return KeySet.of([key.public]).as_jwks()


def test_other_bytes_under_a_known_id_are_a_conflict_that_changes_nothing(acme: Provider) -> None:
    body = acme.filing()
    acme.send("filing", body, message="msg_the_first_one")
    before = stored()
    answer = acme.send("filing", acme.filing(), message="msg_the_first_one")
    assert (answer.status_code, answer.json()["code"]) == (409, "other-bytes")
    assert stored() == before


def test_ids_of_two_providers_do_not_meet(acme: Provider) -> None:
    other = Provider(acme.client, "other")
    assert acme.send("filing", acme.filing(), message="msg_the_same").status_code == 201
    assert other.send("filing", other.filing(), message="msg_the_same").status_code == 201


def test_a_lawful_no_is_signed_and_leaves_no_case(acme: Provider) -> None:
    body = acme.filing(model_name=" ", contact_email="nobody")
    token = acme.message("filing", body)
    first = acme.post("/messages", token)
    receipt = acme.receipt_of(first)
    assert receipt.outcome == "refused"
    assert receipt.entries is None
    assert receipt.refusal is not None
    assert receipt.refusal["code"] == "bad_data"
    assert receipt.refusal["faults"][0]["said"]["en"] == "Write an e-mail address."
    assert acme.get(f"/cases/{body['case']}").status_code == 404
    assert acme.post("/messages", token).content == first.content
    mended = acme.filing(case=body["case"])
    assert acme.receipt_of(acme.send("filing", mended)).outcome == "done"


def test_a_case_goes_back_and_forth_over_the_door(acme: Provider) -> None:
    body = acme.filing()
    case = body["case"]
    acme.send("filing", body)
    decides(case, "send_back", "clerk", requests=[{"text": "Say who the users are."}])
    page = acme.get(f"/cases/{case}").json()
    assert page["filing"] == "sent_back"
    assert page["events"][-1]["data"]["requests"] == [{"text": "Say who the users are."}]
    assert "refile" in page["open_to_you"]
    assert page["complete"]
    asked = {"case": case, "act": "refile", "answers": {**body["answers"], "functions": ["text"]}}
    assert acme.receipt_of(acme.send("act", asked)).outcome == "done"
    more = acme.get(f"/cases/{case}?after={page['next']}").json()
    assert [one["kind"] for one in more["events"]] == ["save_draft", "refile"]
    late = acme.receipt_of(acme.send("act", {"case": case, "act": "refile"}))
    assert late.outcome == "refused"
    assert late.refusal is not None
    assert late.refusal["said"]["zh"].startswith("当前阶段")
    assert late.entries is not None, "a refusal in a case stands in the ledger"
    assert [one["case"] for one in acme.get("/cases").json()["cases"]] == [case]


def test_every_event_that_is_told_stands_in_the_ledger_word_for_word(acme: Provider) -> None:
    from licet.cases.wire import event_digest, event_from_json
    from licet.ledger.entry import parse_entry
    from licet.ledger.note import parse_vkey
    from licet.ledger.proof import verify_receipt

    body = acme.filing()
    acme.send("filing", body)
    key = parse_vkey(acme.client.get("/register/ledger.vkey").content.decode().strip())
    for one in acme.get(f"/cases/{body['case']}").json()["events"]:
        proof = acme.get(f"/cases/{body['case']}/entries/{one['entry']}").content
        _, entry = verify_receipt(proof, key)
        told = {k: one[k] for k in ("kind", "actor", "role", "at", "data")}
        assert parse_entry(entry).pub["event_sha256"] == event_digest(event_from_json(told))


def test_findings_are_the_desks_own_and_that_is_said(acme: Provider) -> None:
    body = acme.filing()
    acme.send("filing", body)
    decides(body["case"], "accept", "clerk")
    from licet.portal.filings import service

    checks = service.procedure().checks_of("model_filing")
    found = {one.id: {"result": "conforms", "note": ""} for one in checks}
    decides(body["case"], "assess", "reviewer", findings=found)
    last = acme.get(f"/cases/{body['case']}").json()["events"][-1]
    assert (last["kind"], last["data"], last["withheld"]) == ("assess", {}, ["findings"])


def test_others_cases_do_not_exist(acme: Provider) -> None:
    body = acme.filing()
    acme.send("filing", body)
    other, case = Provider(acme.client, "other"), body["case"]
    for path in (f"/cases/{case}", f"/cases/{case}/entries/0", f"/cases/{case}?after=1"):
        assert other.get(path).status_code == 404, path
    assert other.get("/cases").json() == {"cases": [], "next": None}
    answer = other.send("act", {"case": case, "act": "withdraw"})
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-case")
    taken = other.send("filing", other.filing(case=case))
    assert (taken.status_code, taken.json()["code"]) == (409, "case-exists")
    theirs = acme.put_file("secret.txt", b"only acme has this").json()
    stolen = other.filing()
    stolen["answers"]["security_report"] = theirs
    answer = other.send("filing", stolen)
    assert (answer.status_code, answer.json()["code"]) == (422, "missing-attachment")


STRANGE = SigningKey.from_seed(b"s" * 32)
HOSTILE: dict[str, tuple[dict[str, Any], int, str]] = {
    "signed by nobody we know": ({"key": STRANGE}, 401, "unknown-key"),
    "for another authority": ({"aud": "https://other.example"}, 403, "wrong-authority"),
    "in another's name": ({"iss": "other"}, 403, "wrong-sender"),
    "expired": ({"exp": int(now().timestamp()) - 5}, 401, "expired"),
    "from the future": ({"iat": int(now().timestamp()) + DAY_S}, 401, "not-yet"),
    "good for ever": ({"exp": 4_102_444_800}, 403, "too-long-lived"),
    "another type of token": ({"typ": ACCESS_TYPE}, 400, "malformed"),
    "without an id": ({"jti": None}, 400, "malformed"),
    "an id with a path": ({"jti": "../../etc/passwd"}, 400, "malformed"),
    "without an end": ({"exp": None}, 400, "malformed"),
    "an end that is no number": ({"exp": "tomorrow"}, 400, "malformed"),
    "an end beyond all days": ({"exp": 10**15}, 400, "malformed"),
    "a moment that is a truth": ({"iat": True}, 400, "malformed"),
    "without a body": ({"body": None}, 400, "malformed"),
    "a body that is a list": ({"body": []}, 400, "malformed"),
    "an audience that is a list": ({"aud": [AUTHORITY, "x"]}, 400, "malformed"),
    "of no known kind": ({"kind": "decree"}, 422, "unknown-kind"),
    "a kind with a line": ({"kind": "filing\n"}, 400, "malformed"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_taken_leaves_nothing_behind(acme: Provider, name: str) -> None:
    from licet.portal.api.models import Received

    body = acme.filing()
    before = stored()
    claims, status, code = HOSTILE[name]
    answer = acme.send(**({"kind": "filing", "body": body} | claims))
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.content
    assert answer["content-type"] == "application/problem+json"
    assert (stored(), Received.objects.count()) == (before, 0)


FORGED = {
    "no token": "hello",
    "nothing but space": " ",
    "two parts": "a.b",
    "not base64": "§.§.§",
    "no algorithm": "eyJhbGciOiJub25lIiwidHlwIjoibGljZXQtbWVzc2FnZStqd3QifQ.e30.",
    "a million dots": "." * 1_000_000,
}


@pytest.mark.parametrize("name", FORGED)
def test_what_is_no_message_is_said_to_be_none(acme: Provider, name: str) -> None:
    answer = acme.post("/messages", FORGED[name])
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def test_a_message_whose_signature_or_body_was_changed_is_refused(acme: Provider) -> None:
    head, body, mark = acme.message("filing", acme.filing()).split(".")
    swapped = acme.message("filing", acme.filing()).split(".")
    for forged in (
        f"{head}.{swapped[1]}.{mark}", f"{head}.{body}.{swapped[2]}", f"{head}.{body}.",
        f"{swapped[0]}.{body}.{mark[::-1]}",
    ):  # fmt: skip
        answer = acme.post("/messages", forged)
        assert answer.json()["code"] in ("bad-signature", "malformed"), answer.content
        assert answer.status_code in (400, 401)


def test_a_key_that_was_ended_opens_nothing_any_more(acme: Provider) -> None:
    from licet.portal.api.enrolling import end_key

    body = acme.filing()
    end_key(acme.key.public.id, now())
    assert acme.send("filing", body).json()["code"] == "unknown-key"
    assert acme.get("/cases").json()["code"] == "unknown-key"


BODIES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "more than is asked": {"case": "case_" + "0" * 20, "act": "withdraw", "role": "approver"},
    "an id of another form": {"case": "case_1", "act": "withdraw"},
    "an id with a line behind": {"case": "case_" + "0" * 20 + "\n", "act": "withdraw"},
    "an act that is a list": {"case": "case_" + "0" * 20, "act": ["withdraw"]},
    "an act with a zero": {"case": "case_" + "0" * 20, "act": "with\x00draw"},
    "data that is a text": {"case": "case_" + "0" * 20, "act": "withdraw", "data": "x"},
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_held_against_its_kind(acme: Provider, name: str) -> None:
    answer = acme.send("act", BODIES[name])
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-body"), answer.content


def test_no_message_does_what_officials_do(acme: Provider) -> None:
    """A provider's key acts for the provider, whatever it asks for."""
    from licet.portal.filings import service

    body = acme.filing()
    acme.send("filing", body)
    for rule in service.procedure().acts.values():
        if rule.side == "authority":
            sent = acme.send("act", {"case": body["case"], "act": rule.id})
            receipt = acme.receipt_of(sent)
            assert (receipt.outcome, receipt.refusal and receipt.refusal["code"]) == (
                "refused", "other_side",
            ), rule.id  # fmt: skip
    assert service.load(body["case"]).filing == "filed"


def test_a_token_for_reading_opens_one_path_for_minutes(acme: Provider) -> None:
    moment = int(now().timestamp())
    path = "/api/v1/cases"
    for claims, code in (
        ({"htu": "/api/v1/cases?after=x"}, "wrong-request"),
        ({"htm": "PUT"}, "wrong-request"),
        ({"aud": "https://other.example"}, "wrong-authority"),
        ({"iss": "other"}, "wrong-sender"),
        ({"exp": moment - 1}, "expired"),
        ({"exp": moment + DAY_S}, "too-long-lived"),
    ):
        token = acme.access("GET", path, **claims)
        answer = acme.client.get(path, headers={"authorization": f"Bearer {token}"})
        assert answer.json()["code"] == code, claims
    for said in ("", "Basic YTpi", "Bearer ", "Bearer x", f"Bearer {acme.message('act', {})}"):
        answer = acme.client.get(path, headers={"authorization": said})
        assert answer.status_code in (400, 401), said


def test_a_code_opens_once_and_for_one_key(acme: Provider) -> None:
    newcomer = Provider(acme.client, "newcomer", enrolled=False)
    assert newcomer.send("filing", {}).json()["code"] == "unknown-key"
    code = newcomer.enrolment_code()
    first = newcomer.enrol(code)
    assert first.status_code == 201
    assert first.json()["provider"] == "newcomer"
    assert newcomer.enrol(code.lower()).json() == first.json()
    thief = Provider(acme.client, "thief", enrolled=False)
    assert thief.enrol(code).json()["code"] == "code-used"
    assert thief.enrol("LE-0000-0000-0000-0000").json()["code"] == "code-unknown"
    assert newcomer.enrol(newcomer.enrolment_code()).json()["code"] == "key-taken"


def test_a_code_of_two_weeks_ago_is_closed(acme: Provider) -> None:
    from datetime import timedelta

    from licet.portal.api.enrolling import give_code

    late = Provider(acme.client, "late", enrolled=False)
    code = give_code("late", now() - timedelta(days=14, seconds=1))
    assert late.enrol(code).json()["code"] == "code-unknown"


def test_a_licence_is_given_to_the_key_of_a_gateway_and_the_same_again(acme: Provider) -> None:
    from kit.cases import NUMBERS, STATEMENT
    from licet.credentials import read_licence
    from licet.portal.filings import service

    body = acme.filing()
    case, gateway = body["case"], SigningKey.from_seed(b"g" * 32)
    acme.send("filing", body)
    path = f"/cases/{case}/licences/{gateway.public.id}"
    assert acme.put(path, gateway.public.as_jwk()).status_code == 404, "nothing is in force"
    decides(case, "accept", "clerk")
    checks = service.procedure().checks_of("model_filing")
    found = {one.id: {"result": "conforms", "note": ""} for one in checks}
    decides(case, "assess", "reviewer", findings=found)
    decides(case, "recommend", "reviewer", text="It conforms.")
    decides(case, "grant", "approver", number=NUMBERS["model_filing"], conditions=[],
            statement=STATEMENT)  # fmt: skip
    token = acme.put(path, gateway.public.as_jwk())
    assert (token.status_code, token["content-type"]) == (200, "application/dc+sd-jwt")
    keys = parse_jwks(acme.client.get("/.well-known/jwks.json").content)
    assert read_licence(token.content.decode(), keys).key == gateway.public
    assert acme.put(path, gateway.public.as_jwk()).content == token.content
    assert acme.put(path, STRANGE.public.as_jwk()).json()["code"] == "bad-request"
    assert acme.put(path, [1]).json()["code"] == "bad-request"
    other = Provider(acme.client, "other")
    assert other.put(path, gateway.public.as_jwk()).status_code == 404
