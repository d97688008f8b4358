"""An OpenID Connect issuer on loopback, as far as one who signs in through it sees.

It refuses to ask anybody for a password: whoever comes is whom `claims` names.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

CLIENT, SECRET = "desk", "secret"


class Issuer:
    """One issuer. `claims` are of whoever signs in next."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.claims: dict[str, Any] = {}
        self.challenges: dict[str, str] = {}

    def authorize(self, address: str) -> dict[str, str]:
        """What a browser brings back from the address that it was sent to."""
        asked = {key: value[0] for key, value in parse_qs(urlsplit(address).query).items()}
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        self.challenges["the-code"] = asked["code_challenge"]
        return {"code": "the-code", "state": asked["state"]}

    def answer(self, path: str, sent: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """What it says to the party that relies on it."""
        if path.endswith("/openid-configuration"):
            return 200, {
                "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token", "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }  # fmt: skip
        if path.endswith("/userinfo"):
            return 200, self.claims
        verifier = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        proved = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if sent.get("client_secret") != SECRET or self.challenges.get(sent["code"]) != proved:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "token", "token_type": "Bearer", "expires_in": 60}


@contextlib.contextmanager
def issuer() -> Iterator[Issuer]:
    """An issuer that answers, for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(*found.answer(self.path, {}))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            sent = {key: value[0] for key, value in parse_qs(body).items()}
            self._say(*found.answer(self.path, sent))

        def _say(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Issuer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
