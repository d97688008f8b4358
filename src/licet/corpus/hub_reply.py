"""Replies to clients of the Hub's API, as values: statuses, headers, bodies.

It refuses to know which data sets there are. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from licet.corpus.catalogue import Version
from licet.corpus.words import CAUSE, DENIALS, MISSING, WITHDRAWN

Header = tuple[str, str]
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes [start, end) of content, as a body."""

    sha256: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. Headers are text; they may hold Chinese, and are sent in UTF-8."""

    status: int
    headers: tuple[Header, ...] = ()
    body: bytes | Content = b""

    @property
    def length(self) -> int:
        """Bytes of the body."""
        body = self.body
        return body.end - body.start if isinstance(body, Content) else len(body)


def json_reply(status: int, value: Any, headers: Sequence[Header] = ()) -> Reply:
    """A JSON answer that is not to be stored."""
    kind = (("content-type", "application/json"), ("cache-control", "no-store"))
    return Reply(status, (*kind, *headers), msgspec.json.encode(value))


def denied(status: int, code: str, message: str) -> Reply:
    """Who asks may not. `code` is the Hub's (`GatedRepo`)."""
    headers = [("x-error-message", message), *([("x-error-code", code)] if code else [])]
    if status == 401:
        headers.append(("www-authenticate", 'Bearer realm="licet"'))
    return json_reply(status, {"error": message}, headers)


def denial(why: str, page: str = "") -> str:
    """Why who asks may not, in both languages. `page`: where to go."""
    return " / ".join(DENIALS[why][lang].format(page=page) for lang in ("en", "zh"))


def lack(what: str, **about: str) -> str:
    """What is not there, in both languages."""
    return " / ".join(MISSING[what][lang].format(**about) for lang in ("en", "zh"))


def missing(code: str, message: str, commit: str = "") -> Reply:
    """There is no such thing. `code` is the Hub's, `commit` the version that was looked in."""
    headers = [("x-error-code", code), ("x-error-message", message)]
    if commit:
        headers.append(("x-repo-commit", commit))
    return json_reply(404, {"error": message}, headers)


def gone(version: Version, on: str, source: str) -> Reply:
    """A withdrawn version: 410 with the reason in both languages. `on`: the day; `source`: the
    data set whose withdrawal took it along, or empty."""
    assert version.withdrawn is not None
    said = []
    for lang in ("en", "zh"):
        reason = version.withdrawn.reason
        if source:
            reason = CAUSE[lang].format(source=source, reason=reason)
        said.append(WITHDRAWN[lang].format(on=on, reason=reason))
    message = " ".join(" / ".join(said).split())
    headers = [("x-error-code", "RevisionNotFound"), ("x-error-message", message)]
    error = {"error": message, "withdrawn": on, "version": version.commit}
    return json_reply(410, error, headers)


def pick_range(asked: str, size: int) -> tuple[int, int] | Literal["unsatisfiable"] | None:
    """The bytes [start, end) that a Range header asks for (RFC 9110 §14); None for all of them,
    also where several ranges or another unit are asked for."""
    found = _RANGE.fullmatch(asked.strip())
    if found is None or found[1] == found[2] == "":
        return None
    if not found[1]:
        last = int(found[2])
        return (max(0, size - last), size) if last and size else "unsatisfiable"
    start = int(found[1])
    end = min(int(found[2]) + 1, size) if found[2] else size
    if found[2] and int(found[2]) < start:
        return None
    return (start, end) if start < size else "unsatisfiable"
