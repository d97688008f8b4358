"""What disguises are seen through, what lawful text they stop, and what they cost.

    python bench/evasion.py                        # needs the developers' corpus (LICET_DATA)
    python bench/evasion.py --texts 12000 --record # writes the table into docs/guides/matching.md

For each way: how many phrases (of shipped rules, and of 10,000 made of everyday words) are found
when they are written so in the middle of lawful text; how many lawful texts the way alone would
stop; and the CPU time of a stream for each piece of three characters.

Rules
1. Disguises are made here, from the same public tables but by code of its own, with seeded chance.
2. A false alarm is a hit on text in which nothing is found with all ways off.
3. A stream and the whole text find the same, or the measurement fails.
4. The texts are lent and stay where they are; nothing of them is printed.
"""

from __future__ import annotations

import argparse
import base64
import codecs
import gzip
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rules import literals
from texts import PROSE_EN, PROSE_ZH

from licet.guard.disguise.tables import han_tables
from licet.guard.disguise.ways import WAYS
from licet.guard.lexicon import Lexicon
from licet.guard.literal import LexicalSettings
from licet.guard.ruleset import Rule, parse_rules
from licet.rulebook import load_pack

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/guides/matching.md"
BEGIN, END = "<!-- evasion: begin -->\n", "<!-- evasion: end -->\n"
LEXICAL = load_pack("cn-genai-2023").guard.lexical
SEED, SAMPLE = 7, 300
Disguise = Callable[[str, random.Random], str]


def is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def each_han(text: str, rng: random.Random, rate: float, one: Callable[[str], str]) -> str:
    return "".join(one(c) if is_han(c) and rng.random() < rate else c for c in text)


def homophones(text: str, rng: random.Random) -> str:
    tables = han_tables()
    return each_han(text, rng, 0.6, lambda c: rng.choice(tables.alike[tables.readings[c][0]])
                    if c in tables.readings else c)  # fmt: skip


def pinyin(text: str, rng: random.Random) -> str:
    gap = rng.choice(("", " ", "-"))
    return gap.join(han_tables().readings.get(c, (c,))[0] for c in text)


def mixed(text: str, rng: random.Random) -> str:
    return each_han(text, rng, 0.4, lambda c: han_tables().readings.get(c, (c,))[0])


def initials(text: str, rng: random.Random) -> str:
    return "".join(han_tables().readings.get(c, (c,))[0][0] for c in text)


def split(text: str, rng: random.Random) -> str:
    return each_han(text, rng, 0.5, lambda c: rng.choice(han_tables().parts.get(c) or (c,)))


def emoji(text: str, rng: random.Random) -> str:
    return each_han(text, rng, 1.0, lambda c: rng.choice(han_tables().emoji.get(c) or c))


def variants(text: str, rng: random.Random) -> str:
    return each_han(text, rng, 1.0, lambda c: rng.choice(han_tables().variants.get(c) or c))


def mixed_all(text: str, rng: random.Random) -> str:
    ways = (homophones, mixed, split, emoji, variants)
    return "".join(rng.choice(ways)(char, rng) for char in text)


def leet(text: str, rng: random.Random) -> str:
    signs = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7", "l": "1", "b": "8"}
    return "".join(rng.choice(signs[c]) if c in signs and rng.random() < 0.6 else c for c in text)


def repeats(text: str, rng: random.Random) -> str:
    return "".join(c * (rng.randint(2, 4) if c.isalpha() and rng.random() < 0.3 else 1)
                   for c in text)  # fmt: skip


def backwards(text: str, rng: random.Random) -> str:
    return text[::-1]


def rot13(text: str, rng: random.Random) -> str:
    return codecs.encode(text, "rot13")


def in_base64(text: str, rng: random.Random) -> str:
    return base64.b64encode((" " * rng.randrange(3) + text).encode()).decode()


def in_hex(text: str, rng: random.Random) -> str:
    return text.encode().hex(*rng.choice(((), (" ",), (":",))))


def in_percent(text: str, rng: random.Random) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def spaced(text: str, rng: random.Random) -> str:
    return rng.choice(" .-*_").join(text.replace(" ", ""))


def marked(text: str, rng: random.Random) -> str:
    mark = rng.choice(("**", "`", "~~", "\n> ", "</b>"))
    at = rng.randrange(1, len(text))
    return text[:at] + mark + text[at:]


ZH, EN, BOTH = "zh", "en", "both"
DISGUISES: tuple[tuple[str, str, str, Disguise], ...] = (
    ("pinyin", "homophones", ZH, homophones),
    ("pinyin", "pinyin", ZH, pinyin),
    ("pinyin", "characters and pinyin mixed", ZH, mixed),
    ("initials", "initials", ZH, initials),
    ("split", "split characters", ZH, split),
    ("emoji", "emoji", ZH, emoji),
    ("variants", "variants", ZH, variants),
    ("all", "five of these mixed", ZH, mixed_all),
    ("leet", "digits and signs for letters", EN, leet),
    ("repeats", "repeated letters", EN, repeats),
    ("reversed", "reversed", BOTH, backwards),
    ("rot13", "rot13", EN, rot13),
    ("coded", "Base64", BOTH, in_base64),
    ("coded", "hex digits", BOTH, in_hex),
    ("always", "percent-encoded", BOTH, in_percent),
    ("always", "spaced", BOTH, spaced),
    ("always", "marks and code blocks", BOTH, marked),
)


def shipped() -> list[Rule]:
    folder = ROOT / "src/licet/guard/rules"
    return [rule for path in sorted(folder.glob("*.toml"))
            for rule in parse_rules(path.read_text(encoding="utf-8"), path.name)]  # fmt: skip


def everyday(count: int) -> list[Rule]:
    return [Rule(f"bench.{i}", "operator", "halt", (text,), "bench", "measurement")
            for i, text in enumerate(literals(count))]  # fmt: skip


def lexicon(rules: list[Rule], ways: tuple[str, ...]) -> Lexicon:
    return Lexicon(rules, LexicalSettings(
        LEXICAL.short_literal_letters, LEXICAL.gap_characters_max,
        LEXICAL.pattern_characters_max, LEXICAL.within_characters_max, ways))  # fmt: skip


def ways_of(name: str) -> tuple[str, ...]:
    """What is switched on to measure a row."""
    if name == "all":
        return LEXICAL.disguises
    return () if name == "always" else ("repeats",) if name == "coded" else (name,)


def lawful(count: int | None) -> list[str]:
    """Lawful texts of the corpus and our own hard negatives, shuffled with a fixed seed."""
    data = Path(os.environ.get("LICET_DATA", ROOT.parent / "shared" / "data"))
    if not (data / "text/benign.jsonl.gz").exists():
        sys.exit(f"no corpus at {data}: set LICET_DATA to the developers' corpus.")
    texts = [row["text"] for row in rows(data / "text/benign.jsonl.gz")]
    for path in sorted((data / "streams").glob("*.jsonl.gz")):
        texts += [row["answer"] for row in rows(path)]
    for line in (ROOT / "training/hard_negatives.jsonl").read_text(encoding="utf-8").splitlines():
        texts.append(json.loads(line)["text"])
    random.Random(SEED).shuffle(texts)
    return texts[:count]


def rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def language(text: str) -> str:
    return ZH if any(map(is_han, text)) else EN


def recall(name: str, lang: str, disguise: Disguise, rules: list[Rule]) -> tuple[int, int, int]:
    """(phrases disguised, found in a stream by three characters, found in the whole text)."""
    rng = random.Random(SEED)
    phrases = [text for rule in rules for text in rule.literal if not rule.is_conditional]
    rng.shuffle(phrases)
    guard = lexicon(rules, ways_of(name))
    tried = streamed = whole = 0
    for phrase in phrases:
        if tried == SAMPLE or (lang != BOTH and language(phrase) != lang):
            continue
        written = disguise(phrase, rng)
        if written == phrase:
            continue
        tried += 1
        before, after = (
            (PROSE_ZH[0][:20], "。") if language(phrase) == ZH else (PROSE_EN[0][:40], ".")
        )
        text = f"{before} {written} {after}"
        whole += bool(guard.scan(text))
        watch = guard.watch()
        for at in range(0, len(text), 3):
            watch.feed(text[at : at + 3])
        watch.finish()
        streamed += watch.hit is not None or bool(watch.flags)
    return tried, streamed, whole


def alarms(name: str, rules: list[Rule], texts: list[str]) -> int:
    """Lawful texts in which a way alone finds something."""
    plain, guard = lexicon(rules, ()), lexicon(rules, ways_of(name))
    return sum(1 for text in texts if guard.scan(text) and not plain.scan(text))


def cost_ns(ways: tuple[str, ...], rules: list[Rule], pieces: list[str]) -> float:
    """CPU time of a stream for each piece, the best of five."""
    guard, best = lexicon(rules, ways), float("inf")
    for _ in range(5):
        watch = guard.watch()
        began = time.process_time()
        for piece in pieces:
            watch.feed(piece)
        best = min(best, time.process_time() - began)
    return best / len(pieces) * 1e9


def table(texts: list[str]) -> Iterator[str]:
    own, many = shipped(), everyday(10_000)
    characters = sum(map(len, texts))
    yield f"{len(texts):,} lawful texts, {characters / 1e6:.1f} million characters.\n\n"
    yield "| disguise | way | found, shipped rules | found, 10,000 rules "
    yield "| false alarms, shipped | 10,000 rules |\n"
    yield "|---|---|---:|---:|---:|---:|\n"
    known: dict[str, tuple[int, int]] = {}
    for name, title, lang, disguise in DISGUISES:
        if name not in known:
            known[name] = alarms(name, own, texts), alarms(name, many, texts)
        found = []
        for rules in (own, many):
            tried, streamed, whole = recall(name, lang, disguise, rules)
            assert streamed == whole, f"{title}: a stream finds {streamed}, the whole text {whole}"
            found.append(f"{streamed} of {tried}")
        few, more = known[name]
        yield f"| {title} | {name} | {found[0]} | {found[1]} | {few} | {more} |\n"


def costs(texts: list[str]) -> Iterator[str]:
    many = everyday(10_000)
    yield "\n| CPU ns for three characters, 10,000 rules | Chinese | English |\n|---|---:|---:|\n"
    zh = "。".join(t for t in texts if language(t) == ZH)[:90_000]
    en = " ".join(t for t in texts if language(t) == EN)[:90_000]
    sets: list[tuple[str, tuple[str, ...]]] = [("no disguises", ())]
    sets += [(f"`{way}`", (way,)) for way in WAYS] + [
        ("all that the pack names", LEXICAL.disguises)
    ]
    for title, ways in sets:
        ns = [cost_ns(ways, many, [text[i : i + 3] for i in range(0, len(text), 3)])
              for text in (zh, en)]  # fmt: skip
        yield f"| {title} | {ns[0]:.0f} | {ns[1]:.0f} |\n"


def main() -> None:
    options = argparse.ArgumentParser(description="disguises: found, false alarms, cost")
    options.add_argument("--texts", type=int, default=None, help="how many lawful texts (all)")
    options.add_argument("--costs", action="store_true", help="only what it costs")
    options.add_argument("--record", action="store_true", help="write the table into the guide")
    chosen = options.parse_args()
    texts = lawful(chosen.texts)
    if not chosen.costs:
        lines = []
        for line in table(texts):
            lines.append(line)
            print(line, end="", flush=True)
        if chosen.record:
            page = PAGE.read_text(encoding="utf-8")
            head, rest = page.split(BEGIN)
            _, tail = rest.split(END)
            PAGE.write_text(f"{head}{BEGIN}{''.join(lines)}{END}{tail}", encoding="utf-8")
    if chosen.costs or not chosen.record:
        for line in costs(texts):
            print(line, end="", flush=True)


if __name__ == "__main__":
    main()
