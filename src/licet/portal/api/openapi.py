"""The OpenAPI 3.1 document, made of the tables: addresses, kinds of messages, the pack's forms.

It refuses to say anything by hand that a table says.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

import msgspec

from licet import __version__
from licet.portal.api.endpoint import Endpoint, Gives, Param
from licet.portal.api.kinds import KINDS
from licet.portal.api.problem import CODES, MEDIA_TYPE
from licet.portal.api.shapes import SHAPES
from licet.portal.api.table import ACCESS_PROBLEMS, ENDPOINTS, EVERYWHERE, ROOT
from licet.rulebook import Pack
from licet.rulebook.procedure import Field, Form

_REF = "#/components/schemas/{name}"
_TEXT = {"type": "string"}
_FILE = {"$ref": _REF.format(name="FileAnswer")}


def make_document(pack: Pack, address: str, sides: Container[str]) -> dict[str, Any]:
    """The document of an installation of these sides that answers at `address`."""
    paths: dict[str, Any] = {}
    for one in (one for one in ENDPOINTS if one.side in sides):
        paths.setdefault(ROOT + one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Licet",
            "version": __version__,
            "description": "What providers' installations send to an authority and read there; "
            "complaints of the public to a provider. "
            "Tokens and their claims: docs/protocol.md.",
        },
        "servers": [{"url": address or "/"}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "access": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "licet-access+jwt",
                    "description": "Signed by the provider for one method, one path, 5 minutes.",
                }
            },
            "schemas": {**_shapes(), **_messages(), **_forms(pack)},
        },
    }


def _operation(one: Endpoint) -> dict[str, Any]:
    codes = {*EVERYWHERE, *one.problems, *(ACCESS_PROBLEMS if one.signed else ())}
    if one.takes:
        codes.add("media-type")
    made: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "parameters": [_parameter(param, one.path) for param in one.params],
        "responses": {str(good.status): _good(good) for good in one.gives} | _problems(codes),
    }
    if one.signed:
        made["security"] = [{"access": []}]
    if one.takes:
        media_type, meaning = one.takes
        made["requestBody"] = {
            "required": True,
            "description": meaning,
            "content": {media_type: {"schema": _body(one)}},
        }
    return made


def _body(one: Endpoint) -> dict[str, Any]:
    return {"$ref": _REF.format(name=one.body.__name__)} if one.body else dict(_TEXT)


def _parameter(param: Param, path: str) -> dict[str, Any]:
    return {
        "name": param.name,
        "in": "path" if "{" + param.name + "}" in path else "query",
        "required": param.required,
        "description": param.meaning,
        "schema": dict(param.schema),
    }


def _good(good: Gives) -> dict[str, Any]:
    schema: dict[str, Any] = dict(_TEXT)
    if good.shape is not None:
        schema = {"$ref": _REF.format(name=good.shape.__name__)}
    elif good.media_type.endswith("json"):
        schema = {"type": "object"}
    return {"description": good.meaning, "content": {good.media_type: {"schema": schema}}}


def _problems(codes: set[str]) -> dict[str, Any]:
    """By status: which codes may come with it."""
    by_status: dict[int, list[str]] = {}
    for code, (status, _) in CODES.items():
        if code in codes:
            by_status.setdefault(status, []).append(code)
    schema = {"$ref": _REF.format(name="Problem")}
    return {
        str(status): {
            "description": ", ".join(found),
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status, found in sorted(by_status.items())
    }


def _shapes() -> dict[str, Any]:
    bodies = [kind.body for kind in KINDS.values()]
    bodies += [one.body for one in ENDPOINTS if one.body]
    gives = [good.shape for one in ENDPOINTS for good in one.gives if good.shape]
    shapes = dict.fromkeys([*SHAPES, *bodies, *gives])
    _, found = msgspec.json.schema_components(shapes, ref_template=_REF)
    return dict(found)


def _messages() -> dict[str, Any]:
    """The claims of a message of each kind."""
    made = {}
    for kind in KINDS.values():
        made[f"Message.{kind.id}"] = {
            "description": f"{kind.summary} Claims of a licet-message+jwt.",
            "type": "object",
            "required": ["iss", "aud", "jti", "iat", "exp", "kind", "body"],
            "properties": {
                "iss": {**_TEXT, "description": "The provider's code."},
                "aud": {**_TEXT, "description": "The authority's address, as enrolment gave it."},
                "jti": {**_TEXT, "description": "The message's id, drawn once."},
                "iat": {"type": "integer"},
                "exp": {"type": "integer"},
                "kind": {"const": kind.id},
                "body": {"$ref": _REF.format(name=kind.body.__name__)},
            },
        }
    return made


def _forms(pack: Pack) -> dict[str, Any]:
    """The answers of each route, as its form asks for them."""
    procedure = pack.procedure
    return {f"Answers.{route}": _form(procedure.form_of(route)) for route in procedure.routes}


def _form(form: Form) -> dict[str, Any]:
    always = [one.id for one in form.fields.values() if one.required and not one.when]
    return {
        "title": form.name["en"],
        "type": "object",
        "additionalProperties": False,
        "required": always,
        "properties": {
            one.id: {**_kind(one), **dict(_about(one))} for one in form.fields.values()
        },
    }


def _about(one: Field) -> Iterator[tuple[str, Any]]:
    yield "title", f"{one.label['zh']} / {one.label['en']}"
    yield "x-visibility", one.visibility
    if one.hint:
        yield "description", f"{one.hint['zh']} {one.hint['en']}"
    if one.when:
        yield "x-asked-when", {name: list(values) for name, values in one.when.items()}


def _kind(one: Field) -> dict[str, Any]:
    if one.kind == "number":
        return {"type": "integer", "minimum": 0}
    if one.kind == "yes_no":
        return {"type": "boolean"}
    if one.kind == "date":
        return {"type": "string", "format": "date"}
    if one.kind == "choice":
        return {"type": "string", "enum": list(one.choices)}
    if one.kind == "choices":
        return {
            "type": "array",
            "uniqueItems": True,
            "items": {"type": "string", "enum": list(one.choices)},
        }
    if one.kind == "file":
        return {"allOf": [_FILE]}
    text: dict[str, Any] = {"type": "string", "maxLength": one.characters_max}
    if one.pattern:
        text["pattern"] = f"^(?:{one.pattern})$"
    return text
