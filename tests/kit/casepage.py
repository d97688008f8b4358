"""The page of a case over a store of its own, called without sockets, read as a browser does."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from licet.gateway.casepage import case_page
from licet.gateway.casestore import CaseFile, CaseStore
from licet.gateway.dialects.model import Notice
from licet.rulebook import load_pack

PACK = load_pack("cn-genai-2023")
OPENED = datetime(2026, 11, 24, 2, 19, 57, tzinfo=UTC)
NOW = OPENED + timedelta(hours=3)
CASE = "LC-20261124-7F3K9Q2A"
SEALED = "zzyzx words that were stopped"
FORM = "application/x-www-form-urlencoded"


@dataclasses.dataclass(frozen=True)
class Got:
    """An answer as a client sees it."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Office:
    """The page over a store of its own, called without sockets."""

    def __init__(self, folder: Path) -> None:
        self.store = CaseStore(
            folder / "cases.db",
            folder / "case_keys.db",
            keep_days=90,
            chance=random.Random(3).randbytes,
        )
        self.now = NOW
        self.desk_url: str | None = None

    def open(self, case: str = CASE, **more: Any) -> None:
        category = more.get("category", "illegal_activity")
        known = PACK.categories.get(category) or PACK.categories["operator"]
        notice = Notice(
            case=case,
            category=category,
            rule=more.get("rule", "base.fraud.en.1"),
            reason=more.get("reason", dict(known.reason)),
            appeal="",
        )
        kind = more.get("kind", "halted")
        self.store.open(CaseFile(notice, kind, OPENED, "ex_1"), SEALED)

    def ask(
        self,
        path: str = f"/appeal/{CASE}",
        body: bytes | None = None,
        *,
        kind: str = FORM,
        accept: str = "text/html",
        languages: str = "",
        method: str = "",
        leaves: bool = False,
        host: str = "gateway.example",
    ) -> Got:
        path, _, query = path.partition("?")
        headers = {
            "host": host, "accept": accept, "accept-language": languages, "content-type": kind,
        }  # fmt: skip
        scope = {
            "type": "http",
            "method": method or ("GET" if body is None else "POST"),
            "path": path,
            "query_string": query.encode(),
            "headers": [(k.encode(), v.encode()) for k, v in headers.items() if v],
        }
        sent: list[Any] = []

        async def receive() -> Any:
            if leaves:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": body or b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(case_page(self.store, PACK, scope, receive, send, self.now, self.desk_url))
        if not sent:
            return Got(0, {}, "")
        start, data = sent
        assert len({name for name, _ in start["headers"]}) == len(start["headers"])
        given = {name.decode(): value.decode() for name, value in start["headers"]}
        return Got(start["status"], given, data["body"].decode())

    def appeal(self, words: str, **more: Any) -> Got:
        return self.ask(body=urlencode({"words": words}).encode(), **more)


class Reading(HTMLParser):
    """A page as a browser's parser sees it: its elements with attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]
