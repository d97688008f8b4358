"""What `licet doctor` asks judges outside: one harmless question, each in the way of its kind.

It refuses to know what they are asked about else. Rules: see `doctor_scene`.
"""

from __future__ import annotations

import http.client
from concurrent.futures import ThreadPoolExecutor

from licet.base.clock import SystemClock
from licet.base.trouble import BadInput
from licet.cli.doctor_scene import WAIT_S, Finding, Scene
from licet.gateway.config_judge import JudgeConfig
from licet.gateway.judges.model import Asked, JudgeKind
from licet.gateway.judges.registry import kind_of
from licet.gateway.upstream_settings import UpstreamSettings, load_tls, parse_origin
from licet.rulebook import load_pack

QUESTION = Asked("Behind the wall.", "reply", "Where is the harbour?")
ANSWER_BYTES_MAX = 256 << 10


def check_judges(scene: Scene) -> Finding:
    """Every judge answers in a way that its kind understands; the worst is what is found."""
    judges = scene.config.guard.judge if scene.config else ()
    if scene.config is None or not judges:
        return Finding("ok", "none outside: ours judges alone")
    pack = load_pack(scene.config.guard.pack)
    known = {one.id: one.reason["en"] for one in pack.categories.values() if one.scored}
    kinds = [kind_of(judge.kind, known) for judge in judges]
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = list(pool.map(check_judge, judges, kinds, [scene] * len(judges)))
    worst = max(found, key=lambda finding: ("ok", "warn", "bad").index(finding.state))
    said = [f"{each.name}: {one.said}" for each, one in zip(judges, found, strict=True)]
    return Finding(worst.state, "; ".join(said), worst.hint)


def check_judge(judge: JudgeConfig, kind: JudgeKind, scene: Scene) -> Finding:
    """It is reached, takes the key, answers, and is understood in the time that it has."""
    key = scene.environ.get(judge.key_env, "") if judge.key_env is not None else ""
    if judge.key_env is not None and not key:
        return Finding("warn", f"not asked, {judge.key_env} is not set in this shell",
                       f"Where the gateway runs: export {judge.key_env}=…")  # fmt: skip
    clock = SystemClock()
    began_s = clock.monotonic()
    try:
        answers = [_post(judge, kind.path, key, b) for b in kind.requests(judge.model, [QUESTION])]
    except BadInput as fault:
        return Finding("bad", fault.message, fault.hint)
    except (OSError, http.client.HTTPException) as error:
        return Finding("bad", f"cannot be asked: {type(error).__name__}",
                       "Check its url, this machine's network and the certificate.")  # fmt: skip
    took_ms = round(1000 * (clock.monotonic() - began_s))
    refused = next((status for status, _ in answers if status != http.client.OK), None)
    if refused is not None:
        return Finding("bad", f"answered with status {refused}",
                       "Check its url, model and key: what does its own log say?")  # fmt: skip
    if kind.parse([body for _, body in answers], [QUESTION]) == [None]:
        return Finding("bad", f"its answer is not one of {judge.kind}",
                       "Check kind and model: each is asked in its own way.")  # fmt: skip
    if took_ms > judge.timeout_ms:
        return Finding("warn", f"answered in {took_ms} ms, later than its timeout_ms",
                       "Raise timeout_ms, or look why it is slow.")  # fmt: skip
    return Finding("ok", f"answered in {took_ms} ms, understood")


def _post(judge: JudgeConfig, path: str, key: str, body: bytes) -> tuple[int, bytes]:
    settings = UpstreamSettings(name=judge.name, base_url=judge.url, ca_file=judge.ca_file)
    origin, tls = parse_origin(settings), load_tls(settings)
    connection = (
        http.client.HTTPConnection(origin.host, origin.port, timeout=WAIT_S)
        if tls is None
        else http.client.HTTPSConnection(origin.host, origin.port, timeout=WAIT_S, context=tls)
    )
    headers = {"content-type": "application/json"} | (
        {"authorization": f"Bearer {key}"} if key else {}
    )
    try:
        connection.request("POST", origin.prefix.decode() + path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(ANSWER_BYTES_MAX)
    finally:
        connection.close()
