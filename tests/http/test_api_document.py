"""The OpenAPI document says what is there, and nothing that it allows breaks the door."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.generation import GenerationMode

from kit.api import AUTHORITY, Provider, now
from kit.house import ROOT
from kit.portal import portal
from licet.base.ids import new_id

# For every operation and mode: twenty in the gate, more where chance is drawn anew.
DRAWN = settings(
    max_examples=settings().max_examples * 2 // 5, suppress_health_check=list(HealthCheck)
)  # fmt: skip

REFUSED = (401, 403)
load_all_checks()
for media_type in ("application/jose", "application/jwk+json"):
    schemathesis.serializer.alias(media_type, "text/plain")
CONFORMS = [
    CHECKS.get_one(name)
    for name in (
        "not_a_server_error", "status_code_conformance", "content_type_conformance",
        "response_schema_conformance", "response_headers_conformance",
    )
]  # fmt: skip


@pytest.fixture(scope="module")
def acme() -> Iterator[Provider]:
    with portal(AUTHORITY) as client:
        provider = Provider(client, "acme")
        assert provider.send("filing", provider.filing()).status_code == 201
        yield provider


@pytest.fixture(scope="module")
def document(acme: Provider) -> dict[str, Any]:
    return dict(acme.client.get("/api/v1/openapi.json").json())


@functools.cache
def application() -> Any:
    """The portal as a WSGI application, its middleware built once."""
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def answered(environ: Any, start_response: Any) -> list[bytes]:
    """The portal as a WSGI application, without the end of a request at which Django closes its
    connections: they hold the transaction that the test undoes."""
    from django.core.signals import request_finished, request_started
    from django.db import close_old_connections

    signals = (request_started, request_finished)
    for one in signals:
        one.disconnect(close_old_connections)
    try:
        answer = application()(environ, start_response)
        data = b"".join(answer)
        answer.close()
    finally:
        for one in signals:
            one.connect(close_old_connections)
    return [data]


def operations(document: dict[str, Any], acme: Provider) -> Iterator[Any]:
    """Every operation of the document, with the door behind it."""
    schema = schemathesis.openapi.from_dict(document | {"servers": [{"url": "http://testserver"}]})
    schema.app = answered
    for found in schema.get_all_operations():
        yield found.ok()


def test_the_document_lists_every_address_and_no_other(document: dict[str, Any]) -> None:
    from licet.portal.api.table import ENDPOINTS
    from licet.portal.api.table import ROOT as DOOR
    from licet.portal.api.urls import urlpatterns

    said = {(path, method) for path, one in document["paths"].items() for method in one}
    assert said == {(DOOR + one.path, one.method.lower()) for one in ENDPOINTS}
    served = {pattern.name for pattern in urlpatterns} - {"api-openapi", "api-nothing"}
    assert served == {f"api-{one.name}" for one in ENDPOINTS}
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": AUTHORITY}]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    text = str(document)
    named = set(re.findall(r"#/components/schemas/([\w.]+)", text))
    assert named <= set(document["components"]["schemas"])


def test_the_forms_of_the_pack_are_in_the_document(document: dict[str, Any]) -> None:
    from licet.portal.filings import service

    for route in service.procedure().routes:
        form = service.procedure().form_of(route)
        said = document["components"]["schemas"][f"Answers.{route}"]
        assert list(said["properties"]) == list(form.fields)


def test_every_code_of_a_problem_is_explained(acme: Provider) -> None:
    from licet.portal.api.problem import CODES

    page = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
    explained = dict(re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", page, re.MULTILINE))
    assert explained == {code: str(status) for code, (status, _) in CODES.items()}


def test_nothing_that_the_document_allows_breaks_the_door(
    document: dict[str, Any], acme: Provider
) -> None:
    """Requests drawn from the document by schemathesis, right ones and wrong ones, those that ask
    for it signed for what they ask; every answer is one that the document describes."""
    seen: set[int] = set()
    asked: set[str] = set()
    admitted: set[str] = set()

    def draws(operation: Any, mode: GenerationMode) -> None:
        @DRAWN
        @given(case=operation.as_strategy(generation_mode=mode), whether=st.booleans())
        def one(case: Any, whether: bool) -> None:
            if whether and operation.definition.raw.get("security"):
                path = case.formatted_path + (f"?{urlencode(case.query)}" if case.query else "")
                case.headers["authorization"] = f"Bearer {acme.access(case.method, path)}"
            answer = case.call(base_url="http://testserver")
            seen.add(answer.status_code)
            case.validate_response(answer, checks=CONFORMS)

        one()

    for operation in operations(document, acme):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                draws(operation, mode)
            except Unsatisfiable:  # what has no parts cannot be wrong in one
                assert mode is GenerationMode.NEGATIVE
    assert {200, 400, 401, 404} <= seen
    assert admitted == asked, "it came further than the threshold"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def near_event() -> st.SearchStrategy[Any]:
    """What nearly is an event of a proceeding."""
    facts = st.fixed_dictionaries({"facts": JSON, "stage": st.just("graded")})
    return st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["find", "set_grade", "lapsed"]),
            "actor": st.sampled_from(["system", "person-1"]),
            "role": st.sampled_from(["system", "drafter", "approver"]),
            "at": st.sampled_from(["2026-11-20T04:00:00+00:00", "2026-11-20", "x"]),
            "data": facts | JSON,
        }
    )


def near_dossiers_and_orders(words: st.SearchStrategy[str]) -> dict[str, Any]:
    """Bodies of what belongs to dossiers and to orders of access, nearly right."""
    return {
        "dossier": st.fixed_dictionaries(
            {
                "case": st.just(new_id("case", now())),
                "document": st.text(max_size=40),
                "whats_new": words,
            }
        ),
        "share": st.fixed_dictionaries(
            {
                "order": st.just(f"order_{'7' * 20}"),
                "keeper": st.fixed_dictionaries({"name": words, "side": words, "public": words}),
                "shares": st.dictionaries(words, words, max_size=2),
            }
        ),
        "bring": st.fixed_dictionaries(
            {
                "order": st.just(f"order_{'7' * 20}"),
                "envelopes": st.dictionaries(words, words, max_size=2),
            }
        ),
    }


@given(data=st.data())
@settings(DRAWN, max_examples=settings().max_examples * 2)
def test_no_signed_body_breaks_the_door(acme: Provider, data: st.DataObject) -> None:
    """Messages whose signature is right and whose body is anything at all, or nearly right."""
    from licet.base.trouble import BadInput
    from licet.cases.effects import NEEDS
    from licet.portal.api.kinds import KINDS
    from licet.portal.filings import service

    fields = list(service.procedure().form_of("model_filing").fields)
    kind = data.draw(st.sampled_from([*KINDS]))
    answers = st.dictionaries(st.sampled_from(fields) | st.text(max_size=9), JSON, max_size=6)
    keys = sorted({key for needs in NEEDS.values() for key in needs})
    words = st.sampled_from(keys) | st.text(max_size=9)
    mine = [one["case"] for one in acme.get("/cases").json()["cases"]]
    near = {
        "filing": st.fixed_dictionaries(
            {
                "case": st.just(new_id("case", now())), "answers": answers,
                "route": st.sampled_from([*service.procedure().routes, "no_route"]),
            }
        ),
        "report": st.fixed_dictionaries(
            {
                "proceeding": st.just("LI-20261128-0123456789ab"),
                "kind": st.sampled_from(["incident", "order", "poem"]),
                "events": st.lists(near_event() | JSON, max_size=3),
            }
        ),
        "step": st.fixed_dictionaries(
            {
                "proceeding": st.just("LI-20261128-0123456789ab"),
                "act": st.sampled_from(["answer", "supplement", "ask", "nod"]),
                "data": st.dictionaries(words, JSON, max_size=3),
            }
        ),
        **near_dossiers_and_orders(words),
        "act": st.fixed_dictionaries(
            {
                "case": st.sampled_from(mine),
                "act": st.sampled_from([*service.procedure().acts, "no_act"]),
                "data": st.dictionaries(words, JSON, max_size=3),
            },
            optional={"answers": st.none() | answers},
        ),
    }  # fmt: skip
    body = data.draw(near[kind] | JSON)
    try:
        token = acme.message(kind, body)
    except BadInput:
        return  # JSON that has no canonical form cannot be signed
    answer = acme.post("/messages", token)
    assert answer.status_code < 500, (body, answer.content)
    if answer.status_code in (200, 201):
        assert acme.receipt_of(answer).outcome in ("done", "refused")


def test_every_other_method_is_told_which_one_is_meant(acme: Provider) -> None:
    for method, path, meant in (
        ("delete", "/cases", "GET"), ("get", "/messages", "POST"), ("post", "/keys", "GET"),
    ):  # fmt: skip
        answer = getattr(acme.client, method)(f"/api/v1{path}")
        assert (answer.status_code, answer["allow"]) == (405, meant)
    assert acme.client.head("/api/v1/keys").status_code == 200


def test_what_is_not_there_is_a_problem_and_no_page(acme: Provider) -> None:
    for path in ("/api/v1/nothing", "/api/v1/", "/api/v1/cases/x/y/z", "/api/v2/cases"):
        answer = acme.client.get(path)
        assert answer.status_code == 404
        assert answer["content-type"] == "application/problem+json", path
    strange = acme.client.get("/api/v1/keys", headers={"host": "other.example"})
    assert (strange.status_code, strange.json()["code"]) == (400, "bad-request")


def test_a_mistake_of_ours_says_nothing_of_its_inside(acme: Provider) -> None:
    """The installation cannot make its key: a bug for the door, which says so and no more."""
    from pathlib import Path

    from django.test import override_settings

    quiet = type(acme.client)(raise_request_exception=False)
    with override_settings(LICET_HOME=Path("/proc/nothing")):
        answer = quiet.get("/api/v1/keys")
    assert (answer.status_code, answer.json()["code"]) == (500, "broken")
    assert b"/proc" not in answer.content
