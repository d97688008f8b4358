"""The register of annotation rules for programs: `/api/corpus/annotation…`.

It refuses to know sockets and what rules must say.

    GET  …                     the newest version of all rules
    GET  …/namespace/name      every version, and the batches that were annotated by them
    POST …/rules, …/batches    register rules, record a batch: a token that publishes there

Rules
1. Rules, counts and breaches are for everybody; the marks of those who annotated are for whoever
   publishes in the namespace. An authority reads them at its desk.
2. Rules are registered in one's own namespace; a batch is recorded by whose its data set is, or
   its rules where it names none.
"""

from __future__ import annotations

from typing import Any

import msgspec

from licet.base.clock import rfc3339_ms
from licet.base.trouble import Conflict
from licet.corpus.annotation import Batch, Rules, breaches, parse
from licet.corpus.annotation_register import AnnotationRegister, Registered
from licet.corpus.hub import Hub, Request
from licet.corpus.hub_reply import Reply, denial, denied, json_reply, lack, missing
from licet.corpus.publishing import Refusal
from licet.corpus.readers import Reader
from licet.corpus.shelf import batch_fields, rules_fields
from licet.corpus.words import UNFIT


def answer(hub: Hub, asked: Request, reader: Reader | None) -> Reply:
    """The reply to a request below `/api/corpus/annotation`. Raises BadInput, NotFound."""
    register = AnnotationRegister(hub.shelf.catalogue)
    match asked.method, asked.path[3:]:
        case "GET", ():
            return json_reply(200, [_said(one) for one in register.all()])
        case "GET", (space, name):
            return _show(hub, register, f"{space}/{name}", reader)
        case "POST", ("rules",):
            return _register(hub, register, parse(asked.body, "body.json", Rules), reader)
        case "POST", ("batches",):
            return _record(hub, register, parse(asked.body, "body.json", Batch), reader)
    return missing("EntryNotFound", lack("address"))


def _show(hub: Hub, register: AnnotationRegister, name: str, reader: Reader | None) -> Reply:
    versions = register.versions(name)
    mine = reader is not None and _space(name) in reader.namespaces
    kinds = {one.rules.version: one.rules.kind for one in versions}
    law = hub.rules.annotation
    batches = []
    for one in register.records(rules_id=name):
        said: dict[str, Any] = msgspec.to_builtins(one.batch)
        if not mine:
            said["person"] = len(one.batch.person)
        found = breaches(one.batch, kinds[one.batch.version], law)
        said["breaches"] = [fault.code for fault in found]
        batches.append(said | {"sha256": one.sha256, "recorded": rfc3339_ms(one.made_ms)})
    return json_reply(200, {"versions": [_said(one) for one in versions], "batches": batches})


def _register(
    hub: Hub, register: AnnotationRegister, rules: Rules, reader: Reader | None
) -> Reply:
    if reader is None or _space(rules.id) not in reader.namespaces:
        return _stranger(reader)
    try:
        made = register.register(rules, _space(rules.id), hub.rules, hub.now())
    except Conflict as other:
        zh = UNFIT["stands"]["zh"].format(about=f"{rules.id} {rules.version}")
        return json_reply(409, {"error": f"{other} / {zh}"})
    if isinstance(made, Refusal):
        return _refused(made)
    if made.new:
        hub.shelf.record("corpus.rules", rules_fields(made), hub.now(), hub.chance)
    return json_reply(201, _said(made))


def _record(hub: Hub, register: AnnotationRegister, batch: Batch, reader: Reader | None) -> Reply:
    if reader is None or batch.owner not in reader.namespaces:
        return _stranger(reader)
    made = register.record(batch, batch.owner, hub.now())
    if isinstance(made, Refusal):
        return _refused(made)
    if made.new:
        hub.shelf.record("corpus.annotated", batch_fields(made), hub.now(), hub.chance)
    return json_reply(201, {"sha256": made.sha256})


def _said(one: Registered) -> dict[str, Any]:
    said: dict[str, Any] = msgspec.to_builtins(one.rules)
    return said | {"sha256": one.sha256, "registered": rfc3339_ms(one.made_ms)}


def _stranger(reader: Reader | None) -> Reply:
    if reader is None:
        return denied(401, "", denial("publisher"))
    return denied(403, "", denial("namespace"))


def _refused(found: Refusal) -> Reply:
    return json_reply(422, {"refused": {lang: list(found.said(lang)) for lang in ("zh", "en")}})


def _space(name: str) -> str:
    return name.partition("/")[0]
