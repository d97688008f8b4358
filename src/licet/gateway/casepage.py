"""The page of a case, `/appeal/{case}`: reads requests, asks the store, answers. HTML or JSON.

It refuses to know what the page says (`casepage_view`, `casepage_words`) and how cases are kept.

Rules
1. The case number is all that a person needs: no account, no cookie, no script. A page elsewhere
   that posts here gains nothing by its visitor: there is no session that it could ride on, and
   whoever knows the number may appeal anyway. So there is no token against forged requests.
2. The number is a secret, so no page may be stored, indexed, framed or named as a referrer.
3. An objection that was taken is answered by a redirect: loading the page again sends nothing.
4. Every answer can be had in JSON (Accept: application/json).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import parse_qs

import msgspec

from licet.base.clock import rfc3339
from licet.base.trouble import BadInput, NotAllowed, NotFound, TooMuch, Trouble, Unavailable
from licet.gateway.asgi import (
    JSON,
    Answer,
    Receive,
    Scope,
    Send,
    header,
    read_body,
)
from licet.gateway.asgi_trouble import BodyTooLarge, ClientLeft
from licet.gateway.casepage_markup import Html
from licet.gateway.casepage_view import (
    FIELD,
    CaseView,
    Draft,
    category_of,
    languages,
    render_busy,
    render_case,
    render_unknown,
)
from licet.gateway.casepage_words import WORDS
from licet.gateway.casestore import OBJECTION_CHARACTERS_MAX, OBJECTIONS_MAX, CaseStore
from licet.rulebook import Pack

BODY_BYTES_MAX = OBJECTION_CHARACTERS_MAX * 12 + 384
"""A form writes each byte of UTF-8 as three characters, and four bytes make a character."""
BODY_S = 30.0
STYLE = "style.css"

_CASE = re.compile(r"(LC-[0-9]{8}-)([0-9A-Z]{8,20})")
_READ_AS = str.maketrans("ILO", "110")  # what Crockford's base 32 takes look-alikes for
_WEIGHT = re.compile(r"\bq=([01](?:\.[0-9]{0,3})?)")
_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
_GUARDED = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", (_POLICY + "frame-ancestors 'none'").encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"vary", b"accept, accept-language"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow"),
)


class _Sent(msgspec.Struct):
    """An objection in JSON."""

    words: str


@dataclass(frozen=True, slots=True)
class _Request:
    """What a request asks for, as far as answers differ by it."""

    number: str
    lang: str
    wants: Literal["html", "json"]
    received: int
    """The objection that the redirect after a form speaks of; 0 without one."""
    host: str


async def case_page(
    store: CaseStore, pack: Pack, scope: Scope, receive: Receive, send: Send, now: datetime,
    desk_url: str | None = None,
) -> None:  # fmt: skip
    """Answer a request below `/appeal/`: GET and POST of a case, GET of the style. `desk_url`:
    where objections are answered, with `{case}` and `{lang}`; None: they are taken here."""
    number = scope["path"].rpartition("/")[2]
    if number == STYLE:
        await _style().send(send)
        return
    request = _read_request(scope, number, pack)
    page = _CasePage(store, pack, request, now, desk_url)
    try:
        if scope["method"] in ("GET", "HEAD"):
            answer = page.show()
        elif scope["method"] == "POST":
            answer = await page.take(scope, receive)
        else:
            trouble = NotAllowed("A case is read by GET and answered by POST.")
            answer = page.refuse(405, trouble, render_unknown(pack, request.lang))
    except NotFound as trouble:
        answer = page.refuse(404, trouble, render_unknown(pack, request.lang))
    except Unavailable as trouble:
        answer = page.refuse(503, trouble, render_busy(pack, request.lang))
    except ClientLeft:
        return
    await answer.send(send)


class _CasePage:
    """One request."""

    def __init__(
        self, store: CaseStore, pack: Pack, request: _Request, now: datetime, desk_url: str | None
    ) -> None:
        self._store = store
        self._pack = pack
        self._request = request
        self._now = now
        filled = {"{case}": request.number, "{lang}": request.lang}
        for gap, word in filled.items():
            desk_url = desk_url and desk_url.replace(gap, word)
        self._desk = desk_url or ""

    def show(self, draft: Draft | None = None, status: int = 200) -> Answer:
        """The case. Raises NotFound or Unavailable."""
        request = self._request
        record = self._store.find(request.number)
        objections = self._store.objections(request.number)
        received = next((one for one in objections if one.number == request.received), None)
        if draft is not None:
            received = None
        address = f"{request.host}/appeal/{record.case}"
        view = CaseView(record, objections, self._now, received, draft, self._desk, address)
        if request.wants == "json":
            return self._json(status, as_object(view, self._pack))
        return self._html(status, render_case(view, self._pack, request.lang))

    async def take(self, scope: Scope, receive: Receive) -> Answer:
        """An objection. Raises NotFound, Unavailable or ClientLeft."""
        request = self._request
        self._store.find(request.number)  # who does not know the number need not be read
        if self._desk:
            elsewhere = NotAllowed("objections are answered at the desk.", hint=self._desk)
            return self._fault(405, elsewhere, None)
        try:
            async with asyncio.timeout(BODY_S):
                body = await read_body(scope, receive, BODY_BYTES_MAX)
            words = parse_words(body, header(scope, b"content-type") or b"")
        except TimeoutError:
            raise ClientLeft from None
        except BodyTooLarge as trouble:
            return self._fault(413, trouble, Draft("long"))
        except BadInput as trouble:
            return self._fault(400, trouble, Draft("unreadable"))
        try:
            # It waits for the disk, which the event loop must not.
            made = await asyncio.to_thread(self._store.object_to, request.number, words, self._now)
        except BadInput as trouble:
            return self._fault(400, trouble, Draft("long" if words.strip() else "empty", words))
        except TooMuch as trouble:
            return self._fault(409, trouble, None)
        if request.wants == "json":
            taken = {"case": request.number, "number": made.number}
            return self._json(201, taken | {"received": rfc3339(made.received)})
        # Relative to where we are, so that it holds behind any prefix.
        location = f"?lang={request.lang}&received={made.number}"
        return Answer(303, b"", (*_GUARDED, (b"location", location.encode())))

    def refuse(self, status: int, trouble: Trouble, page: Html) -> Answer:
        """What there is instead of the case."""
        if self._request.wants == "json":
            error = {"code": trouble.code, "message": str(trouble)}
            return self._json(status, {"error": error})
        return self._html(status, page)

    def _fault(self, status: int, trouble: Trouble, draft: Draft | None) -> Answer:
        """The case again, with what was wrong with the objection and with its words."""
        if self._request.wants == "json":
            return self.refuse(status, trouble, Html())
        return self.show(draft, status)

    def _json(self, status: int, value: dict[str, Any]) -> Answer:
        return Answer(status, msgspec.json.encode(value), (JSON, *_GUARDED))

    def _html(self, status: int, page: Html) -> Answer:
        tag = WORDS[self._request.lang].tag.encode()
        kind = ((b"content-type", b"text/html; charset=utf-8"), (b"content-language", tag))
        return Answer(status, page.encode(), (*kind, *_GUARDED))


def as_object(view: CaseView, pack: Pack) -> dict[str, Any]:
    """The facts of the page as one JSON object, in every language of the pack."""
    record, category = view.record, category_of(view.record, pack)
    until = record.sealed_until
    provisions = () if category is None else category.provisions
    return {
        "case": record.case,
        "opened": rfc3339(record.opened),
        "stopped": {"refused": "prompt", "halted": "answer"}.get(record.kind, record.kind),
        "category": record.category,
        "name": None if category is None else dict(category.name),
        "rule": record.rule,
        "reason": dict(record.reason),
        "pack": pack.id,
        "provisions": [
            {"id": one, "paraphrase": dict(pack.provision(one).paraphrase)} for one in provisions
        ],
        "ct_sha256": record.ct_sha256,
        "sealed_until": None if until is None or until <= view.now else rfc3339(until),
        "objections": [
            {"number": one.number, "received": rfc3339(one.received)} for one in view.objections
        ],
        "objections_left": 0 if view.desk else OBJECTIONS_MAX - len(view.objections),
        "desk": view.desk or None,
    }


def parse_words(body: bytes, content_type: bytes) -> str:
    """The words of an objection, from a form or from `{"words": "…"}`. Raises BadInput."""
    kind = content_type.partition(b";")[0].strip().lower()
    try:
        if kind == b"application/json":
            return msgspec.json.decode(body, type=_Sent).words
        if kind == b"application/x-www-form-urlencoded":
            text = body.decode("utf-8", "replace")
            fields = parse_qs(text, keep_blank_values=True, max_num_fields=8, errors="replace")
            return fields.get(FIELD, [""])[0]
    except (ValueError, RecursionError):
        pass
    raise BadInput(
        "the objection cannot be read.",
        hint=f'Send the form of the page, or JSON: {{"{FIELD}": "…"}}.',
    )


def prefer(accepted: str, offered: Sequence[str]) -> str:
    """The one of `offered` that an Accept or Accept-Language header likes best (RFC 9110 §12.4.2);
    of equals the one named first, without any the first offered."""
    ranges = []
    for at, part in enumerate(accepted.lower().split(",")[:32]):
        name, _, rest = part.partition(";")
        weight = _WEIGHT.search(rest)
        ranges.append((name.strip(), float(weight[1]) if weight else 1.0, -at))

    def rank(choice: str) -> tuple[float, int]:
        any_of = {"*", "*/*", f"{choice.partition('/')[0]}/*"}
        named = [r[1:] for r in ranges if r[0] == choice or r[0].startswith(f"{choice}-")]
        return max(named or [r[1:] for r in ranges if r[0] in any_of], default=(0.0, 0))

    return max(offered, key=rank)


def _read_request(scope: Scope, written: str, pack: Pack) -> _Request:
    query = parse_qs(scope["query_string"].decode("latin-1")[:200])
    spoken = languages(pack)
    lang = query.get("lang", [""])[0]
    if lang not in spoken:
        lang = prefer(_text(scope, b"accept-language"), spoken)
    json = prefer(_text(scope, b"accept"), ("text/html", "application/json")) != "text/html"
    received = query.get("received", [""])[0]
    return _Request(
        number=read_number(written), lang=lang, wants="json" if json else "html",
        received=int(received) if re.fullmatch("[1-9][0-9]?", received) else 0,
        host=_text(scope, b"host"),
    )  # fmt: skip


def read_number(written: str) -> str:
    """A case number as people write it: small letters, and I, L, O for the digits they look like.

    What cannot be one is given back as it is; no case has it.
    """
    found = _CASE.fullmatch(written.strip().upper())
    return found[1] + found[2].translate(_READ_AS) if found else written


def _text(scope: Scope, name: bytes) -> str:
    return (header(scope, name) or b"").decode("latin-1")


@lru_cache(maxsize=1)
def _style() -> Answer:
    body = (files("licet.gateway") / "casepage.css").read_bytes()
    kind = (b"content-type", b"text/css; charset=utf-8")
    kept = (b"cache-control", b"public, max-age=3600")
    return Answer(200, body, (kind, kept, (b"x-content-type-options", b"nosniff")))
