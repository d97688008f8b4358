"""A model that says harmless animals when it is asked to, and a client that listens to a stream.

It refuses to know gateways: the client talks to a port.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from http.server import BaseHTTPRequestHandler

SAID = {
    "walrus": "Here is a story. At dawn the purple walrus came ashore. The end.",
    "giraffe": "Here is a story. At noon the orange giraffe came by. The end.",
    "long": " ".join(f"This is sentence {n} of a long and lawful answer." for n in range(60)),
    "juice": "Here is a recipe. Press the oranges and serve the orange juice cold. The end.",
}
"""What the upstream says, by the word that it is asked for."""


class Upstream(BaseHTTPRequestHandler):
    """A model server that says what SAID has, word by word."""

    def do_POST(self) -> None:
        """Stream an answer as chat completions."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        text = SAID[asked["messages"][-1]["content"].removeprefix("say ")]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):
            for word in text.split(" "):
                self._event({"content": f"{word} "}, None)
                time.sleep(0.05)
            self._event({}, "stop")
            self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, delta: dict[str, str], finish: str | None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "animals",
                 "choices": [choice]}  # fmt: skip
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.flush()

    def log_message(self, *args: object) -> None:
        """Says nothing."""


def streamed(port: int, key: str, word: str) -> tuple[str, str]:
    """What a client got of a streamed answer: the text, and how it ended."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = {"model": "animals", "stream": True,
            "messages": [{"role": "user", "content": f"say {word}"}]}  # fmt: skip
    head = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    line.request("POST", "/v1/chat/completions", json.dumps(body), head)
    text, finish = "", "none"
    for raw in line.getresponse():
        event = raw.decode().strip().removeprefix("data: ")
        if not event or event == "[DONE]":
            continue
        for choice in json.loads(event).get("choices", ()):
            text += choice["delta"].get("content") or ""
            finish = choice["finish_reason"] or finish
    return text, finish
