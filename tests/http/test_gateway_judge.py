"""A judge outside, in front of real sockets: what it says counts, and no answer is never a yes.

Every tier with every setting for a judge that fails or is late, whole and streamed.
"""

from __future__ import annotations

import asyncio
import json
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from kit import plain
from kit.bundles import RULES
from kit.gateway import CONFIG, Served, running_gateway
from kit.judge import chat, verdict
from kit.judge import http as judge_answer
from kit.scripted import answer, reply, stream, upstream
from kit.upstream import Peer, Script
from licet.ledger.entry import parse_entry

PROSE = "The harbour lay quiet. A gull walked along the wall. Nobody came. The tide went out. "
TEXTS = [f"{word} " for word in (PROSE * 3).split()]
WHOLE = "".join(TEXTS)
BAD = "malice"
HELLO = [{"role": "user", "content": "hello"}]
ROLE_OF_PROMPT = b"hello"


def judging(fault: str) -> Script:
    """A judge that is fine about prompts, and about answers does as `fault` says; what it is
    asked about `malice` is always unlawful."""

    async def script(peer: Peer) -> None:
        while True:
            request = await peer.request()
            text = json.loads(request.body)["input"]
            if BAD in text:
                await peer.send(judge_answer(verdict(violence=0.99)))
            elif text.encode() == ROLE_OF_PROMPT or fault == "none":
                await peer.send(judge_answer(verdict(violence=0.01)))
            elif fault == "late":
                await asyncio.sleep(30)
            elif fault == "error":
                await peer.send(answer(b"{}", "500 Broke"))
            else:
                await peer.send(judge_answer(b"no json"))

    return script


async def model(peer: Peer) -> None:
    """Says the prose, or the prose with malice in the middle."""
    while True:
        request = json.loads((await peer.request()).body)
        texts = list(TEXTS)
        if request["model"] == "bad":
            texts.insert(len(texts) // 2, BAD + " ")
        await peer.send(stream(texts) if request.get("stream") else reply("".join(texts)))


def config(tier: str, on_failure: str, judge: str) -> str:
    return (
        CONFIG.replace('token = "halt"', f'token = "{on_failure}"')
        .replace('clause = "halt"', f'clause = "{on_failure}"')
        .replace('whole = "halt"', f'whole = "{on_failure}"')
        .replace("{guard}", f'tier = "{tier}"')
        .replace(
            "[ledger]",
            f'[[guard.judge]]\nname = "near"\nkind = "moderation"\nurl = "{judge}"\n'
            'model = "a-guard"\ntimeout_ms = 150\n\n[ledger]',
        )
    )


def said(response: Any) -> tuple[str, list[str]]:
    """Text and finish reasons of an answer, whole or streamed."""
    if not response.headers["content-type"].startswith("text/event-stream"):
        choice = response.json()["choices"][0]
        return choice["message"]["content"], [choice["finish_reason"]]
    text, reasons = "", []
    for event in response.text.split("\n\n"):
        if event.startswith("data: {"):
            for choice in json.loads(event[6:]).get("choices", ()):
                text += choice["delta"].get("content") or ""
                reasons += [choice["finish_reason"]] if choice["finish_reason"] else []
    return text, reasons


def ask(served: Served, model_name: str = "m", *, streamed: bool) -> Any:
    body = {
        "model": model_name,
        "stream": streamed,
        "messages": HELLO,
    }
    return plain.post(
        f"{served.url}/chat/completions", json=body, headers=served.headers, timeout=20
    )


def kinds_of(served: Served) -> list[str]:
    log = served.gateway.log
    return [parse_entry(e).kind for e in served.call(lambda: log.entries(0, log.size))]


@pytest.mark.parametrize("tier", ["token", "clause", "whole"])
def test_a_judge_that_answers_lets_pass_and_halts(tier: str, tmp_path: Path) -> None:
    with (
        upstream(judging("none")) as judge,
        upstream(model) as behind,
        running_gateway(
            tmp_path, behind.url, rules=RULES, config=config(tier, "halt", judge.url)
        ) as served,
    ):
        for streamed in (False, True):
            assert said(ask(served, streamed=streamed)) == (WHOLE, ["stop"])
            text, reasons = said(ask(served, "bad", streamed=streamed))
            assert reasons == ["content_filter"]
            assert WHOLE.startswith(text) or tier == "token"
            if tier != "token":
                assert BAD not in text


@pytest.mark.parametrize("fault", ["late", "error", "nonsense"])
@pytest.mark.parametrize("on_failure", ["halt", "pass"])
@pytest.mark.parametrize("tier", ["token", "clause", "whole"])
def test_a_judge_that_fails_does_what_was_set(
    tier: str, on_failure: str, fault: str, tmp_path: Path
) -> None:
    with (
        upstream(judging(fault)) as judge,
        upstream(model) as behind,
        running_gateway(
            tmp_path, behind.url, rules=RULES, config=config(tier, on_failure, judge.url)
        ) as served,
    ):
        for streamed in (False, True):
            began_s = time.monotonic()
            text, reasons = said(ask(served, streamed=streamed))
            assert time.monotonic() - began_s < 8
            if on_failure == "pass":
                assert (text, reasons) == (WHOLE, ["stop"])
            else:
                assert reasons == ["content_filter"]
                assert text == "" or tier == "token"


@pytest.mark.parametrize("fault", ["late", "error", "nonsense"])
def test_a_client_whose_judge_failed_keeps_its_connection(
    fault: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Compiled coroutines once raised again, behind the answer, what had been caught."""
    with (
        upstream(judging(fault)) as judge,
        upstream(model) as behind,
        running_gateway(
            tmp_path, behind.url, rules=RULES, config=config("clause", "pass", judge.url)
        ) as served,
    ):
        line = HTTPConnection(urlsplit(served.url).netloc, timeout=20)
        headers = {"authorization": f"Bearer {served.key}", "content-type": "application/json"}
        for streamed in (False, True, False, True, False):
            body = json.dumps({"model": "m", "stream": streamed, "messages": HELLO})
            line.request("POST", "/v1/chat/completions", body, headers)
            reply = line.getresponse()
            assert reply.status == 200
            reply.read()
            time.sleep(0.05)
        line.close()
    assert "Exception in ASGI application" not in caplog.text


@pytest.mark.parametrize("tier", ["token", "clause", "whole"])
def test_a_judge_that_is_held_for_is_asked_until_it_answers(tier: str, tmp_path: Path) -> None:
    fail_first = 3
    asked = 0

    async def recovering(peer: Peer) -> None:
        nonlocal asked
        while True:
            request = await peer.request()
            asked += json.loads(request.body)["input"].encode() != ROLE_OF_PROMPT
            await peer.send(
                answer(b"{}", "503 Later")
                if 0 < asked <= fail_first
                else judge_answer(verdict(violence=0.01))
            )

    with (
        upstream(recovering) as judge,
        upstream(model) as behind,
        running_gateway(
            tmp_path, behind.url, rules=RULES, config=config(tier, "hold", judge.url)
        ) as served,
    ):
        assert said(ask(served, streamed=True)) == (WHOLE, ["stop"])


def test_a_stream_that_is_held_for_ever_ends(tmp_path: Path) -> None:
    with (
        upstream(judging("error")) as judge,
        upstream(model) as behind,
        running_gateway(
            tmp_path, behind.url, rules=RULES, config=config("clause", "hold", judge.url),
            upstream_settings="idle_s = 0.5\ntotal_s = 2",
        ) as served,
    ):  # fmt: skip
        for streamed in (True, False):
            began_s = time.monotonic()
            response = ask(served, streamed=streamed)
            assert time.monotonic() - began_s < 10
            assert "harbour" not in response.text
            assert "error" in response.text
        log, until_s = served.gateway.log, time.monotonic() + 10
        sides: list[object] = []
        while len(sides) < 2 and time.monotonic() < until_s:
            found = [parse_entry(entry) for entry in log.entries(0, log.size)]
            sides = [entry.pub["side"] for entry in found if entry.kind == "exchange.failed"]
        assert sides == ["judge", "judge"]


def test_a_prompt_that_cannot_be_judged_is_not_passed_on(tmp_path: Path) -> None:
    async def dumb(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(answer(b"{}", "500 Broke"))

    with (
        upstream(dumb) as judge,
        upstream(model) as behind,
        running_gateway(
            tmp_path, behind.url, rules=RULES, config=config("token", "halt", judge.url)
        ) as served,
    ):
        response = ask(served, streamed=False)
        assert response.status_code == 400
        assert response.json()["error"]["code"] == "content_filter"
        assert behind.requests == []
        assert "exchange.refused" in kinds_of(served)


@pytest.mark.parametrize("streamed", [False, True])
def test_the_judge_of_an_answer_is_given_the_prompt(streamed: bool, tmp_path: Path) -> None:
    asked: list[list[dict[str, str]]] = []

    async def llama(peer: Peer) -> None:
        while True:
            asked.append(json.loads((await peer.request()).body)["messages"])
            await peer.send(judge_answer(chat("safe")))

    with (
        upstream(llama) as judge,
        upstream(model) as behind,
        running_gateway(
            tmp_path, behind.url, rules=RULES,
            config=config("clause", "halt", judge.url).replace('"moderation"', '"llama-guard-3"'),
        ) as served,
    ):  # fmt: skip
        assert said(ask(served, streamed=streamed)) == (WHOLE, ["stop"])
    assert asked[0] == [{"role": "user", "content": "hello"}]
    for user, assistant in asked[1:]:
        assert user == {"role": "user", "content": "hello"}
        assert assistant["role"] == "assistant"
        assert assistant["content"] in WHOLE
    assert len(asked) > 1


@pytest.mark.parametrize("streamed", [False, True])
def test_what_passes_unjudged_is_on_record(streamed: bool, tmp_path: Path) -> None:
    with (
        upstream(judging("error")) as judge,
        upstream(model) as behind,
        running_gateway(
            tmp_path, behind.url, rules=RULES, config=config("clause", "pass", judge.url)
        ) as served,
    ):
        assert said(ask(served, streamed=streamed)) == (WHOLE, ["stop"])
        log = served.gateway.log
        time.sleep(0.2)
        entries = [parse_entry(e) for e in served.call(lambda: log.entries(0, log.size))]
    (exchange,) = [entry for entry in entries if entry.kind == "exchange.served"]
    assert exchange.pub["rules"] == ["judge.unavailable"]


def test_a_judge_is_asked_in_its_band_alone_and_by_its_own_threshold(tmp_path: Path) -> None:
    async def strict(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(judge_answer(verdict(violence=0.3)))

    def asked_with(line: str, where: Path) -> tuple[int, Any]:
        with (
            upstream(strict) as judge,
            upstream(model) as behind,
            running_gateway(
                where, behind.url, rules=RULES,
                config=config("whole", "halt", judge.url).replace("timeout_ms = 150", line),
            ) as served,
        ):  # fmt: skip
            response = ask(served, streamed=False)
            return len(judge.requests), response

    count, response = asked_with("bands = [[0.99, 1.0]]", tmp_path / "a")
    assert (count, said(response)) == (0, (WHOLE, ["stop"]))
    count, response = asked_with("threshold = 0.5", tmp_path / "b")
    assert (count, said(response)) == (2, (WHOLE, ["stop"]))
    count, response = asked_with("threshold = 0.3", tmp_path / "c")
    assert (count, response.status_code) == (1, 400)
    assert response.json()["error"]["licet"]["rule"] == "judge.near.violence"


@pytest.mark.parametrize(("fault", "status"), [("none", 200), ("late", 503), ("error", 503)])
def test_moderations_say_what_the_judge_says_and_nothing_without_it(
    fault: str, status: int, tmp_path: Path
) -> None:
    with (
        upstream(model) as server,
        upstream(judging(fault)) as judge,
        running_gateway(tmp_path, server.url, config=config("whole", "pass", judge.url)) as on,
    ):
        inputs = [PROSE, f"{PROSE} {BAD}"]
        response = plain.post(
            f"{on.url}/moderations", json={"input": inputs}, headers=on.headers, timeout=20
        )
        assert response.status_code == status
        if status != 200:
            assert response.json()["error"]["code"] == "judge_unavailable"
            return
        calm, bad = response.json()["results"]
        assert (calm["flagged"], bad["flagged"]) == (False, True)
        assert bad["categories"]["violence"]
        assert bad["category_scores"]["violence"] > 0.9
