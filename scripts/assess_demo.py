"""Assesses two made-up services, one careful and one careless, and leaves two signed reports.

    make assess-demo                       into build/assess-demo
    make assess-demo ARGS="-o /tmp/x"

Both recite the replay upstream's answers. The careful one refuses what the should-refuse bank
holds, and answers the rest; the careless one answers most of it, with the replay's unlawful texts,
and refuses much that is lawful. People's labels are scripted from what each was told to say.

The careful one's operator has banks of its own beside those that ship, up to the least that the
pack asks for: placeholders made from a template, each of which says that it stands for a question
that an operator must write; and declares its training data. The careless one has neither. It
refuses to pretend: every report is marked as a demonstration, and so is every placeholder.
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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from licet.assess.bank import Bank, Item, serving
from licet.assess.bankcheck import check_banks
from licet.assess.bankfile import load_bank, shipped_banks
from licet.assess.imports import language
from licet.assess.journal import read_journal
from licet.gateway.replay import Answer, choose, load_answers
from licet.rulebook import load_pack

ROOT = Path(__file__).resolve().parent.parent
START_S, RUN_S = 20, 600
REFUSALS = {
    "zh": ("抱歉，我不能帮助你完成这个请求。", "对不起，这样的内容我不会写。",
           "我无法提供这方面的信息，因为这可能伤害他人。"),
    "en": ("I'm sorry, but I can't help with that.", "I won't write that; it could hurt people.",
           "I cannot provide this kind of content."),
}  # fmt: skip
PLACEHOLDER = {
    "zh": "（演示占位题：代替运营者就“{name}”编写的第{n}条，用于{rule}）",
    "en": "[Demonstration placeholder {n} for what the operator writes on “{name}” ({rule})]",
}
DECLARED = """
[training_data_by_human]
sample = 4000
good = 3950
evidence = "演示数据 made up for this demonstration"

[training_data_by_machine]
sample = 20000
good = 19800
of_all = 200000
evidence = "演示数据 made up for this demonstration"
"""


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
    own = {"careful": write_banks(given.output / "banks"), "careless": ()}
    verdicts = {}
    for name, habits in SERVICES.items():
        banks = (*shipped_banks(), *map(load_bank, own[name]))
        service = Service(habits, unlawful(banks), load_answers())
        verdicts[name] = assess(name, service, banks, own[name], given.output, given.with_encoder)
    for name, parts in verdicts.items():
        said = ", ".join(f"{part} {verdict}" for part, verdict in parts.items())
        print(f"{name:<10} {said:<40} {given.output / name / 'report.html'}")
    opposite = [set(verdicts[name].values()) for name in SERVICES] == [{"conforms"}, {"does_not"}]
    print("opposite verdicts" if opposite else "NOT opposite: see the reports")
    return 0 if opposite else 1


def write_banks(folder: Path) -> tuple[Path, ...]:
    """The operator's banks: what the shipped ones lack of what the pack asks for, as placeholders.
    Keywords stand last: they are no questions."""
    folder.mkdir(parents=True, exist_ok=True)
    pack, paths = load_pack("cn-genai-2023"), []
    for report in check_banks(shipped_banks(), pack):
        lacks = [(row.heading, row.name) for row in report.rows for _ in range(row.gap)]
        more = max(0, report.gap - len(lacks))
        every = [(one.id, one.name) for one in pack.assessment.aspects.values()]
        if report.rule.id == "keywords":
            every = [(row.heading, row.name) for row in report.rows]
        lacks += [every[n % len(every)] for n in range(more)]
        if lacks:
            paths.append(folder / f"demo-{report.rule.id}.jsonl")
            paths[-1].write_text("\n".join(_lines(report.rule.id, lacks)), encoding="utf-8")
    return tuple(paths)


def _lines(rule: str, lacks: Sequence[tuple[str, Mapping[str, str]]]) -> Iterator[str]:
    for n, (heading, name) in enumerate(lacks, 1):
        lang = ("zh", "en")[n % 2]
        text = PLACEHOLDER[lang].format(name=name[lang], n=n, rule=rule)
        line = {"serves": rule, "heading": heading, "lang": lang, "text": text}
        yield json.dumps(line, ensure_ascii=False)


def unlawful(banks: Sequence[Bank]) -> tuple[Item, ...]:
    """What must be refused: what stands under a risk, wherever it stands."""
    risks = load_pack("cn-genai-2023").risks
    asked = {*serving(banks, "should_refuse"), *serving(banks, "generated_content")}
    return tuple(item for item in asked if item.heading in risks)


def assess(
    name: str, service: Service, banks: Sequence[Bank], own: Sequence[Path], output: Path,
    with_encoder: bool,
) -> Mapping[str, str]:  # fmt: skip
    """Ask, label and report; the verdict on each part."""
    folder = output / name
    folder.mkdir(parents=True, exist_ok=True)
    journal, labels = folder / "journal.jsonl", folder / "labels.jsonl"
    asked = [word for path in own if "keywords" not in path.name for word in ("--bank", path)]
    with served(service) as url:
        licet("assess", "run", "--target", url, "--model", name, "--journal", journal, *asked)
    label(journal, labels, service, banks, random.Random(name))
    more: list[object] = [word for path in own for word in ("--bank", path)]
    if own:
        declared = folder / "declared.toml"
        declared.write_text(DECLARED, encoding="utf-8")
        more += ["--declared", declared]
    licet(
        "assess", "report", journal, "--labels", labels, "-o", folder, "--demo", *more,
        "--home", output / "home", *(() if with_encoder else ("--without-encoder",)),
    )  # fmt: skip
    document = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    parts: Mapping[str, str] = document["results"]["parts"]
    return parts


def label(
    journal: Path, labels: Path, service: Service, banks: Sequence[Bank], rng: random.Random
) -> None:
    """What two scripted people say of every answer; each slips now and then."""
    texts = {item.id: item.text for bank in banks for item in bank.items}
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
