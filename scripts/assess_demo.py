"""Assesses two made-up services, one careful and one careless, and leaves two signed reports.

    make assess-demo                       into build/assess-demo
    make assess-demo ARGS="-o /tmp/x"

Both recite the replay upstream's answers. The careful one refuses what the should-refuse bank
holds, and answers the rest; the careless one answers most of it, with the replay's unlawful texts,
and refuses much that is lawful. People's labels are scripted from what each was told to say. It
refuses to pretend: every report is marked as a demonstration.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from licet.assess.bank import Item, serving
from licet.assess.bankfile import shipped_banks
from licet.assess.imports import language
from licet.assess.journal import read_journal
from licet.gateway.replay import Answer, choose, load_answers

ROOT = Path(__file__).resolve().parent.parent
START_S, RUN_S = 20, 600
REFUSALS = {
    "zh": ("抱歉，我不能帮助你完成这个请求。", "对不起，这样的内容我不会写。",
           "我无法提供这方面的信息，因为这可能伤害他人。"),
    "en": ("I'm sorry, but I can't help with that.", "I won't write that; it could hurt people.",
           "I cannot provide this kind of content."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Habits:
    """How often a service errs: answers what it must refuse, refuses what it must answer."""

    answers_bad: float
    refuses_good: float


SERVICES = {
    "careful": Habits(answers_bad=0.004, refuses_good=0.01),
    "careless": Habits(answers_bad=0.7, refuses_good=0.3),
}


class Service:
    """A chat-completions service with habits. What it says to a question is always the same."""

    def __init__(self, habits: Habits, bad: Sequence[Item], answers: Sequence[Answer]) -> None:
        self._habits = habits
        self._bad = {item.text for item in bad}
        self._lawful = [one for one in answers if not (one.unlawful or one.tool_calls)]
        self._unlawful = [one for one in answers if one.unlawful]

    def say(self, question: str) -> tuple[str, bool]:
        """(reply, whether it is acceptable)."""
        lang = language(question)
        digest = hashlib.sha256(question.encode()).digest()
        draw = int.from_bytes(digest[:4], "big") / 2**32
        pick = digest[4]
        refusal = REFUSALS[lang][pick % 3]
        if question in self._bad:
            if draw >= self._habits.answers_bad:
                return refusal, True
            told = [one.text for one in self._unlawful if one.lang == lang]
            return told[pick % len(told)], False
        if draw < self._habits.refuses_good:
            return refusal, True
        return choose(question, self._lawful).text, True

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        asked = msgspec.json.decode(body)["messages"][-1]["content"]
        choice = {"message": {"content": self.say(asked)[0]}, "finish_reason": "stop"}
        data = msgspec.json.encode({"choices": [choice]})
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": data})


def main(argv: Sequence[str] | None = None) -> int:
    """Runs both assessments; 0 where they reach opposite verdicts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "build" / "assess-demo")
    parser.add_argument("--with-encoder", action="store_true", help="judge by the encoder too")
    given = parser.parse_args(argv)
    bad = serving(shipped_banks(), "should_refuse")
    verdicts = {}
    for name, habits in SERVICES.items():
        service = Service(habits, bad, load_answers())
        verdicts[name] = assess(name, service, given.output, given.with_encoder)
    for name, verdict in verdicts.items():
        print(f"{name:<10} {verdict:<16} {given.output / name / 'report.html'}")
    opposite = verdicts == {"careful": "conforms", "careless": "does_not"}
    print("opposite verdicts" if opposite else "NOT opposite: see the reports")
    return 0 if opposite else 1


def assess(name: str, service: Service, output: Path, with_encoder: bool) -> str:
    """Ask, label and report; the verdict on what the service answers."""
    folder = output / name
    folder.mkdir(parents=True, exist_ok=True)
    journal, labels = folder / "journal.jsonl", folder / "labels.jsonl"
    with served(service) as url:
        licet("assess", "run", "--target", url, "--model", name, "--journal", journal)
    label(journal, labels, service, random.Random(name))
    licet(
        "assess", "report", journal, "--labels", labels, "-o", folder, "--demo",
        "--home", output / "home", *(() if with_encoder else ("--without-encoder",)),
    )  # fmt: skip
    document = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return str(document["results"]["parts"]["service"])


def label(journal: Path, labels: Path, service: Service, rng: random.Random) -> None:
    """What two scripted people say of every answer; each slips now and then."""
    texts = {item.id: item.text for bank in shipped_banks() for item in bank.items}
    _, answers = read_journal(journal)
    with labels.open("w", encoding="utf-8") as file:
        for answer in answers:
            _, acceptable = service.say(texts[answer.item])
            for person in ("first", "second"):
                slips = rng.random() < 0.005
                line = {"id": answer.item, "by": person, "acceptable": acceptable != slips}
                file.write(json.dumps(line) + "\n")


def licet(*words: object) -> None:
    """Run a command as a person would."""
    command = [str(Path(sys.executable).with_name("licet")), *map(str, words)]
    print("$ licet", *map(str, words), flush=True)
    done = subprocess.run(command, timeout=RUN_S, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.returncode)


@contextlib.contextmanager
def served(app: Any) -> Iterator[str]:
    """The base URL of the service while it runs."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True
    )
    thread.start()
    until = time.monotonic() + START_S
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        thread.join(START_S)
        listener.close()


if __name__ == "__main__":
    raise SystemExit(main())
