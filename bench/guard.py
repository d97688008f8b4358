"""What the guard costs on one thread, beside what we aim at: one table.

    make bench-guard                     about a minute; the machine may be shared
    make bench-guard ARGS=--plain        what plain Python costs, without the compiled form
    make bench-guard ARGS="--encoder FILE --json FILE"

CPU time of this process (of its child, where a command is measured), best of the rounds. Texts
are lawful answers of the developers' data sets where LICET_DATA (or the folder beside the
checkout) holds them, else the prose of `texts.py`. A chunk is three characters of them.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import rules
from texts import PROSE_EN, PROSE_ZH

T = TypeVar("T")
CHUNK = 3
CHARACTERS = 60_000
RULES = 10_000
MANY_RULES = 100_000
LINES, LINE_CHARACTERS = 4_000, 100
ENCODER_TOKENS = 128
_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `most`: whether ours should be at most `aim` (else at least)."""

    what: str
    unit: str
    ours: float | None
    aim: float
    most: bool = True
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How far from the aim; at or below 1 it is met."""
        if self.ours is None:
            return None
        return self.ours / self.aim if self.most else self.aim / self.ours


def lawful(characters: int) -> list[str]:
    """Lawful answers, Chinese and English in turn, of so many characters in all."""
    folder = Path(os.environ.get("LICET_DATA") or _BESIDE) / "streams"
    if not folder.is_dir():
        prose = ["\n".join(PROSE_ZH), "\n".join(PROSE_EN)] * (characters // 1200 + 1)
        return prose[: characters // 600 + 1]
    found: dict[str, list[str]] = {"belle-eval": [], "alpaca-eval": []}
    for name, texts in found.items():
        with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            total = 0
            for line in lines:
                answer = json.loads(line)["answer"]
                if len(answer) >= 100:
                    texts.append(answer)
                    total += len(answer)
                if total >= characters // 2:
                    break
    return [text for texts in found.values() for text in texts]


def chunks(texts: list[str]) -> list[list[str]]:
    """Each text as it is streamed."""
    return [[text[i : i + CHUNK] for i in range(0, len(text), CHUNK)] for text in texts]


def best_s(work: Callable[[T], object], parts: Sequence[T], rounds: int) -> float:
    """CPU seconds of the work on all parts, of each the best of the rounds: what others do to
    the machine meanwhile counts as little as it can. The collector is out of the way."""
    best = [float("inf")] * len(parts)
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for i, part in enumerate(parts):
                began = time.process_time()
                work(part)
                best[i] = min(best[i], time.process_time() - began)
    finally:
        gc.enable()
    return sum(best)


def scanning(streams: list[list[str]], rounds: int) -> Iterator[Figure]:
    """Normalise and scan, by literal rules alone."""
    from licet.cli.rulebook import DEFAULT_PACK
    from licet.guard.lexicon import LexicalSettings, Lexicon
    from licet.guard.ruleset import parse_rules
    from licet.rulebook import load_pack

    text = "".join(rules.rule_file(rules.literals(RULES)))
    parsed = parse_rules(text, "bench")
    count = sum(map(len, streams))

    def scan(lexicon: Lexicon, pieces: list[str]) -> None:
        feed = lexicon.watch().feed
        for piece in pieces:
            feed(piece)

    given = load_pack(DEFAULT_PACK).guard.lexical.disguises
    for ways, aim in (((), 0.55), (("pinyin",), 1.8), (tuple(given), 1.8)):
        lexicon = Lexicon(parsed, LexicalSettings(10, 12, disguises=ways))
        each = best_s(partial(scan, lexicon), streams, rounds) / count * 1e6
        note = f"disguises: {', '.join(ways)}" if ways else ""
        yield Figure(f"normalise and scan, {RULES:,} rules", "µs a chunk", each, aim, note=note)


def patterns(streams: list[list[str]], rounds: int) -> Iterator[Figure]:
    """What the shipped patterns add to the shipped rules on lawful answers."""
    from licet.cli.rulebook import DEFAULT_PACK
    from licet.gateway.bundling import draft_bundle
    from licet.guard.bundle import take_bundle
    from licet.guard.lexicon import Lexicon
    from licet.rulebook import load_pack

    bundle = take_bundle(draft_bundle(load_pack(DEFAULT_PACK)), b"")
    count = sum(map(len, streams))

    def scan(lexicon: Lexicon, pieces: list[str]) -> None:
        feed = lexicon.watch("reply").feed
        for piece in pieces:
            feed(piece)

    without, with_them = (
        best_s(partial(scan, Lexicon(some, bundle.policy.lexical)), streams, rounds) / count * 1e6
        for some in ([rule for rule in bundle.all_rules if not rule.pattern], bundle.all_rules)
    )
    yield Figure("shipped patterns, on top of the rest", "µs a chunk", with_them - without, 0.6,
                 note=f"the rest: {without:.2f}")  # fmt: skip


def judging(streams: list[list[str]], rounds: int) -> Iterator[Figure]:
    """The classifier on running text, and the whole of a stream."""
    from licet.cli.rulebook import DEFAULT_PACK
    from licet.gateway.bundling import draft_bundle
    from licet.guard.bundle import make_guard, take_bundle
    from licet.guard.guarding import Guard
    from licet.guard.lexicon import Lexicon
    from licet.guard.ruleset import parse_rules
    from licet.rulebook import load_pack

    bundle = take_bundle(draft_bundle(load_pack(DEFAULT_PACK)), b"")
    alone = make_guard(bundle)
    none = Lexicon((), bundle.policy.lexical)
    text = "".join(rules.rule_file(rules.literals(RULES)))
    many = Lexicon((*bundle.all_rules, *parse_rules(text, "bench")), bundle.policy.lexical)
    count = sum(map(len, streams))

    def judged(guard: Guard, pieces: list[str]) -> None:
        stream = guard.stream()
        for piece in pieces:
            stream.feed(piece)
        stream.end()

    spent = [
        best_s(partial(judged, guard), streams, rounds) / count * 1e6
        for guard in (
            Guard(none, alone.classifier, alone.policy),
            Guard(none, None, alone.policy),
            Guard(many, alone.classifier, alone.policy),
        )
    ]
    yield Figure("n-gram classifier on running text", "µs a chunk", spent[0] - spent[1], 1.0)
    yield Figure("whole cascade on lawful streams", "µs a chunk", spent[2], 8.0,
                 note=f"{RULES:,} rules, shipped rules, classifier, hold-back")  # fmt: skip


def encoding(path: Path | None, rounds: int) -> Iterator[Figure]:
    """One window of the encoder, as long as the aim speaks of."""
    from licet.gateway.bundling import shipped_encoder, shipped_encoder_digest
    from licet.guard.encoder import Encoder

    what, aim = f"encoder, {ENCODER_TOKENS} tokens", 3.5
    if path is None and shipped_encoder_digest() is None:
        yield Figure(what, "ms", None, aim, note="no encoder ships in this build")
        return
    encoder = Encoder.from_bytes(path.read_bytes() if path else shipped_encoder())
    text = "\n".join(PROSE_EN) + "\n".join(PROSE_ZH)
    tokens = len(encoder.words.numbers(text))
    spent = best_s(lambda one: encoder.judge([one], "reply"), [text], rounds)
    yield Figure(what, "ms", spent * 1e3 * ENCODER_TOKENS / tokens, aim,
                 note=f"a text of {tokens} tokens, in windows that overlap")  # fmt: skip


def checking(texts: list[str], encoder: Path | None, rounds: int) -> Iterator[Figure]:
    """`licet check --jsonl`: texts a second of its CPU time, without what its start costs."""
    from licet.gateway.bundling import shipped_encoder_digest

    parts = [text[i : i + LINE_CHARACTERS] for text in texts
             for i in range(0, len(text) - LINE_CHARACTERS, LINE_CHARACTERS)]  # fmt: skip
    parts = (parts * (LINES // len(parts) + 1))[:LINES]
    lines = [json.dumps({"id": i, "text": text, "role": "reply"}) for i, text in enumerate(parts)]
    for without, aim in ((True, 1500.0), (False, 250.0)):
        name = "without" if without else "with"
        what = f"licet check --jsonl, texts of {LINE_CHARACTERS}, {name} the encoder"
        if not without and shipped_encoder_digest() is None:
            note = "no encoder ships in this build"
            yield Figure(what, "texts/s", None, aim, most=False, note=note)
            continue
        option = ["--without-encoder"] if without else []
        few = min(command_s(option, lines[:1]) for _ in range(2))
        full = min(command_s(option, lines) for _ in range(max(1, rounds // 20)))
        yield Figure(what, "texts/s", (LINES - 1) / (full - few), aim, most=False,
                     note=f"start {few:.2f} s, not counted")  # fmt: skip


def command_s(options: list[str], lines: list[str]) -> float:
    """CPU seconds of one run of the command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = "from licet.cli.main import main; main()"
    program = [sys.executable, "-c", begin, "check", "--jsonl", *options]
    subprocess.run(
        program, input="\n".join(lines).encode(), stdout=subprocess.DEVNULL, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


_LOAD = """
import resource, sys, time
from licet.cli.rulebook import DEFAULT_PACK
from licet.guard.lexicon import LexicalSettings, Lexicon
from licet.guard.ruleset import parse_rules
from licet.rulebook import load_pack
ways = tuple(load_pack(DEFAULT_PACK).guard.lexical.disguises) if sys.argv[1:] else ()
settings = LexicalSettings(10, 12, disguises=ways)
Lexicon(parse_rules("", "none"), settings).scan("warm")
text = sys.stdin.read()
def now(): return int(open("/proc/self/statm").read().split()[1]) * 4096
before, began = now(), time.process_time()
lexicon = Lexicon(parse_rules(text, "bench"), settings)
lexicon.watch().feed("a text")
print(time.process_time() - began, (now() - before) / 2**20,
      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10)
"""


def loading(many: int) -> Iterator[Figure]:
    """A large rule file: read, compiled, ready."""
    text = "".join(rules.rule_file(rules.literals(many)))
    for ways in ([], ["disguised"]):
        done = subprocess.run([sys.executable, "-c", _LOAD, *ways], input=text,
                              capture_output=True, text=True, check=True)  # fmt: skip
        seconds, grown, peak = map(float, done.stdout.split())
        which = "with the pack's disguises" if ways else ""
        yield Figure(f"{many:,} rules, read and compiled", "s", seconds, 5.0, note=which)
        note = f"{which} (at its peak the process had {peak:.0f})".strip()
        yield Figure(f"{many:,} rules, memory", "MiB", grown, 300.0, note=note)


def table(figures: list[Figure]) -> str:
    """The figures as Markdown."""
    lines = ["| | unit | ours | aim | ours ÷ aim | |", "|---|---|---:|---:|---:|---|"]
    for each in figures:
        aim = f"{'≤' if each.most else '≥'} {each.aim:g}"
        ours = ratio = "–"
        if each.ours is not None and each.ratio is not None:
            ours = f"{each.ours:.3g}" if each.ours < 1000 else f"{each.ours:,.0f}"
            ratio = f"{each.ratio:.2f}" + ("" if each.ratio <= 1 else ", missed")
        lines.append(f"| {each.what} | {each.unit} | {ours} | {aim} | {ratio} | {each.note} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="What the guard costs, beside what we aim at.")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--plain", action="store_true", help="without the compiled form")
    parser.add_argument("--encoder", type=Path, help="an encoder's file, instead of the shipped")
    parser.add_argument("--many", type=int, default=MANY_RULES, help="rules of a large file")
    parser.add_argument("--only", default="scan,patterns,judge,encode,check,load")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    if given.plain:
        os.environ["LICET_PLAIN"] = "1"
    from licet.base.compiled import why_plain

    texts = lawful(CHARACTERS)
    streams = chunks(texts)
    parts: dict[str, Callable[[], Iterator[Figure]]] = {
        "scan": lambda: scanning(streams, given.rounds),
        "patterns": lambda: patterns(streams, given.rounds),
        "judge": lambda: judging(streams, given.rounds),
        "encode": lambda: encoding(given.encoder, given.rounds),
        "check": lambda: checking(texts, given.encoder, given.rounds),
        "load": lambda: loading(given.many),
    }
    figures = [figure for name in given.only.split(",") for figure in parts[name]()]
    plain = why_plain()
    form = f"plain Python ({plain})" if plain else "compiled"
    print(f"Python {platform.python_version()}, {form}; {len(texts)} lawful texts, "
          f"{sum(map(len, streams)):,} chunks of {CHUNK} characters.\n")  # fmt: skip
    print(table(figures))
    if given.json:
        given.json.write_text(json.dumps([asdict(each) for each in figures], indent=1))


if __name__ == "__main__":
    main()
