"""The real-name service as its protocol describes it, for tests and demonstrations.

It refuses to be lenient: what the service would refuse is refused here, with the service's codes.

Rules
1. Headers, signature, age of the request, body and each field are checked, in this order.
2. Quotas are kept by the second; who asks too much is throttled for a minute on that interface.
3. A check is answered by the script that the test wrote for a number; a pending one turns into its
   result when its time has come, and an answered query is forgotten after 300 s.
4. Whom it verified it knows by `pi`; a login or logout of anybody else is refused.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import msgspec

from licet.base.trouble import BadInput
from licet.minors.realname.protocol import (
    AI_CHARACTERS,
    BATCH_MAX,
    CODES,
    PATHS,
    QUERY_WITHIN_S,
    QUOTA_PER_S,
    REPORT_WITHIN_S,
    THROTTLED_S,
    Call,
    Credentials,
    open_body,
    sign,
)

FORGOTTEN_S = 300
STALE_MS = 300_000
_DIGITS = "0123456789abcdefghijklmnop"


@dataclass(slots=True)
class _Check:
    """A check under one `ai`."""

    id_number: str
    asked_s: float
    ready_s: float
    is_right: bool
    answered_s: float | None = None


@dataclass(slots=True)
class Simulator:
    """Answers requests. `now_s` is its clock. `pending_s`: by number, how long it is pending;
    `wrong`: numbers that go with no name. `is_strict`: a report that comes too late is refused.
    `reports` is what it took, as (pi, session, bt, ot, when it came)."""

    credentials: Credentials
    now_s: Callable[[], float]
    pending_s: dict[str, float] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    is_strict: bool = False
    reports: list[tuple[str, str, int, int, float]] = field(default_factory=list)
    requests: int = 0
    _checks: dict[str, _Check] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)
    _recent: dict[Call, deque[float]] = field(default_factory=dict)
    _until: dict[Call, float] = field(default_factory=dict)

    def answer(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        """HTTP status and body for one request."""
        self.requests += 1
        where = urlsplit(url)
        query = dict(parse_qsl(where.query))
        call = next((c for c, (_, path) in PATHS.items() if path == where.path), None)
        if call is None:
            return 404, _said(1002)
        if method != PATHS[call][0]:
            return 200, _said(1003)
        code = self._refused(call, headers, query, body)
        if code:
            return 200, _said(code)
        if call == "query":
            return 200, self._query(query.get("ai", ""))
        try:
            value = open_body(self.credentials, body)
        except BadInput:
            return 200, _said(1012)
        if not isinstance(value, dict):
            return 200, _said(1012)
        return 200, self._check(value) if call == "check" else self._report(value)

    def _refused(
        self, call: Call, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> int:
        """Rules 1 and 2: the code of a refusal, 0 for none."""
        given = {name: headers.get(name, "") for name in ("appId", "bizId", "timestamps", "sign")}
        if not all(given.values()) or not given["timestamps"].isdecimal():
            return 1004
        if given["appId"] != self.credentials.app_id or given["bizId"] != self.credentials.biz_id:
            return 1008
        at_ms = int(given["timestamps"])
        if given["sign"] != sign(self.credentials, at_ms, query, body):
            return 1011
        now = self.now_s()
        if abs(at_ms - now * 1000) > STALE_MS:
            return 1007
        recent = self._recent.setdefault(call, deque())
        while recent and recent[0] <= now - 1.0:
            recent.popleft()
        recent.append(now)
        if now < self._until.get(call, 0.0) or len(recent) > QUOTA_PER_S[call]:
            if now >= self._until.get(call, 0.0):
                self._until[call] = now + THROTTLED_S
            return 1006
        return 0

    def _check(self, value: Mapping[str, object]) -> bytes:
        ai, name, number = (value.get(key) for key in ("ai", "name", "idNum"))
        if not isinstance(ai, str) or len(ai) != AI_CHARACTERS or not name:
            return _said(1012)
        if not isinstance(number, str) or not _is_number(number):
            return _said(2001)
        if ai in self._checks:
            return _said(2004)
        now = self.now_s()
        ready = now + self.pending_s.get(number, 0.0)
        self._checks[ai] = _Check(number, now, ready, number not in self.wrong)
        return self._result(ai, now)

    def _query(self, ai: str) -> bytes:
        now, check = self.now_s(), self._checks.get(ai)
        if check is None or now - check.asked_s > QUERY_WITHIN_S:
            return _said(2003)
        if check.answered_s is not None and now - check.answered_s > FORGOTTEN_S:
            return _said(2003)
        return self._result(ai, now)

    def _result(self, ai: str, now: float) -> bytes:
        check = self._checks[ai]
        if now < check.ready_s:
            return _said(0, {"result": {"status": 1, "pi": None}})
        check.answered_s = now if check.answered_s is None else check.answered_s
        if not check.is_right:
            return _said(0, {"result": {"status": 2, "pi": None}})
        pi = pi_of(check.id_number)
        self._known.add(pi)
        return _said(0, {"result": {"status": 0, "pi": pi}})

    def _report(self, value: Mapping[str, object]) -> bytes:
        items = value.get("collections")
        if not isinstance(items, list) or not items:
            return _said(3002)
        if len(items) > BATCH_MAX:
            return _said(3003)
        results = []
        for item in items:
            code = self._item(item)
            if code:
                results.append({"no": item.get("no"), "errcode": code, "errmsg": CODES[code][1]})
            elif item["ct"] == 0:
                what = (item["pi"], item["si"], item["bt"], item["ot"], self.now_s())
                self.reports.append(what)
        return _said(3001 if results else 0, {"results": results})

    def _item(self, item: Mapping[str, object]) -> int:
        number, at, pi = item.get("no"), item.get("ot"), item.get("pi")
        if type(number) is not int or not 1 <= number <= BATCH_MAX:
            return 3004
        now = self.now_s()
        if type(at) is not int or at > now + 60 or (self.is_strict and now - at > REPORT_WITHIN_S):
            return 3005
        if item.get("ct") not in (0, 2):
            return 3006
        if item.get("bt") not in (0, 1):
            return 3007
        if item["ct"] == 2:
            return 0 if item.get("di") else 3009
        if not pi:
            return 3008
        return 0 if pi in self._known else 3010


def pi_of(id_number: str) -> str:
    """The `pi` that this simulator gives to whoever has a number: the day of birth in base 26,
    then 32 characters that depend on the number."""
    day, digits = int(id_number[6:14]), []
    for _ in range(6):
        day, digit = divmod(day, 26)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits)) + hashlib.sha256(id_number.encode()).hexdigest()[:32]


def _is_number(text: str) -> bool:
    """An identity number by its form and check character (GB 11643-1999)."""
    if len(text) != 18 or not text[:17].isdecimal():
        return False
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(text[:17]))
    return text[17].upper() == "10X98765432"[total % 11]


def _said(code: int, data: object = None) -> bytes:
    message = "OK" if code == 0 else CODES[code][1]
    return msgspec.json.encode({"errcode": code, "errmsg": message, "data": data or {}})
