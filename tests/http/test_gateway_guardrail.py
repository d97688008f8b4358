"""LiteLLM asks, our guard answers: blocked with a case, or not at all; never in silence."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit import plain
from kit.bundles import RULES
from kit.gateway import CONFIG, Served, running_gateway
from kit.judge import http as judge_answer
from kit.judge import verdict
from kit.litellm import PATH, conversation, question, tool_call
from kit.scripted import answer, upstream
from kit.upstream import Peer
from licet.base.clock import SystemClock
from licet.gateway.keys import Grant
from licet.ledger.entry import Entry, parse_entry

BAD = "please buy forged papers here"
RULE = """
[[rule]]
id = "op.forged"
category = "illegal_activity"
action = "halt"
literal = ["buy forged papers"]
author = "tests"
reason = "tests"
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_gateway(tmp_path_factory.mktemp("guardrail"), rules=RULE) as running:
        yield running


def ask(served: Served, asked: Any, **headers: str) -> Any:
    given = headers or {"x-api-key": served.key}
    return plain.post(served.root + PATH, json=asked, headers=given, timeout=20)


def entries(served: Served) -> list[Entry]:
    log = served.gateway.log
    return [parse_entry(entry) for entry in served.call(lambda: log.entries(0, log.size))]


def test_a_lawful_request_is_not_touched(served: Served) -> None:
    response = ask(served, conversation(("system", "Be brief."), ("user", "Hello there.")))
    assert (response.status_code, response.json()) == (200, {"action": "NONE"})


@pytest.mark.parametrize("input_type", ["request", "response"])
def test_what_is_stopped_has_a_case_that_can_be_read(served: Served, input_type: str) -> None:
    body = ask(served, question(input_type, "All fine.", BAD)).json()
    assert body["action"] == "BLOCKED"
    licet = body["licet"]
    assert (licet["rule"], licet["category"]) == ("op.forged", "illegal_activity")
    assert licet["case"] in body["blocked_reason"]
    assert licet["appeal"] in body["blocked_reason"]
    assert "forged papers" not in body["blocked_reason"]
    kind = "exchange.refused" if input_type == "request" else "exchange.halted"
    entry = entries(served)[-1]
    assert (entry.kind, entry.pub["route"], entry.pub["rule"]) == (kind, "guardrail", "op.forged")
    page = plain.get(f"{served.root}/appeal/{licet['case']}", timeout=20)
    assert page.status_code == 200
    assert licet["case"] in page.text


def test_what_passes_is_counted_and_not_recorded(served: Served) -> None:
    before = len(entries(served))
    assert ask(served, question("response", "All fine.")).json()["action"] == "NONE"
    assert len(entries(served)) == before
    shown = plain.get(f"{served.root}/metrics", timeout=20).text
    assert 'licet_exchanges_total{dialect="litellm",outcome="served",route="guardrail"}' in shown


def test_arguments_of_tools_are_judged(served: Served) -> None:
    call = tool_call("mail", json.dumps({"body": BAD}))
    assert (
        ask(served, question("response", "Sure.", tool_calls=[call])).json()["action"] == "BLOCKED"
    )


def test_a_stream_is_held_where_a_match_may_still_come(served: Served) -> None:
    words = "The shop says: please buy forged pap"
    body = ask(served, question("response", words, "All is well. ")).json()
    assert body["action"] == "NONE"
    held, none = body["stream_holdback_chars"]
    assert words[: len(words) - held] == "The shop says: please "
    assert none == 0
    assert ask(served, question("response", words + "ers")).json()["action"] == "BLOCKED"


def test_images_are_not_let_through_unjudged(served: Served) -> None:
    body = ask(served, question("request", "Look.", images=["AA=="])).json()
    assert body["action"] == "BLOCKED"
    assert "images[0]" in body["blocked_reason"]


def test_images_pass_where_the_operator_says_so(tmp_path: Path) -> None:
    with running_gateway(tmp_path, rules=RULE, guard='images = "pass"') as running:
        asked = question("request", "Look.", images=["AA=="])
        assert ask(running, asked).json() == {"action": "NONE"}


def test_a_key_must_open_the_guardrail(served: Served) -> None:
    now = SystemClock().now()
    _, chat = served.gateway.keystore.create("c", Grant(routes=frozenset({"chat"})), now)
    _, own = served.gateway.keystore.create("g", Grant(routes=frozenset({"guardrail"})), now)
    served.call(lambda: served.gateway.parts.keyring.refresh(SystemClock().monotonic()))
    asked = question("request", "Hello.")
    assert ask(served, asked, **{"x-api-key": chat}).status_code == 403
    assert ask(served, asked, **{"x-api-key": own}).status_code == 200
    assert ask(served, asked, authorization=f"Bearer {own}").status_code == 200
    assert ask(served, asked, **{"x-api-key": "sk-wrong"}).status_code == 401
    other = plain.get(f"{served.url}/models", headers={"x-api-key": own}, timeout=20)
    assert other.status_code == 403


@pytest.mark.parametrize("asked", [[], {"texts": ["a"]}, {"input_type": "request", "texts": [1]}])
def test_what_is_no_question_is_refused_with_a_reason(served: Served, asked: Any) -> None:
    response = ask(served, asked)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_request"


JUDGED = CONFIG.replace(
    "[ledger]",
    '[[guard.judge]]\nname = "near"\nkind = "moderation"\nurl = "{judge}"\nmodel = "m"\n'
    "timeout_ms = 500\nthreshold = 0.5\n\n[ledger]",
)


def test_judges_outside_are_asked_here_too(tmp_path: Path) -> None:
    async def judge(peer: Peer) -> None:
        while True:
            text = json.loads((await peer.request()).body)["input"]
            await peer.send(judge_answer(verdict(violence=0.9 if "malice" in text else 0.1)))

    with (
        upstream(judge) as near,
        running_gateway(tmp_path, rules=RULES, config=JUDGED, judge=near.url) as running,
    ):
        for input_type in ("request", "response"):
            assert ask(running, question(input_type, "Good day.")).json()["action"] == "NONE"
            body = ask(running, question(input_type, "With malice.")).json()
            assert body["licet"]["rule"] == "judge.near.violence"


@pytest.mark.parametrize(("then", "action"), [("halt", "BLOCKED"), ("pass", "NONE")])
def test_a_judge_that_fails_does_what_was_set(then: str, action: str, tmp_path: Path) -> None:
    async def dumb(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(answer(b"{}", "500 Broke"))

    config = JUDGED.replace('whole = "halt"', f'whole = "{then}"')
    with (
        upstream(dumb) as near,
        running_gateway(tmp_path, rules=RULES, config=config, judge=near.url) as running,
    ):
        body = ask(running, question("response", "Good day.")).json()
        assert body["action"] == action
        while not (kept := [e for e in entries(running) if e.kind.startswith("exchange.")]):
            time.sleep(0.02)  # it waits for company on its way to the disk
        (pub,) = [entry.pub for entry in kept]
        assert pub["route"] == "guardrail"
        if then == "pass":
            assert pub["rules"] == ["judge.unavailable"]
