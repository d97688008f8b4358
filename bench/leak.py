"""Does a gateway stop a forbidden phrase before any character of it reaches the client?

    python bench/leak.py [--of licet|nginx|litellm] [--rules 10000]
    python bench/leak.py --url URL/v1/chat/completions --key K --mock http://127.0.0.1:9001

Starts the mock and the gateway, runs the cases of leak_cases.py, prints a table of verdicts and
ends with 1 if anything leaked, if anything lawful was lost, if a halted stream did not end as the
API says (finish reason, [DONE]), or if its upstream was left running.

    leaked    characters of the phrase that the client got
    after     characters after the phrase that the client got
    withheld  lawful characters before the phrase that the client never got
    end       finish reasons, [DONE], and how the mock saw the stream end
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import contenders
from contenders import Absent, Contender
from leak_cases import STREAMS, StreamCase, prompts
from measure import await_start
from procs import free_port, started
from texts import FORBIDDEN, pieces

HERE = Path(__file__).resolve().parent
DELAY_MS = 5
UPSTREAM_CLOSED_MS = 50  # after the client's stream has ended


@dataclass(slots=True)
class Heard:
    """What a client got of one stream."""

    status: int = 0
    text: str = ""
    finishes: list[str] = field(default_factory=list)
    done: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row of the table."""

    case: str
    ok: bool
    said: str
    leaked: bool = False


def shared_start(a: str, b: str) -> int:
    """How many characters two texts have in common from their start."""
    return next(
        (i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )


def text_of(delta: dict[str, Any], where: str) -> str:
    """What a delta says in one field."""
    if where == "tool":
        calls = delta.get("tool_calls") or []
        return "".join((call.get("function") or {}).get("arguments") or "" for call in calls)
    return delta.get(where) or ""


def hear(event: bytes, case: StreamCase, heard: Heard) -> None:
    """Take one line of a stream."""
    if not event.startswith(b"data:"):
        return
    data = event[5:].strip()
    if data == b"[DONE]":
        heard.done = True
        return
    try:
        said = json.loads(data)
    except ValueError:
        heard.error = f"not JSON: {data[:60]!r}"
        return
    if said.get("error"):
        heard.error = json.dumps(said["error"], ensure_ascii=False)[:120]
    for choice in said.get("choices") or []:
        if choice.get("finish_reason"):
            heard.finishes.append(choice["finish_reason"])
        if choice.get("index", 0) == case.choices - 1:
            heard.text += text_of(choice.get("delta") or {}, case.field)


class Asker:
    """Asks a gateway, and the mock behind it what happened there."""

    def __init__(self, session: aiohttp.ClientSession, gateway: Contender, mock: str) -> None:
        self._session, self._gateway, self._mock = session, gateway, mock
        self._headers = {"authorization": f"Bearer {gateway.key}"}

    async def reset(self) -> None:
        async with self._session.post(f"{self._mock}/reset"):
            pass

    async def upstream(self) -> dict[str, Any]:
        async with self._session.get(f"{self._mock}/stats") as reply:
            return dict(await reply.json())

    async def post(self, body: dict[str, Any]) -> tuple[int, str]:
        body = {"model": "mock", **body}
        url = self._gateway.url
        async with self._session.post(url, json=body, headers=self._headers) as reply:
            return reply.status, await reply.text()

    async def stream(self, case: StreamCase) -> Heard:
        said = f"name={case.text} piece={case.piece} field={case.field} choices={case.choices}"
        prompt = f"write a note @mock mode=text delay={DELAY_MS} {said};"
        body = {"model": "mock", "stream": True, "messages": [{"role": "user", "content": prompt}]}
        heard, url = Heard(), self._gateway.url
        try:
            async with self._session.post(url, json=body, headers=self._headers) as reply:
                heard.status = reply.status
                async for line in reply.content:
                    hear(line.strip(), case, heard)
        except aiohttp.ClientError as error:
            heard.error = f"{type(error).__name__} {heard.error}"
        if case.field == "tool":
            heard.text = heard.text.removeprefix('{"text": "').removesuffix('"}')
        return heard


async def upstream_end(asker: Asker, wait_s: float) -> tuple[dict[str, Any], float]:
    """(how the mock saw its stream end, ms after the client's end)."""
    began = time.monotonic()
    while True:
        last = (await asker.upstream())["last"]
        waited_s = time.monotonic() - began
        if last is not None or waited_s > wait_s:
            return last or {"end": "never ended", "sent": "?"}, waited_s * 1000
        await asyncio.sleep(0.01)


async def judge_stream(asker: Asker, case: StreamCase) -> Verdict:
    """Run one stream and say what came through."""
    await asker.reset()
    heard = await asker.stream(case)
    count = len(pieces(case.whole, case.piece))
    last, late_ms = await upstream_end(asker, count * DELAY_MS / 1000 + 2)
    end = f"{'+'.join(heard.finishes) or 'no finish'}{' [DONE]' if heard.done else ''}"
    end += f"; upstream {last['end']} after {last['sent']}/{count}, +{late_ms:.0f} ms"
    if heard.error:
        end += f"; {heard.error}"
    if not case.phrase:
        whole = heard.text == case.whole and heard.done
        return Verdict(case.name, whole, f"{'whole' if whole else 'NOT WHOLE'}; {end}")
    at = case.whole.index(case.phrase)
    got = shared_start(heard.text, case.whole)
    leaked = max(0, min(got, at + len(case.phrase)) - at)
    after = max(0, got - at - len(case.phrase))
    withheld = max(0, at - got)
    said = f"leaked {leaked}/{len(case.phrase)}, after {after}, withheld {withheld}; {end}"
    changed = len(heard.text) > got
    if changed:
        said = f"changed and went on; {said}"
    silent = not (leaked or after or withheld or changed)
    lawful = heard.status == 200 and heard.done and "content_filter" in heard.finishes
    ok = silent and lawful and late_ms <= UPSTREAM_CLOSED_MS
    return Verdict(case.name, ok, said, leaked=bool(leaked) or case.phrase in heard.text)


async def judge_all(gateway: Contender, mock: str) -> list[Verdict]:
    """Every case against a gateway that runs."""
    out = []
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        asker = Asker(session, gateway, mock)
        out += [await judge_stream(asker, case) for case in STREAMS]
        for lang, phrase in FORBIDDEN.items():
            said = f"write @mock mode=text name={lang}_bad;"
            status, body = await asker.post({"messages": [{"role": "user", "content": said}]})
            leaked = phrase in body or json.dumps(phrase)[1:-1] in body
            said = f"status {status}, phrase {'IN' if leaked else 'not in'} the reply"
            out.append(Verdict(f"not streamed, {lang}", not leaked, said, leaked))
        for name, asked in prompts():
            await asker.reset()
            status, _ = await asker.post(asked)
            reached = (await asker.upstream())["requests"] > 0
            said = f"status {status}, {'PASSED ON' if reached else 'not passed on'}"
            out.append(Verdict(f"prompt: {name}", not reached, said, reached))
    return out


def shown(name: str, verdicts: list[Verdict]) -> str:
    """The table."""
    width = max(len(verdict.case) for verdict in verdicts)
    lines = [f"{'ok  ' if v.ok else 'FAIL'}  {v.case.ljust(width)}  {v.said}" for v in verdicts]
    bad = [v for v, case in zip(verdicts, STREAMS, strict=False) if case.phrase]
    leaked = sum(verdict.leaked for verdict in bad)
    failed = sum(not verdict.ok for verdict in bad)
    others = sum(not verdict.ok for verdict in verdicts) - failed
    lines.append(
        f"{name}: of {len(bad)} streams {leaked} leaked, {failed - leaked} more lost lawful text "
        f"or ended unlawfully; {others} of {len(verdicts) - len(bad)} other cases failed"
    )
    return "\n".join(lines)


@contextmanager
def arranged(chosen: argparse.Namespace) -> Iterator[tuple[Contender | Absent, str]]:
    """A gateway that answers, before a mock: started here, or running as the options say."""
    if chosen.url:
        yield Contender("given", chosen.url, chosen.key), chosen.mock
        return
    with tempfile.TemporaryDirectory(prefix="licet-leak-") as folder:
        work, port = Path(folder), free_port()
        makers = {
            "nginx": lambda: contenders.nginx(port, work),
            "licet": lambda: contenders.licet(port, work, chosen.rules, forbidden=True),
            "litellm": lambda: contenders.litellm(port, work, 2, install=True),
        }
        argv = [sys.executable, str(HERE / "mock_upstream.py"), "--port", str(port)]
        mock = f"http://127.0.0.1:{port}"
        with started(argv, "", work / "mock.log"):
            found = makers[chosen.of]()
            if isinstance(found, Absent):
                yield found, mock
                return
            with started(found.argv, "", work / "gateway.log", found.env) as running:
                _, wrong = await_start(found, running)
                yield Absent(found.name, wrong) if wrong else found, mock


def main(chosen: argparse.Namespace) -> int:
    """Run all cases; 0 if every one held, 1 if one did not, 2 if there was nothing to ask."""
    with arranged(chosen) as (gateway, mock):
        if isinstance(gateway, Absent):
            print(f"{gateway.name}: {gateway.why}")
            return 2
        verdicts = asyncio.run(judge_all(gateway, mock))
    print(shown(gateway.name, verdicts))
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    (results / f"leak-{gateway.name.replace(' ', '-')}.json").write_text(
        json.dumps([asdict(v) for v in verdicts], indent=1, ensure_ascii=False), encoding="utf-8"
    )
    return 0 if all(verdict.ok for verdict in verdicts) else 1


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="does a forbidden phrase leak?")
    options.add_argument("--of", choices=("licet", "nginx", "litellm"), default="licet")
    options.add_argument("--rules", type=int, default=10_000, help="beside the forbidden phrases")
    options.add_argument("--url", help="a gateway that runs, with the phrases forbidden")
    options.add_argument("--key", default="none")
    options.add_argument("--mock", default="http://127.0.0.1:9001", help="its upstream")
    sys.exit(main(options.parse_args()))
