"""Fills an empty portal with the demonstration's world, through the same door as people.

It refuses to touch a portal that holds anything, and to write a table of cases itself.

Rules
1. Acts are done in the order of their moments, by people who may; a refusal is a bug in the world.
2. Officials get a second factor as any official does; its secret is kept beside the demo, for
   `licet portal people` to show the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.contrib.auth.hashers import make_password

from licet.base.tomlsource import TomlSource
from licet.cases import Case, Refusal, asked, proposed_number
from licet.portal.accounts.models import Body, Person
from licet.portal.demo.computing import share
from licet.portal.demo.data_sets import share_data
from licet.portal.demo.dossiers import ask, give_keys, publish
from licet.portal.demo.matters import follow_up
from licet.portal.families import errands
from licet.portal.families.service import child_of
from licet.portal.filings import service, uploads
from licet.portal.filings.models import Attachment, StoredCase
from licet.portal.incidents.arrival import follow_ledger
from licet.rulebook.procedure import ActRule, Field, Form

SPAN = timedelta(hours=2140)
"""How long ago the world begins."""
SECRETS = "demo-people.json"
SIGNAL_MS = 365 * 86_400_000


@cache
def world() -> dict[str, Any]:
    """The demonstration as data."""
    text = files(__package__).joinpath("world.toml").read_text(encoding="utf-8")
    return TomlSource("world.toml", text).parse()


def seed(now: datetime, own_number: str = "") -> bool:
    """Make the world, as if it had happened up to `now`; False where there is anything.

    `own_number`: under which the gateway beside us is licensed; one case of the world bears it,
    so that what is decided about that case takes hold of the gateway.
    """
    if Person.objects.exists() or StoredCase.objects.exists():
        return False
    for one in world()["body"]:
        Body.objects.create(
            code=one["code"], kind=one["kind"], name_zh=one["zh"], name_en=one["en"],
            region=one["region"],
        )  # fmt: skip
    _people()
    begin = now - SPAN
    give_keys(list(Person.objects.order_by("pk")), world()["password"], begin)
    acts: list[tuple[float, int, list[Any]]] = []
    cases: dict[int, str] = {}
    for place, one in enumerate(world()["case"]):
        steps = one["steps"]
        first = steps[0][0] - 1.5 if steps else SPAN.total_seconds() / 3600 - 30
        acts.append((first, place, ["begin"]))
        acts += [(step[0], place, step[1:]) for step in steps]
    for one in world()["dossier"]:
        acts += [(hours, -1, ["publish", one, step]) for hours, step in one["versions"]]
    for hours, place, step in sorted(acts, key=lambda act: (act[0], act[1])):
        moment = begin + timedelta(hours=hours)
        if step[0] == "publish":
            publish(step[1], step[2], moment)
            continue
        one = world()["case"][place]
        if not one.get("gateway") or own_number:
            _step(one, cases, place, step, moment, own_number)
    follow_up(now)
    for one in world()["order"]:
        ask(one, now)
    share_data(begin)
    share(world()["computing"], now)
    return True


def follow_gateway(where: str, vkey: str) -> None:
    """Let the provider whose case bears the gateway's number follow the gateway's ledger."""
    one = next(case for case in world()["case"] if case.get("gateway"))
    follow_ledger(where, vkey, Person.objects.get(email=one["by"]).body)


def register_users(now: datetime) -> None:
    """Let the gateway hear how old the chat's users are, as a provider's program says it."""
    at = int(now.timestamp() * 1000)
    for one in world()["user"]:
        signal = {
            "method": "document", "assurance": "high", "over": one["over"],
            "under": one.get("under"), "issued_ms": at, "expires_ms": at + SIGNAL_MS,
            "source": "demo",
        }  # fmt: skip
        errands.send(child_of(one["reference"]), "signal", {"signal": signal}, now)


def people() -> list[dict[str, str]]:
    """Who may sign in to the demonstration: email, name, password, and the code of this minute."""
    path = Path(settings.LICET_HOME) / SECRETS
    if not path.exists():
        return []
    kept = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    counters = list(totp.yield_hotp_counters_from_time())
    counter = counters[len(counters) // 2]
    return [
        {
            "email": one["email"],
            "name": one["name"],
            "roles": ", ".join(one["roles"]),
            "password": world()["password"],
            "code": totp.format_hotp_value(totp.hotp_value(kept[one["email"]], counter))
            if one["email"] in kept
            else "",
        }
        for one in world()["person"]
    ]


def _people() -> None:
    kept: dict[str, str] = {}
    stretched = make_password(world()["password"])  # one that all know: eight times says no more
    for one in world()["person"]:
        body = Body.objects.get(code=one["body"])
        person = Person.objects.create(
            email=one["email"], password=stretched, name=one["name"], body=body, roles=one["roles"]
        )
        if person.official:
            kept[one["email"]] = totp.generate_totp_secret()
            totp.TOTP.activate(person, kept[one["email"]])
    path = Path(settings.LICET_HOME) / SECRETS
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.encode(kept))


def _step(
    one: Mapping[str, Any], cases: dict[int, str], place: int, step: list[Any], moment: datetime,
    own_number: str,
) -> None:  # fmt: skip
    if step[0] == "begin":
        person = Person.objects.get(email=one["by"])
        case = _sure(service.begin(one["route"], person, moment))
        cases[place] = case.id
        answers = _answers(case, one, moment)
        _sure(service.act(case.id, "save_draft", {"answers": answers}, person, moment))
        return
    email, act_id, *more = step
    person, case = Person.objects.get(email=email), service.load(cases[place])
    rule = service.procedure().acts[act_id]
    data = _data(case, rule, more[0] if more else {}, moment)
    if one.get("gateway") and "number" in data:
        data["number"] = own_number
    _sure(service.act(case.id, act_id, data, person, moment))


def _sure(outcome: Case | Refusal) -> Case:
    assert isinstance(outcome, Case), f"the demonstration's world is not lawful: {outcome}"
    return outcome


def _answers(case: Case, one: Mapping[str, Any], moment: datetime) -> dict[str, Any]:
    """The answers of the world, completed by kind where the case is to be filed."""
    form = service.procedure().form_of(case.route)
    body = Body.objects.get(code=case.holder)
    known = {
        "organisation": body.name_zh,
        "organisation_code": body.code,
        "region_latin": "ShiFan" if body.region == "示范市" else "QingJiang",
        "contact_name": "联系人（演示）",
        "contact_email": "contact@body.example",
        "complaint_url": "https://service.example/complaints",
    }
    answers: dict[str, Any] = {k: v for k, v in known.items() if k in form.fields}
    for name, value in one["answers"].items():
        answers[name] = _resolved(value, moment)
    if not one.get("partial"):
        _complete(case, form, answers, moment)
    return answers


def _resolved(value: Any, moment: datetime) -> Any:
    if value == "today":
        return moment.date().isoformat()
    if isinstance(value, str) and value.startswith("of:"):
        found = StoredCase.objects.filter(title=value[3:]).exclude(number=None).first()
        assert found is not None, value
        return found.number
    return value


def _complete(case: Case, form: Form, answers: dict[str, Any], moment: datetime) -> None:
    while True:
        lacking = [f for f in asked(form, answers) if f.required and f.id not in answers]
        if not lacking:
            return
        for field in lacking:
            answers[field.id] = _filler(case, field, moment)


def _filler(case: Case, field: Field, moment: datetime) -> Any:
    """Something plausible by kind."""
    if field.kind == "file":
        return _file(case, field, moment)
    if field.kind == "yes_no":
        return False
    if field.kind == "number":
        return 15
    if field.kind == "date":
        return moment.date().isoformat()
    if field.choices:
        first = next(iter(field.choices))
        return [first] if field.kind == "choices" else first
    return f"{field.label['zh']}（演示内容）。"


def _file(case: Case, field: Field, moment: datetime) -> dict[str, Any]:
    text = f"{field.label['zh']} / {field.label['en']}\n演示文件，内容为虚构。\n{case.id}\n"
    taken = uploads.examine(f"{field.id}.txt", text.encode(), service.procedure().limits)
    assert isinstance(taken, uploads.Taken), taken
    uploads.put(settings.LICET_HOME, taken)
    Attachment.objects.create(
        case_id=case.id, sha256=taken.sha256, name=taken.name, kind=taken.kind,
        size=len(taken.data), at=moment,
    )  # fmt: skip
    return {
        "name": taken.name, "sha256": taken.sha256, "bytes": len(taken.data), "type": taken.kind,
    }  # fmt: skip


def _data(case: Case, rule: ActRule, given: Any, moment: datetime) -> dict[str, Any]:
    """The data of an act: what its effects need, out of what the world says."""
    more = given if isinstance(given, dict) else {}
    data: dict[str, Any] = {}
    for effect in rule.effects:
        if effect == "save":
            data["answers"] = {**case.draft, **more}
        elif effect == "assess":
            data["findings"] = _findings(case, given)
        elif effect == "request":
            data["requests"] = [{"text": more["request"]}]
        elif effect == "grant":
            data["number"] = _number(case, moment)
            data["conditions"] = _conditions(case, more)
        elif effect in ("state", "invite"):
            data["statement"] = _statement(rule, more)
        elif effect == "urgency":
            data["urgency"] = more["urgency"]
        elif effect in ("open_change", "announce"):
            data["date"] = moment.date().isoformat()
        elif effect in ("conclude", "message", "respond", "drop", "hold_hearing", "extend"):
            data["text"] = more.get("text", "审查意见已逐项记录，建议按审查结论办理。")
    return data


def _findings(case: Case, given: Any) -> dict[str, Any]:
    """Every check conforms, but for the one that is named."""
    return {
        check.id: {"result": "fails", "note": "所提交的措施不足，见说明。"}
        if check.id == given
        else {"result": "conforms", "note": ""}
        for check in service.procedure().checks_of(case.route)
    }


def _number(case: Case, moment: datetime) -> str:
    serial = StoredCase.objects.exclude(number=None).filter(route=case.route).count() + 1
    number = proposed_number(case, moment.date(), serial, serial, service.procedure())
    assert number is not None
    return number


def _conditions(case: Case, more: Mapping[str, Any]) -> list[dict[str, str]]:
    failing = [name for name, found in case.findings.items() if found["result"] == "fails"]
    return [{"text": more["condition"], "check": name} for name in failing]


def _statement(rule: ActRule, more: Mapping[str, Any]) -> dict[str, Any]:
    written = {k: more[k] for k in ("facts", "proportionality", "response") if k in more}
    facts = "所提交的材料齐全，逐项审查符合要求或者已附相应条件。"
    return {"provisions": list(rule.basis), "facts": facts, **written}


__all__ = ["people", "seed", "world"]
