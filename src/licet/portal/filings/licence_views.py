"""Pages and addresses of licences as tokens: getting one, checking one, keys and lists.

It refuses to know what a token is worth: `licet.credentials` does.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from licet.base.clock import SystemClock
from licet.base.trouble import BadInput, Corrupt, NotFound, Trouble
from licet.cases import Case, settled
from licet.credentials.keys import parse_jwks
from licet.credentials.statuslist import MEDIA_TYPE
from licet.credentials.wording import MEANINGS, NAMES
from licet.portal.design.words import word
from licet.portal.filings import service, tokens
from licet.portal.filings.arriving import on_case
from licet.portal.filings.desk import named

TOKEN_CHARACTERS_MAX = 20_000
_SECONDS_MAX = 253_402_300_799
_TONES = {"valid": "good", "suspended": "wait", "not-yet-valid": "wait", "unknown-stale": "wait"}


@on_case
def licence(request: HttpRequest, case: Case) -> HttpResponse:
    """The holder's licences: give one to a key, see those that were given."""
    pack, now = service.pack(), SystemClock().now()
    desk = tokens.issuer(pack)
    case = settled(case, now)
    if request.user.body.kind != "provider" or case.grant is None or desk is None:
        raise Http404
    trouble, token = "", ""
    if request.method == "POST":
        try:
            token = tokens.give(case, _read_key(request.POST.get("key", "")), now, pack)
        except Trouble as found:
            trouble = str(found)
    context = {
        **named(case, pack.procedure),
        "case": case,
        "given": tokens.tokens_of(case, desk),
        "token": token,
        "trouble": trouble,
        "sent": request.POST.get("key", ""),
        "open": pack.procedure.stages[case.licence].status == "valid",
        "on_desk": True,
    }
    return render(request, "filings/licence.html", context, status=422 if trouble else 200)


def _read_key(text: str) -> Any:
    """The public key in a JWK or a set of one. Raises BadInput."""
    text = text.strip()
    whole = text if '"keys"' in text else f'{{"keys":[{text}]}}'
    keys = list(parse_jwks(whole.encode()).keys.values())
    if len(keys) != 1:
        raise BadInput("one key is wanted.", hint="Paste one public JWK.")
    return keys[0]


def check(request: HttpRequest) -> HttpResponse:
    """Paste a licence, read what it is worth. Anybody may; nothing is kept."""
    token = request.POST.get("token", "").strip()[:TOKEN_CHARACTERS_MAX]
    context: dict[str, Any] = {"token": token}
    if token:
        try:
            standing = tokens.check(token, service.pack())
        except (BadInput, Corrupt) as trouble:
            context |= {"false": True, "forged": isinstance(trouble, Corrupt)}
        else:
            if standing is None:
                raise Http404
            context |= {
                "standing": standing,
                "name": NAMES[standing.state],
                "meaning": MEANINGS[standing.state],
                "tone": _TONES.get(standing.state, "bad"),
            }
    empty = request.method == "POST" and not token
    if empty:
        context["faults"] = [("token", word("check.token"), word("check.no-token"))]
    return render(request, "filings/check.html", context, status=422 if empty else 200)


@require_safe
def key_set(request: HttpRequest) -> HttpResponse:
    """GET /.well-known/jwks.json : the authority's keys."""
    desk = tokens.issuer(service.pack())
    if desk is None:
        raise Http404
    return HttpResponse(
        desk.keys.as_jwks(),
        content_type="application/json",
        headers={"cache-control": "no-cache", "access-control-allow-origin": "*"},
    )


@require_safe
def status_list(request: HttpRequest) -> HttpResponse:
    """GET /status/1 : the list as it is, or with `?time=` as it was (Token Status List, §8.4)."""
    desk, now = tokens.issuer(service.pack()), SystemClock().now()
    time = request.GET.get("time")
    if desk is None:
        raise Http404
    try:
        if time is None:
            token = desk.status_token(now)
        elif time.isascii() and time.isdigit() and int(time[:13]) <= _SECONDS_MAX:
            token = desk.status_token_at(datetime.fromtimestamp(int(time[:13]), UTC), now)
        else:
            return HttpResponse("time is whole seconds since 1970\n", status=400)
    except NotFound:
        raise Http404
    return HttpResponse(
        token,
        content_type=MEDIA_TYPE,
        headers={"cache-control": "no-cache", "access-control-allow-origin": "*"},
    )
