"""The closed vocabulary of the ledger: every kind of entry, and the only fields that it may hold.

It refuses to know how an entry is written and kept.

Rules
1. A field is an identifier, a digest, a moment, a whole number or a flag; free text has no field.
2. A kind is never renamed and a field never changes its meaning: readers outlive writers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
_DATASET = {"dataset": "namespace/name", "version": "number of the version"}
_PROCEEDING = {
    "proceeding": "mark of its number (base/ids.py: case_mark)",
    "kind": "incident, correction, measure, complaint, order or dossier",
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
        "An exchange ended without a lawful answer: upstream, judge, client or gateway failed.",
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
    "measures.taken": EntryType(
        "A list of the measures against persons took hold at the gateway.",
        {"list_sha256": "digest of the list as it was signed", "measures": "how many it holds"},
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
            "legal_basis": "order: legal basis, as the form's choice names it",
            "opens": "order: identity, excerpt or section",
            "names": "order: how many names it holds",
            "notice_until": "order: day by which the provider is told after a delay",
            "view_sha256": "order: digest of what was shown",
            "number": "dossier: number of the version",
            "version_sha256": "dossier: digest of the version",
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
    "assessment.attested": EntryType(
        "A provider attested that customers' data is kept apart, signed.",
        {
            "report_sha256": "digest of the attestation's canonical JSON",
            "evidence_sha256": "digest of the file that it was made from",
            "pack": "rulebook pack",
            "statements": "how many statements the pack has",
            "held": "how many of them hold",
            "demo": "true: a demonstration, of no real service",
        },
    ),
    "corpus.published": EntryType(
        "A version of a data set was published.",
        _DATASET
        | {
            "n": "its place among the versions of its data set, from 1",
            "files": "how many files it has",
            "bytes": "how many bytes these have",
            "licence": "SPDX id",
            "access": "access class of the pack",
            "parents": "versions that it was made from",
        },
    ),
    "corpus.withdrawn": EntryType(
        "A version of a data set was withdrawn.",
        _DATASET
        | {
            "cause": "version whose withdrawal took it along",
            "reason_sha256": "digest of the reason that users are told",
        },
    ),
    "corpus.granted": EntryType(
        "Access to a restricted data set was decided on, or ended.",
        {
            "dataset": "namespace/name",
            "reader": "id of the reader",
            "decision": "granted, refused or ended",
        },
    ),
    "corpus.used": EntryType(
        "A body declared what it used a version of a data set for.",
        _DATASET
        | {
            "model": "number of the registered model, if one is named",
            "job": "name of the job, if one is named",
        },
    ),
    "corpus.rules": EntryType(
        "A version of annotation rules was registered.",
        {
            "rules": "namespace/name",
            "version": "of the rules",
            "kind": "functional or safety",
            "document_sha256": "digest of what they say, as canonical JSON",
        },
    ),
    "corpus.annotated": EntryType(
        "A batch that people annotated was put on record.",
        {
            "rules": "namespace/name",
            "version": "of the rules",
            "dataset": "data set that it was for, if one is named",
            "items": "items that were annotated",
            "sampled": "items of its sample",
            "right": "items of the sample that were right",
            "document_sha256": "digest of the record, as canonical JSON",
        },
    ),
    "corpus.sampled": EntryType(
        "People read a sample of a version of a data set.",
        _DATASET
        | {
            "items": "items that it was drawn from",
            "seed": "by which it was drawn",
            "sampled": "items on which people settled",
            "right": "those of them that are lawful",
        },
    ),
    "corpus.scanned": EntryType(
        "Training data was scanned, and the report signed.",
        {
            "report_sha256": "digest of the report's canonical JSON",
            "input_sha256": "digest of what was scanned",
            "pack": "rulebook pack",
            "bundle": "digest of the guard bundle that judged",
            "items": "items that were read",
            "version": "version of a data set here, where it was one",
            "rejected": "sources of which nothing may be used",
        },
    ),
    "compute.allocated": EntryType(
        "Computing power was allocated for a round; the same may stand here twice.",
        {
            "round": "its number",
            "record_sha256": "digest of the round as it is kept",
            "policy": "name of the policy",
            "running": "jobs that ran",
            "waiting": "jobs that waited",
            "placed": "jobs that begin by it",
            "premium_ppm": "premium of work on domestic accelerators, in millionths",
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
