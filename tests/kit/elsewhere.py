"""An authority elsewhere, in memory: what a provider's installation has at the end of its line.

    elsewhere = Elsewhere("acme")
    with elsewhere.linked():                    # this installation is ACME's alone, and enrolled
        deliver(elsewhere, now, chance)

It takes a message once and signs its receipt, decides by the pack as an authority does, and shows
what happened. It refuses to know the portal's tables: only their link is written.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from kit.proceedings import PACK, Play, brought
from licet.base.clock import SystemClock
from licet.cases import Act, Refusal, event_as_json, event_from_json
from licet.cases.proceedings import Person, Proceeding, apply, decide, replay
from licet.credentials import jws
from licet.credentials.keys import KeySet, SigningKey
from licet.credentials.message import MESSAGE_TYPE, Receipt, sign_keepers, sign_receipt
from licet.portal.outbox.line import Answer

URL = "https://elsewhere.example"


class Elsewhere:
    """`matters`: the proceedings here, by number; `parts`: what an order is shown with; `bodies`
    and `files`: what came, files by name; `cards`: its keepers', signed by `cards_key` where
    somebody on the way puts in theirs."""

    def __init__(self, provider: str) -> None:
        self.provider = provider
        self.key = SigningKey.from_seed(secrets.token_bytes(32))
        self.taken: dict[str, tuple[str, str]] = {}
        self.bodies: list[tuple[str, dict[str, Any]]] = []
        self.files: dict[str, bytes] = {}
        self.matters: dict[str, Proceeding] = {}
        self.parts: dict[str, dict[str, Any]] = {}
        self.cards: list[dict[str, str]] = []
        self.cards_key: SigningKey | None = None

    @contextlib.contextmanager
    def linked(self) -> Iterator[None]:
        """This installation is the provider's alone, and answers to this authority."""
        from django.test import override_settings

        from licet.portal.outbox.models import Link

        with override_settings(LICET_ROLES=("provider",)):
            Link.objects.create(
                pk=1, url=URL, authority=URL, provider=self.provider, kid="k", pack=PACK.id,
                receipts=msgspec.json.decode(KeySet.of([self.key.public]).as_jwks()),
                ledger="", since=SystemClock().now(),
            )  # fmt: skip
            yield

    def acts(self, number: str, act: str, by: Person, **data: Any) -> None:
        """Somebody here does an act, with what it should bring."""
        of = self.matters[number]
        at = SystemClock().now()
        play = Play(of.kind, start=at)
        play.of = of
        told = {**brought(play, act), **data}
        self._take(of, decide(of, Act(act, told), by, at, play.rules))

    def ask(
        self, method: str, path: str, *, data: bytes | None = None, media_type: str = "",
        bearer: str = "",
    ) -> Answer:  # fmt: skip
        """As a line asks."""
        path, _, query = path.removeprefix("/api/v1/").partition("?")
        if method == "POST":
            return Answer(201, "application/jose", self._receipt((data or b"").decode()).encode())
        if method == "PUT":
            name = unquote_plus(query.removeprefix("name="))
            digest = sha256(data or b"").hexdigest()
            self.files[name] = data or b""
            return _json(
                {"name": name, "sha256": digest, "bytes": len(data or b""), "type": "x"}, 201
            )
        if path == "cases":
            return _json({"cases": [], "next": None})
        if path == "keepers":
            now = SystemClock().now()
            token = sign_keepers(self.cards, URL, self.provider, now, self.cards_key or self.key)
            return Answer(200, "application/jose", token.encode())
        if path == "proceedings":
            rows = [self._row(of) for of in self.matters.values()]
            return _json({"proceedings": rows, "next": None})
        return _json(self._page(path.removeprefix("proceedings/"), int(query[6:] or 0)))

    def _receipt(self, token: str) -> str:
        told = jws.peek(token, MESSAGE_TYPE)
        message, digest = told["jti"], sha256(token.encode()).hexdigest()
        if message in self.taken:
            assert self.taken[message][0] == digest, "an id with other bytes"
            return self.taken[message][1]
        refusal = self._done(told["kind"], told["body"])
        self.bodies.append((told["kind"], told["body"]))
        receipt = sign_receipt(
            Receipt(
                message, URL, self.provider, told["kind"], digest,
                SystemClock().now().replace(microsecond=0),
                "refused" if refusal else "done", _subject(told["body"]),
                refusal={"code": refusal.code} if refusal else None,
            ),
            self.key,
        )  # fmt: skip
        self.taken[message] = (digest, receipt)
        return receipt

    def _done(self, kind: str, body: dict[str, Any]) -> Refusal | None:
        if kind == "report":
            assert body["proceeding"] not in self.matters, "reported twice"
            of = replay(event_from_json(one) for one in body["events"])
            self.matters[of.id] = of
        if kind == "step":
            of = self.matters[body["proceeding"]]
            rules = PACK.proceeding(of.kind)
            roles = frozenset(one.id for one in rules.roles.values() if one.side == "provider")
            by = Person("installation-1", "provider", self.provider, roles)
            outcome = decide(of, Act(body["act"], body["data"]), by, SystemClock().now(), rules)
            if isinstance(outcome, Refusal):
                return outcome
            self._take(of, outcome)
        return None

    def _take(self, of: Proceeding, outcome: Any) -> None:
        assert not isinstance(outcome, Refusal), outcome
        for event in outcome:
            of = apply(of, event)
        self.matters[of.id] = of

    def _row(self, of: Proceeding) -> dict[str, Any]:
        return {
            "proceeding": of.id, "kind": of.kind, "stage": of.stage,
            "changed": of.events[-1].at.isoformat(),
        }  # fmt: skip

    def _page(self, number: str, after: int) -> dict[str, Any]:
        of = self.matters[number]
        events = [
            {"number": n, "entry": n, "withheld": [], **event_as_json(event)}
            for n, event in enumerate(of.events)
        ]
        return {
            **self._row(of), "pack": of.pack, "events": events[after:], "next": len(events),
            "complete": True, "open_to_you": [], **self.parts.get(number, {}),
        }  # fmt: skip


def _subject(body: dict[str, Any]) -> str:
    return next(str(body[one]) for one in ("proceeding", "order", "case") if one in body)


def _json(value: Any, status: int = 200) -> Answer:
    return Answer(status, "application/json", msgspec.json.encode(value))
