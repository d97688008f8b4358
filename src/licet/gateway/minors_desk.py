"""What a provider tells the gateway of its minors, and asks: signals, guardians, time, reports.

Every request is a POST of one JSON object with `user`, the reference that the same provider sends
with the user's requests (`figures` alone is about nobody); so no reference stands in an address,
and none in a log of addresses.

It refuses to decide: `licet.minors` does.

Rules
1. A key opens this only where it names the route `minors`.
2. A birth date, a name or the number of a document is refused by its field, unread; but where the
   real-name service is connected, whoever it is asked about is named to it, and to nobody else.
3. A lawful "no" (a setting that is not a guardian's to loosen) is a 409 with its stable code.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, replace

import msgspec

from licet.base.clock import rfc3339_ms
from licet.base.trouble import BadInput, Conflict, NotFound, Unavailable
from licet.gateway.admission import Denial, admit, refuse_service
from licet.gateway.asgi import Answer, Receive, Scope, Send, json_answer, read_body
from licet.gateway.asgi_trouble import BodyTooLarge, ClientLeft
from licet.gateway.parts import Parts
from licet.gateway.real_name import RealName
from licet.minors import asking
from licet.minors.record import parse_settings
from licet.minors.service import Answer as Standing
from licet.minors.service import MinorsService
from licet.minors.signal import parse_signal

BODY_BYTES_MAX = 16 << 10
USER_CHARACTERS_MAX = 512
_STATUS = {"bad_input": 400, "not_found": 404, "conflict": 409, "unavailable": 503}

Body = Mapping[str, object]
Deed = Callable[[MinorsService, str, Body], Awaitable[Answer]]
NamedDeed = Callable[[RealName, str, Body], Awaitable[dict[str, object]]]


async def serve_minors(parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
    """One request to the minors' desk."""
    try:
        answer = await _answer(parts, scope, receive)
    except ClientLeft:
        return
    except BodyTooLarge as trouble:
        answer = _error(413, trouble.code, str(trouble))
    except (BadInput, NotFound, Conflict, Unavailable) as trouble:
        answer = _error(_STATUS[trouble.code], trouble.code, str(trouble))
    await answer.send(send)


async def _answer(parts: Parts, scope: Scope, receive: Receive) -> Answer:
    denial = None if parts.clearance.is_open else refuse_service(parts, scope)
    key = denial or admit(parts, scope, "minors")
    if isinstance(key, Denial):
        return _error(key.status, key.code, key.message)
    if parts.minors is None:
        return _error(
            404, "minors_off", "Minors are not counted here: the operator has no [minors]."
        )
    if scope["path"] == FIGURES:
        _object(await read_body(scope, receive, BODY_BYTES_MAX), (), ())
        return json_answer(200, asdict(await parts.minors.service.figures()))
    _, fields = (_DEEDS | _NAMED)[scope["path"]]
    body = _object(await read_body(scope, receive, BODY_BYTES_MAX), fields)
    user = _user(body)
    subject = parts.minors.subjects.of(user)
    named = _NAMED.get(scope["path"])
    if named is None:
        return await _DEEDS[scope["path"]][0](parts.minors.service, subject, body)
    if parts.minors.real_name is None:
        return _error(404, "real_name_off", "There is no [minors.real_name] in this gateway.")
    said = await named[0](parts.minors.real_name, user, body)
    shown = _shown(await parts.minors.service.ask(subject))
    return json_answer(200, shown | said)


async def _signal(service: MinorsService, subject: str, body: Body) -> Answer:
    await service.register(subject, parse_signal(body.get("signal"), service.rules))
    return await _status(service, subject, body)


async def _forget(service: MinorsService, subject: str, body: Body) -> Answer:
    await service.forget(subject)
    return json_answer(200, {"forgotten": True})


async def _guardian(service: MinorsService, subject: str, body: Body) -> Answer:
    linked, consented = _flag(body, "linked"), _flag(body, "consented")
    await service.set_guardian(subject, linked=linked, consented=consented)
    return await _status(service, subject, body)


async def _settings(service: MinorsService, subject: str, body: Body) -> Answer:
    settings = parse_settings(body.get("settings"))
    if settings.extras:
        raise BadInput("settings.extras: is given by /v1/minors/more.", hint="Leave it out.")
    faults = await service.set_settings(subject, settings)
    if faults:
        named = [asdict(fault) for fault in faults]
        return _error(409, "settings_refused", "The pack does not allow these settings.", named)
    return await _status(service, subject, body)


async def _more(service: MinorsService, subject: str, body: Body) -> Answer:
    minutes = _whole(body, "minutes")
    request = _text(body, "id") if "id" in body else ""
    at_ms = (await service.ask(subject)).at_ms
    asked = asking.ask_more("now", subject, minutes, at_ms, service.rules, service.profile)
    if isinstance(asked, asking.Refusal):
        return _error(409, asked.code, "More time cannot be given so.")
    answered = asking.answer_more(asked, minutes, at_ms, service.rules, service.profile)
    if isinstance(answered, asking.Refusal) or answered[1] is None:
        raise BadInput("minutes: will not do.", hint="A whole number of minutes.")
    await service.give(subject, replace(answered[1], id=request))
    return await _status(service, subject, body)


async def _spend(service: MinorsService, subject: str, body: Body) -> Answer:
    """Asked before a payment is made. It counts from then on; told twice it counts once."""
    no = await service.spend(subject, _text(body, "payment"), _whole(body, "fen"))
    if no is not None:
        return _error(409, no.code, "This may not be paid.")
    return await _status(service, subject, body)


async def _heartbeat(service: MinorsService, subject: str, body: Body) -> Answer:
    """The page is open and somebody is there: what a provider's page says while it is read."""
    answer = await service.ask(subject)
    if answer.decision is not None and answer.allowed:
        answer = await service.sign(subject)
    return json_answer(200, _shown(answer))


async def _status(service: MinorsService, subject: str, body: Body) -> Answer:
    answer = await service.ask_all(subject)
    today = {} if answer.today is None else msgspec.to_builtins(answer.today, str_keys=True)
    return json_answer(200, _shown(answer) | {"profile": service.profile.id} | today)


async def _report(service: MinorsService, subject: str, body: Body) -> Answer:
    return json_answer(200, {"days": [asdict(day) for day in await service.report(subject)]})


async def _verify(real_name: RealName, user: str, body: Body) -> dict[str, object]:
    """Name and number are used for this one call."""
    name, number = (_text(body, field) for field in ("name", "id_number"))
    return {"verification": await real_name.verify(user, name, number)}


async def _visit(real_name: RealName, user: str, body: Body) -> dict[str, object]:
    await real_name.visit(user, _text(body, "visit"), online=_flag(body, "online"))
    return {}


_DEEDS: dict[str, tuple[Deed, tuple[str, ...]]] = {
    "/v1/minors/signal": (_signal, ("signal",)),
    "/v1/minors/forget": (_forget, ()),
    "/v1/minors/guardian": (_guardian, ("linked", "consented")),
    "/v1/minors/settings": (_settings, ("settings",)),
    "/v1/minors/more": (_more, ("minutes", "id")),
    "/v1/minors/spend": (_spend, ("payment", "fen")),
    "/v1/minors/heartbeat": (_heartbeat, ()),
    "/v1/minors/status": (_status, ()),
    "/v1/minors/report": (_report, ()),
}
_NAMED: dict[str, tuple[NamedDeed, tuple[str, ...]]] = {
    "/v1/minors/verify": (_verify, ("name", "id_number")),
    "/v1/minors/visit": (_visit, ("visit", "online")),
}
FIGURES = "/v1/minors/figures"
PATHS = (*_DEEDS, *_NAMED, FIGURES)


def _shown(answer: Standing) -> dict[str, object]:
    """What holds for a person, as JSON."""
    decision = answer.decision
    out: dict[str, object] = {"standing": answer.standing, "allowed": answer.allowed}
    if decision is None:
        return out
    left = answer.left_ms
    return out | {
        "why": decision.why,
        "minutes_left": None if left is None else left // 60_000,
        "seconds_left": None if left is None else left // 1_000,
        "next": None if decision.next_ms is None else rfc3339_ms(decision.next_ms),
        "can_ask": answer.can_ask,
        "reminders": {"pause": decision.pause_reminders, "reality": decision.reality_reminders},
        "features_off": sorted(answer.features_off),
        "presumed": decision.presumed,
    }


def _object(data: bytes, fields: tuple[str, ...], about: tuple[str, ...] = ("user",)) -> Body:
    try:
        body = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadInput("the body is not JSON.", hint="Send one JSON object.") from None
    allowed = (*about, *fields)
    if not isinstance(body, dict) or set(body) - set(allowed):
        raise BadInput("the body is not as it should be.", hint=f"Fields: {', '.join(allowed)}.")
    return body


def _user(body: Body) -> str:
    user = body.get("user")
    if not isinstance(user, str) or not 0 < len(user) <= USER_CHARACTERS_MAX:
        raise BadInput(
            "user: will not do.", hint="The reference that you send as safety_identifier or user."
        )
    return user


def _text(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= USER_CHARACTERS_MAX:
        raise BadInput(f"{name}: will not do.", hint="A text in quotes.")
    return value


def _whole(body: Body, name: str) -> int:
    value = body.get(name)
    if type(value) is not int:
        raise BadInput(f"{name}: will not do.", hint="A whole number.")
    return value


def _flag(body: Body, name: str) -> bool:
    value = body.get(name)
    if not isinstance(value, bool):
        raise BadInput(f"{name}: will not do.", hint="true or false.")
    return value


def _error(status: int, code: str, message: str, faults: object = None) -> Answer:
    error: dict[str, object] = {"message": message, "type": "minors_error", "code": code}
    if faults is not None:
        error["faults"] = faults
    return json_answer(status, {"error": error})
