"""Plays a case through a gateway on real sockets: its upstream, its client, and what to check.

The upstream writes exact bytes in exact pieces; the client reads to the end. Both are plain
asyncio streams, so nothing between them tidies up.

It refuses to know the guard: what is lawful is what the case says.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from kit.leak_cases import Case
from kit.speech import FIELDS, Fault, Heard, hear, speaker
from kit.speech_heard import need
from kit.upstream import STREAM, chunk

PATHS = {"chat": "/chat/completions", "completions": "/completions", "responses": "/responses",
         "messages": "/messages"}  # fmt: skip
CHOOSING = ("chat", "completions")
"""APIs with several choices in one answer."""
STUCK_S = 5.0


@dataclass(slots=True)
class Result:
    """What became of a case. `closed_s`: from the byte that completed the phrase to the upstream's
    socket being closed, as the upstream saw it."""

    case: Case
    fault: str = ""
    leaked: bool = False
    lost: bool = False
    closed_s: float | None = None


def reply_body(case: Case) -> bytes:
    """The whole, non-streamed answer of a case."""
    index, name = case.channel
    text, usage = case.text, {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    value: dict[str, Any]
    if case.dialect in CHOOSING:
        choices = []
        for at in range(case.choices):
            said = text if at == index else "".join(case.others)
            choice: dict[str, Any] = {"index": at, "finish_reason": "stop", "logprobs": None}
            if case.dialect == "completions":
                choice["text"] = said
            elif name == "tool" and at == index:
                call = {"name": "write_note", "arguments": said}
                call = {"id": "call_1", "type": "function", "function": call}
                message = {"role": "assistant", "content": None, "tool_calls": [call]}
                choice["message"] = message
            else:
                choice["message"] = {"role": "assistant", "content": None} | {
                    name if name != "tool" else "content": said
                }
            choices.append(choice)
        value = {"id": "cmpl-1", "object": "chat.completion", "created": 1, "model": "m",
                 "choices": choices, "usage": usage}  # fmt: skip
    elif case.dialect == "responses":
        part = {"type": name, "text": text, "annotations": []}
        if name == "refusal":
            part = {"type": name, "refusal": text}
        item = {"id": "i1", "type": "message", "role": "assistant", "content": [part]}
        if name == "tool":
            item = {"id": "i1", "type": "function_call", "call_id": "c1", "name": "write_note",
                    "arguments": text}  # fmt: skip
        elif name.startswith("reasoning"):
            part = {"type": "summary_text", "text": text}
            item = {"id": "i1", "type": "reasoning", "summary": [part]}
        value = {"id": "r1", "object": "response", "status": "completed", "model": "m",
                 "output": [item]}  # fmt: skip
    else:
        block: dict[str, Any] = {"type": name, name: text}
        if name == "tool":
            block = {"type": "tool_use", "id": "t1", "name": "write_note"}
            block["input"] = json.loads(text)
        value = {"id": "m1", "type": "message", "role": "assistant", "model": "m",
                 "content": [block], "stop_reason": "end_turn",
                 "usage": {"input_tokens": 1, "output_tokens": 2}}  # fmt: skip
    return json.dumps(value, ensure_ascii=case.escaped).encode("utf-8", "surrogatepass")


def events_of(case: Case) -> tuple[list[bytes], int]:
    """The events of a streamed case, and how many there are up to the end of the phrase."""
    voice = speaker(case.dialect, escaped=case.escaped)
    out = voice.begin(case.choices)
    if case.channel[0] and case.dialect not in CHOOSING:  # an item or block before it
        out += voice.say((0, FIELDS[case.dialect][0]), "First of all. ")
    deadly, deadly_piece = 0, _deadly_piece(case)
    others = other_choices(case)
    other = {"chat": "content", "completions": "text"}.get(case.dialect, "")
    for at, piece in enumerate(case.pieces):
        if case.others and case.others[at]:
            out += voice.say((others[at % len(others)], other), case.others[at])
        out += voice.say(case.channel, piece, logprobs=case.logprobs)
        if at == deadly_piece:
            deadly = len(out)
    if case.ends:
        out += voice.end()
    return out, deadly


def writes_of(case: Case, events: list[bytes]) -> list[bytes]:
    """The events as pieces for the socket, each written on its own."""
    data = b"".join(events)
    if case.writes == "event":
        return events
    if case.writes == "all":
        return [data]
    if case.writes == "bytes" and len(data) < 3_000:
        return [data[i : i + 1] for i in range(len(data))]
    rng, out, at = random.Random(case.seed), [], 0
    while at < len(data):
        step = rng.choice((1, 2, 3, 7, 50, 200, 1000))
        out.append(data[at : at + step])
        at += step
    return out


@dataclass(slots=True)
class Rig:
    """An upstream for many cases at once, and the clients that ask for them."""

    url: str = ""
    cases: dict[str, Case] = field(default_factory=dict)
    deadly_at: dict[str, float] = field(default_factory=dict)
    closed_at: dict[str, asyncio.Future[float]] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from the gateway; several requests may follow each other on it."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n")
                           if line.startswith(b"content-length:")]  # fmt: skip
                body = json.loads(await reader.readexactly(int(lengths[0])))
                if not await self._answer(self.cases[body["model"]], reader, writer):
                    break
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def _answer(
        self, case: Case, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        name = f"case-{case.number}"
        if not case.stream:
            body = reply_body(case)
            head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
            writer.write(head % len(body) + b"\r\n" + body)
            await writer.drain()
            return True
        loop = asyncio.get_running_loop()
        events, deadly = events_of(case)
        deadly_bytes = sum(map(len, events[:deadly]))
        writer.write(STREAM)
        gone = asyncio.ensure_future(reader.read(1))
        sent = 0
        for piece in writes_of(case, events):
            if gone.done():
                break
            writer.write(chunk(piece))
            sent += len(piece)
            if sent >= deadly_bytes and name not in self.deadly_at:
                self.deadly_at[name] = loop.time()
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            await asyncio.sleep(0)
        if case.ends:  # the answer was whole: nothing is left to cut off
            with contextlib.suppress(ConnectionError):
                writer.write(b"0\r\n\r\n")
                await writer.drain()
            gone.cancel()
            return False
        await asyncio.wait((gone,), timeout=STUCK_S)
        if gone.done():
            gone.exception()  # a reset is as good as an end
            self.closed_at[name].set_result(loop.time())
        else:  # nothing stopped it: let the client see all that came through
            gone.cancel()
        return False

    async def play(self, url: str, key: str, case: Case) -> Result:
        """Ask the gateway for a case and check what came."""
        name, result = f"case-{case.number}", Result(case)
        self.cases[name] = case
        closed = self.closed_at[name] = asyncio.get_running_loop().create_future()
        try:
            status, body = await asyncio.wait_for(ask(url, key, case, name), 4 * STUCK_S)
            need(status == 200, "another status", (status, body[:200]))
            check_stream(case, body, result) if case.stream else check_whole(case, body, result)
            if case.stream and not case.ends:
                closed_at = await asyncio.wait_for(closed, 4 * STUCK_S)
                # A run of Base64 says the phrase before its last letter: cut off before that.
                result.closed_s = closed_at - self.deadly_at.get(name, closed_at)
        except (AssertionError, TimeoutError, UnicodeDecodeError) as error:
            result.fault = f"{type(error).__name__}: {error}"[:400]
        del self.cases[name]
        return result


async def ask(url: str, key: str, case: Case, model: str) -> tuple[int, bytes]:
    """One request; (status, body) of the answer. Raises Fault where it is not whole."""
    body: dict[str, Any] = {"model": model, "stream": case.stream, "max_tokens": 4000}
    body |= {"completions": {"prompt": "hello"}, "responses": {"input": "hello"}}.get(
        case.dialect, {"messages": [{"role": "user", "content": "hello"}]}
    )
    if case.choices > 1:
        body["n"] = case.choices
    at, data = urlsplit(url), json.dumps(body).encode()
    head = (
        f"POST {at.path}{PATHS[case.dialect]} HTTP/1.1\r\nhost: {at.netloc}\r\n"
        f"authorization: Bearer {key}\r\ncontent-type: application/json\r\n"
        f"connection: close\r\ncontent-length: {len(data)}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    try:
        writer.write(head.encode() + data)
        answer = await reader.read()
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    top, _, rest = answer.partition(b"\r\n\r\n")
    lines = top.lower().split(b"\r\n")
    need(bool(lines[0]), "no answer")
    if b"transfer-encoding: chunked" in lines:
        rest = unchunked(rest)
    return int(lines[0].split()[1]), rest


def unchunked(data: bytes) -> bytes:
    """The content of a chunked body. Raises Fault unless its last chunk is there."""
    out, at = [], 0
    while True:
        end = data.find(b"\r\n", at)
        need(end >= 0, "the body was cut off", data[-60:])
        size = int(data[at:end], 16)
        if size == 0:
            need(data[end:] == b"\r\n\r\n", "bytes after the body")
            return b"".join(out)
        out.append(data[end + 2 : end + 2 + size])
        at = end + 2 + size + 2


def check_text(case: Case, text: str, result: Result) -> None:
    """The oracle: the client has the lawful beginning and not a character more."""
    if text == case.prefix:
        return
    common = next(
        (i for i, (a, b) in enumerate(zip(text, case.text, strict=False)) if a != b),
        min(len(text), len(case.text)),
    )
    result.leaked = common > len(case.prefix)
    result.lost = not result.leaked
    word = "leaked" if result.leaked else "lost"
    raise Fault(f"{word}: heard {text[-60:]!r} of {case.text[-160:]!r}")


def other_choices(case: Case) -> list[int]:
    return [at for at in range(case.choices) if case.choices > 1 and at != case.channel[0]]


def _deadly_piece(case: Case) -> int:
    """Which piece completes the phrase."""
    said, wanted = 0, len((case.prefix + case.evaded).encode("utf-16-le"))
    for at, piece in enumerate(case.pieces):
        said += len(piece.encode("utf-16-le", "surrogatepass"))
        if said >= wanted:
            return at
    raise AssertionError("a case without its phrase")


def check_stream(case: Case, body: bytes, result: Result) -> Heard:
    heard = hear(case.dialect, body)
    check_text(case, heard.text(case.channel), result)
    need(heard.ended == "halted", "ended otherwise", heard.ended)
    need((heard.licet or {}).get("rule", "").startswith("leak-"), "no rule", heard.licet)
    others = other_choices(case)
    for index in others:
        said = [text if others[at % len(others)] == index else ""
                for at, text in enumerate(case.others)]  # fmt: skip
        text = "".join(text for (at, _), text in heard.texts.items() if at == index)
        need("".join(said).startswith(text), "another choice's text changed", text)
        before = "".join(said[: _deadly_piece(case) + 1])
        need(text.startswith(before), "another choice's text was lost", (text, before))
    if case.channel[0] and not others:
        need(heard.text((0, FIELDS[case.dialect][0])) == "First of all. ", "the first is lost")
    if case.dialect in CHOOSING:
        need(len(heard.finishes) == case.choices, "choices without an end", heard.finishes)
        reason = heard.finishes[case.channel[0]]
        need(reason == ["content_filter"], "another finish", reason)
    return heard


def check_whole(case: Case, body: bytes, result: Result) -> None:
    value = json.loads(body)
    need(case.evaded not in body.decode(), "the phrase itself")
    need(value.get("licet", {}).get("rule", "").startswith("leak-"), "no licet object", value)
    index, name = case.channel
    if name == "tool":
        text = json.dumps(value, ensure_ascii=False)
        need(case.suffix[2:-2] not in text or len(case.suffix) < 6, "what follows", text)
        need("write_note" not in text, "half a call", text)
        return
    if case.dialect in CHOOSING:
        choice = value["choices"][index]
        check_text(case, choice.get("message", choice).get(name) or choice.get(name, ""), result)
        need(choice["finish_reason"] == "content_filter", "another finish", choice)
        for before in value["choices"][:index]:
            said = before.get("message", before)
            need("".join(case.others) in map(str, said.values()), "an earlier choice", said)
    elif case.dialect == "messages":
        blocks = [block for block in value["content"] if name in block]
        check_text(case, blocks[0][name] if blocks else "", result)
        need(value["stop_reason"] == "refusal", "another stop", value["stop_reason"])
    else:
        item = value["output"][0] if value["output"] else {}
        parts = (item.get("content") or []) + (item.get("summary") or [])
        text = "".join(part.get("text", part.get("refusal", "")) for part in parts)
        check_text(case, text, result)
        need(value["incomplete_details"]["reason"] == "content_filter", "another end", value)


@contextlib.asynccontextmanager
async def serving_rig() -> AsyncIterator[Rig]:
    """The upstream, for the time of the block."""
    rig = Rig()
    listener = await asyncio.start_server(rig.serve, "127.0.0.1", 0, limit=1 << 22)
    rig.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1"
    try:
        yield rig
    finally:
        listener.close()
