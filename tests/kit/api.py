"""A provider's installation as the authority's door sees it, in the test's own process.

    with portal(AUTHORITY) as client:
        acme = Provider(client, "acme")
        receipt = acme.receipt_of(acme.send("filing", acme.filing()))

It refuses to know what is tested. Tokens are signed as docs/protocol.md says; `claims` and `head`
change them for tests of what is not taken.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from kit.cases import PROCEDURE, answers
from licet.base.clock import SystemClock
from licet.base.ids import new_id
from licet.credentials import jws
from licet.credentials.keys import SigningKey
from licet.credentials.message import (
    ACCESS_TYPE,
    MESSAGE_TYPE,
    Receipt,
    read_receipt,
    sign_enrolment,
)
from licet.rulebook import Procedure

AUTHORITY = "https://authority.example"
JOSE = "application/jose"


def now() -> datetime:
    return SystemClock().now()


class Provider:
    """A provider whose body the authority knows, and whose key it knows once it is enrolled."""

    def __init__(self, client: Any, code: str = "provider-1", *, enrolled: bool = True) -> None:
        from kit.portal import person

        self.client, self.code = client, code
        self.staff = person("provider", f"{code}@body.example", ("representative",), code)
        self.key = SigningKey.from_seed(sha256(code.encode()).digest())
        if enrolled:
            assert self.enrol(self.enrolment_code()).status_code == 201

    def enrolment_code(self) -> str:
        from licet.portal.api.enrolling import give_code

        return give_code(self.code, now())

    def enrol(self, code: str) -> Any:
        return self.post("/enrolments", sign_enrolment(AUTHORITY, code, now(), self.key))

    def post(self, path: str, token: str, **more: Any) -> Any:
        return self.client.post(f"/api/v1{path}", token, content_type=JOSE, **more)

    def message(
        self, kind: str, body: Any, message: str = "", *, key: SigningKey | None = None,
        typ: str = MESSAGE_TYPE, **claims: Any,
    ) -> str:  # fmt: skip
        """A message as a token; `claims` stand over what is right, None leaves one out."""
        moment = now()
        said: dict[str, Any] = {
            "iss": self.code, "aud": AUTHORITY, "jti": message or new_id("msg", moment),
            "iat": int(moment.timestamp()), "exp": int((moment + timedelta(days=7)).timestamp()),
            "kind": kind, "body": body,
        } | claims  # fmt: skip
        said = {name: value for name, value in said.items() if value is not None}
        return jws.sign(said, typ, key or self.key)

    def send(self, kind: str, body: Any, **more: Any) -> Any:
        return self.post("/messages", self.message(kind, body, **more))

    def access(self, method: str, path: str, **claims: Any) -> str:
        moment = int(now().timestamp())
        said = {
            "iss": self.code, "aud": AUTHORITY, "iat": moment, "exp": moment + 240,
            "htm": method, "htu": path,
        } | claims  # fmt: skip
        return jws.sign(said, ACCESS_TYPE, self.key)

    def get(self, path: str) -> Any:
        path = f"/api/v1{path}"
        bearer = f"Bearer {self.access('GET', path)}"
        return self.client.get(path, headers={"authorization": bearer})

    def put_file(self, name: str, data: bytes, digest: str = "") -> Any:
        path = (
            f"/api/v1/attachments/{digest or sha256(data).hexdigest()}?{urlencode({'name': name})}"
        )
        bearer = f"Bearer {self.access('PUT', path)}"
        return self.client.put(
            path, data, content_type="application/octet-stream",
            headers={"authorization": bearer},
        )  # fmt: skip

    def put(self, path: str, value: Any) -> Any:
        """A JSON Web Key, put where it belongs."""
        path = f"/api/v1{path}"
        return self.client.put(
            path, json.dumps(value), content_type="application/jwk+json",
            headers={"authorization": f"Bearer {self.access('PUT', path)}"},
        )  # fmt: skip

    def filing(
        self, case: str = "", route: str = "model_filing", procedure: Procedure = PROCEDURE,
        **changes: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """The body of a whole filing; its files are sent."""
        whole = answers(route, procedure, **changes)
        for name, value in whole.items():
            if isinstance(value, dict):
                taken = self.put_file(f"{name}.pdf", f"%PDF-1.7 {name}".encode())
                assert taken.status_code == 201, taken.content
                whole[name] = taken.json()
        return {"case": case or new_id("case", now()), "route": route, "answers": whole}

    def receipt_of(self, answer: Any) -> Receipt:
        """The receipt in an answer, checked with the authority's published keys."""
        from licet.credentials.keys import parse_jwks

        assert answer.status_code in (200, 201), answer.content
        keys = parse_jwks(self.client.get("/api/v1/keys").content)
        return read_receipt(answer.content.decode(), keys)
