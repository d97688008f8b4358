"""Entries: the small, public, canonical lines of the ledger (docs/ledger.md).

Refuses to know where they are kept and what follows from them.

1. An entry is RFC 8785 JSON: `v`, `t`, `type`, `pub`, and where given `seq`, `sub`, `ct_sha256`.
   At most 65,535 bytes.
2. What may stand in `pub` is a closed vocabulary, ENTRY_TYPES. Values are identifiers,
   digests, moments, whole numbers and flags. Free text has no field: that is what keeps
   personal data out (a sealed payload carries it, see `seal`).
3. A person appears only as a keyed pseudonym in `sub`.
4. Fractions are written as whole numbers in smaller units (`score_ppm`, `wait_us`), so that every
   implementation writes the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import msgspec

from licet.base.clock import rfc3339
from licet.base.trouble import BadInput
from licet.ledger.tiles import ENTRY_BYTES_MAX

VERSION = 1
ID_CHARS_MAX = 96

Value = str | int | bool | list[str] | None

ID = re.compile(rf"[A-Za-z0-9_.:/@+~-]{{1,{ID_CHARS_MAX}}}", re.ASCII)
_NOT_ID = re.compile(r"[^A-Za-z0-9_.:/@+~-]+", re.ASCII)
INT_MAX = 2**53 - 1
_encode = msgspec.json.Encoder(order="sorted").encode

_EXCHANGE = {
    "exchange": "number of the exchange",
    "route": "path that was called",
    "dialect": "API dialect",
    "model": "model name as configured",
    "upstream": "upstream name as configured",
    "tier": "release tier: token, clause or whole",
    "audience": "audience that the policy was chosen for",
    "bundle": "digest of the guard bundle that judged",
    "key": "id of the API key",
    "stream": "true where the answer was streamed",
    "choices": "how many answers were asked for",
    "action": "verdict: pass, flag, refuse or halt",
    "categories": "categories found",
    "rules": "rules that matched",
    "prompt_chars": "characters judged in the prompt",
    "reply_chars": "characters judged in the reply",
    "released_chars": "characters of the reply that left",
    "tokens_in": "prompt tokens as the upstream counted them",
    "tokens_out": "reply tokens as the upstream counted them",
    "tokens_saved": "reply tokens not generated because of a halt",
    "wait_ms": "time from request to first byte",
    "total_ms": "time from request to last byte",
}
_STOPPED = {
    "case": "mark of the case number that the person was given (base/ids.py: case_mark)",
    "category": "category that decided",
    "rule": "rule that decided",
    "detector": "what found it",
    "score_ppm": "score that decided, in millionths",
    "provision": "provision that the rule cites",
}
_BUNDLE = {
    "bundle": "digest of the bundle",
    "version": "its version",
    "author": "key that signed it",
}
_CASE = {
    "case": "mark of the case number (base/ids.py: case_mark)",
    "act": "act of the pack's procedure",
    "role": "role in which it was done",
    "filing": "stage of the filing after it",
    "licence": "stage of what was granted after it",
}
_PROCEEDING = {
    "proceeding": "mark of its number (base/ids.py: case_mark)",
    "kind": "incident, correction, measure, complaint or order",
    "act": "act of the pack",
    "stage": "stage after it",
}


@dataclass(frozen=True, slots=True)
class EntryType:
    """A kind of entry: when it is written, and the only fields that `pub` may hold."""

    says: str
    fields: Mapping[str, str]


ENTRY_TYPES: Mapping[str, EntryType] = {
    "gateway.started": EntryType(
        "The gateway began to serve.",
        {
            "version": "version of Licet",
            "bundle": "digest of the guard bundle in force",
            "pack": "rulebook pack",
            "config_sha256": "digest of the configuration, without secrets",
            "recovered": "true where the run before did not stop in order",
        },
    ),
    "gateway.stopped": EntryType(
        "The gateway stopped in order.",
        {
            "reason": "signal or command",
            "exchanges": "exchanges since it started",
            "cut": "exchanges cut at the end of draining",
        },
    ),
    "exchange.served": EntryType("A reply left whole.", _EXCHANGE),
    "exchange.refused": EntryType(
        "A prompt was refused; nothing was asked of the model.", _EXCHANGE | _STOPPED
    ),
    "exchange.halted": EntryType(
        "A reply was halted before the unlawful part left.", _EXCHANGE | _STOPPED
    ),
    "exchange.failed": EntryType(
        "An exchange ended without a lawful answer: upstream, judge or client failed.",
        _EXCHANGE | {"error": "code of the trouble", "side": "who failed"},
    ),
    "bundle.loaded": EntryType(
        "A guard bundle took effect.",
        _BUNDLE | {"replaces": "digest of the one before", "urgent": "true: running streams too"},
    ),
    "bundle.refused": EntryType(
        "A guard bundle was offered and not taken.", _BUNDLE | {"error": "code of the trouble"}
    ),
    "bundle.shadowed": EntryType(
        "A staged guard bundle judged beside the one that serves, without acting.",
        _BUNDLE
        | {
            "against": "digest of the bundle that serves",
            "state": "begun, running, ended, stopped or failed",
            "texts": "texts that both have judged",
            "stricter": "texts that the staged one treats more strictly",
            "milder": "texts that it treats more mildly",
            "dropped": "texts that there was no time for",
            "failed": "texts that could not be judged",
        },
    ),
    "licence.changed": EntryType(
        "What the gateway's licence is worth changed; also at each start.",
        {
            "licence": "its id",
            "filing": "its filing number; characters other than those of an id are _",
            "authority": "who issued it",
            "before": "what it was worth: a standing, none, false or lab",
            "after": "what it is worth",
            "listed": "moment at which the status list that says so was issued",
        },
    ),
    "key.created": EntryType(
        "An API key was made.",
        {"key": "its id", "audience": "whom it serves", "models": "models it may use"},
    ),
    "key.revoked": EntryType("An API key ended.", {"key": "its id", "reason": "code"}),
    "policy.changed": EntryType(
        "A setting that the law would care about changed.",
        {
            "setting": "its name",
            "before": "value before, or its digest",
            "after": "value after, or its digest",
            "role": "office that decided",
        },
    ),
    "sealed.opened": EntryType(
        "A sealed payload was read under an order.",
        {
            "case": "mark of the case number",
            "order": "number of the order",
            "role": "office that read",
        },
    ),
    "erasure.requested": EntryType("A person asked for erasure.", {"request": "its number"}),
    "erasure.refused": EntryType(
        "Erasure was refused.", {"request": "its number", "ground": "provision"}
    ),
    "erasure.executed": EntryType(
        "Keys were destroyed; what they sealed is gone.",
        {"request": "its number", "items": "how many payloads"},
    ),
    "case.event": EntryType(
        "Something happened in a filing or with what was granted.",
        _CASE
        | {
            "n": "place of the event in its case, from 1",
            "pack": "rulebook pack",
            "route": "route of the filing",
            "number": "number that was granted, other characters as _",
            "decision": "what was decided",
            "provisions": "provisions that the statement of reasons cites",
            "version": "number of the version that was filed",
            "version_sha256": "digest of its answers",
            "statement_sha256": "digest of the statement of reasons",
            "automatic": "true where a period ended by itself",
            "event_sha256": "digest of the whole event",
        },
    ),
    "case.refused": EntryType(
        "An act in a case was refused.", _CASE | {"code": "why: code of the refusal"}
    ),
    "proceeding.event": EntryType(
        "Something happened in what follows after a halt.",
        _PROCEEDING
        | {
            "n": "place of the event in its proceeding, from 1",
            "role": "role in which it was done",
            "pack": "rulebook pack",
            "family": "incident: family of rules",
            "category": "incident: category",
            "grade": "incident: grade",
            "halts": "incident: how many halts",
            "change": "correction: what is changed",
            "before_sha256": "correction: digest of the bundle that serves",
            "candidate_sha256": "correction: digest of the candidate bundle",
            "verdict": "correction: verdict of the proof",
            "proof_sha256": "correction: digest of the proof",
            "step": "measure: step of the ladder",
            "rule": "measure: rule that it rests on",
            "excerpt_sha256": "measure: digest of the excerpt",
            "until": "measure: moment at which it ends",
            "about": "complaint: what it is about",
            "result": "complaint: what was found",
            "legal_basis": "order: legal basis, other characters as _",
            "opens": "order: identity, excerpt or section",
            "names": "order: how many names it holds",
            "notice_until": "order: day by which the provider is told after a delay",
            "view_sha256": "order: digest of what was shown",
            "clock": "clock that ended by itself",
            "automatic": "true where nobody acted",
            "event_sha256": "digest of the whole event",
        },
    ),
    "proceeding.refused": EntryType(
        "An act in a proceeding was refused.",
        _PROCEEDING | {"side": "side that asked for it", "code": "why: code of the refusal"},
    ),
    "assessment.reported": EntryType(
        "A service was assessed, and the report signed.",
        {
            "report_sha256": "digest of the report's canonical JSON",
            "evidence_sha256": "digest of the answers that it was made from",
            "pack": "rulebook pack",
            "pairs": "answers that were scored",
            "service": "verdict on what the service answers",
            "material": "verdict on training data and banks",
            "differences": "differences between groups that were called",
            "demo": "true: a demonstration, of no real service",
        },
    ),
    "ledger.resumed": EntryType(
        "The ledger writes again; what was handed in since the failure was not acknowledged.",
        {
            "since": "moment of the failure",
            "cause": "code of the trouble",
            "lost": "entries that waited and were not acknowledged",
        },
    ),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger, as a value. `t` is RFC 3339 in UTC with milliseconds."""

    kind: str
    t: str
    pub: Mapping[str, Value] = field(default_factory=dict)
    sub: str | None = None
    ct_sha256: str | None = None
    seq: int | None = None


def make_entry(
    kind: str,
    now: datetime,
    pub: Mapping[str, Value],
    *,
    sub: str | None = None,
    ct_sha256: str | None = None,
    seq: int | None = None,
) -> bytes:
    """The canonical bytes of an entry, ready for `Writer.submit`.

    Fields that are None are left out. Raises BadInput for a kind or field that ENTRY_TYPES does
    not hold and for a value of rule 2's other side.
    """
    given = {name: value for name, value in pub.items() if value is not None}
    return render_entry(Entry(kind, rfc3339(now), given, sub, ct_sha256, seq))


def render_entry(entry: Entry) -> bytes:
    """RFC 8785 bytes of an entry. Raises BadInput as `make_entry`."""
    known = ENTRY_TYPES.get(entry.kind)
    if known is None:
        raise BadInput(f"no entry type {entry.kind!r}", hint="Add it to ENTRY_TYPES first.")
    for name, value in entry.pub.items():
        if name not in known.fields:
            raise BadInput(f"{entry.kind} has no field {name!r}", hint="See docs/ledger.md.")
        _check(name, value)
    line: dict[str, object] = {
        "v": VERSION,
        "t": entry.t,
        "type": entry.kind,
        "pub": dict(entry.pub),
    }
    if entry.seq is not None:
        _check("seq", entry.seq)
        line["seq"] = entry.seq
    if entry.sub is not None:
        _check("sub", entry.sub)
        line["sub"] = entry.sub
    if entry.ct_sha256 is not None:
        if len(entry.ct_sha256) != 64:
            raise BadInput("ct_sha256 is 64 hexadecimal digits")
        _check("ct_sha256", entry.ct_sha256)
        line["ct_sha256"] = entry.ct_sha256
    data = _encode(line)
    if len(data) > ENTRY_BYTES_MAX:
        raise BadInput(f"an entry has at most {ENTRY_BYTES_MAX} bytes, not {len(data)}")
    return data


def parse_entry(data: bytes) -> Entry:
    """The entry in some bytes, of any version and kind. Raises BadInput where it is none.

    Reading is wider than writing: a reader meets kinds that are older or newer than itself.
    """
    try:
        line = msgspec.json.decode(data, type=_Line)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BadInput(f"this is not an entry: {error}") from None
    return Entry(line.type, line.t, line.pub, line.sub, line.ct_sha256, line.seq)


def as_id(text: str) -> str:
    """`text` cut down to an identifier: other characters become `_`, at most 96 stay.

    For names that come from outside (a model name in a request), so that no free text enters.
    """
    return _NOT_ID.sub("_", text)[:ID_CHARS_MAX] or "_"


class _Line(msgspec.Struct, frozen=True):
    v: int
    t: str
    type: str
    pub: dict[str, Value]
    sub: str | None = None
    ct_sha256: str | None = None
    seq: int | None = None


@lru_cache(maxsize=4096)
def _is_id(text: str) -> bool:
    """Remembered, for most values of entries are the same few: routes, models, keys, bundles."""
    return ID.fullmatch(text) is not None


def _check(name: str, value: object) -> None:
    if isinstance(value, str):
        if not _is_id(value):
            raise BadInput(f"{name}: free text has no place in the ledger", hint="Give an id.")
    elif isinstance(value, int):
        if not -INT_MAX <= value <= INT_MAX:
            raise BadInput(f"{name}: beyond the whole numbers that JSON can hold")
    elif isinstance(value, list):
        for item in value:
            if not isinstance(item, str):
                raise BadInput(f"{name}: a list holds identifiers only")
            _check(name, item)
    elif isinstance(value, float):
        raise BadInput(f"{name}: write a fraction as a whole number in smaller units")
    else:
        raise BadInput(f"{name}: {type(value).__name__} has no place in the ledger")
