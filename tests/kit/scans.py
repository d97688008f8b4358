"""Inputs to scan, with faults planted at known places, and the job to scan them."""

from __future__ import annotations

import datetime as dt
import json
import random
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kit.identifiers import cn_id
from licet.corpus.scan.engine import Job
from licet.corpus.scan.run import Choice, make_job
from licet.gateway.bundling import draft_bundle
from licet.guard.bundle import build_bundle
from licet.rulebook import load_pack

PACK = load_pack("cn-genai-2023")
RULE = """
[[rule]]
id = "test.1"
category = "crime"
action = "halt"
literal = ["forged ration stamp", "假粮票"]
author = "tests"
reason = "An example that harms nobody."
"""
_WORDS = [
    "river",
    "bridge",
    "morning",
    "paper",
    "letter",
    "garden",
    "window",
    "street",
    "music",
    "summer",
    "winter",
    "market",
    "station",
    "doctor",
    "teacher",
    "kitchen",
    "forest",
    "mountain",
    "story",
    "picture",
    "number",
    "answer",
    "question",
]
_HAN = "春夏秋冬山水花鸟鱼虫天地日月风云草木江湖海石田园书画琴棋诗酒茶米油盐灯火门窗桥路"


@cache
def bundle() -> bytes:
    """A guard bundle with what ships and the rule above."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test.toml"
        path.write_text(RULE, encoding="utf-8")
        draft = draft_bundle(PACK, [path], name="tests")
    return build_bundle(draft, Ed25519PrivateKey.from_private_bytes(secrets.token_bytes(32)))


def job(*paths: Path, **more: object) -> Job:
    """A job over paths. `more` is of Choice."""
    return make_job(Choice(paths, bundle(), dt.date(2026, 11, 3), **more), PACK)  # type: ignore[arg-type]


def prose(rng: random.Random, lang: str) -> str:
    """A lawful text of its own, some 300 letters long."""
    if lang == "en":
        return ". ".join(
            " ".join(rng.choice(_WORDS) for _ in range(9)).capitalize() for _ in range(6)
        )
    return "。".join("".join(rng.choice(_HAN) for _ in range(17)) for _ in range(9))


@dataclass(slots=True)
class Planted:
    """Lines to scan, and at which places what was planted."""

    rows: list[dict[str, str]] = field(default_factory=list)
    at: dict[str, set[int]] = field(default_factory=dict)

    def add(self, text: str, source: str = "clean", *kinds: str) -> None:
        """A line, with what was planted in it."""
        for kind in kinds:
            self.at.setdefault(kind, set()).add(len(self.rows))
        self.rows.append({"text": text, "source": source})

    def write(self, path: Path) -> Path:
        """The lines as JSONL."""
        return lines(path, self.rows)


def lines(path: Path, rows: Iterable[dict[str, str]]) -> Path:
    """Rows as JSONL."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")
    return path


BENCHMARK = (
    "Which of the following rivers flows through the capital city of the country of Hungary"
)


def planted(count: int = 2_000, seed: int = 3) -> Planted:
    """Lines of which one in twenty has a fault of each kind; of the source `bad` one in ten holds
    what the rule halts, of the others one in a hundred."""
    rng, out = random.Random(seed), Planted()
    texts: list[str] = []
    for n in range(count):
        source = ("clean", "bad", "other")[n % 3]
        text = prose(rng, "en" if rng.random() < 0.5 else "zh")
        kind = n % 20
        if rng.random() < (0.1 if source == "bad" else 0.01):
            mark = rng.choice(["Forged  RATION stamp", "ｆｏｒｇｅｄ ration-stamp", "假糧票"])
            out.add(f"{text[:120]} {mark} {text[120:]}", source, "unlawful")
        elif kind == 1:
            out.add(f"{text} 联系 139{rng.randrange(10**8):08d}。", source, "phone-cn")
        elif kind == 2:
            out.add(f"{text} 身份证 {cn_id(rng)}。", source, "cn-id")
        elif kind == 3:
            out.add(f"{text} Write to lee.{rng.randrange(10**6)}@gmail.com", source, "email")
        elif kind == 4 and texts:
            out.add(rng.choice(texts), source, "exact_copy")
        elif kind == 5 and texts:
            old = rng.choice(texts)
            out.add(f"{old[:-3]} {rng.randrange(100)}", source, "near_copy")
        elif kind == 6:
            out.add(f"{text} {BENCHMARK.upper()}?", source, "contaminated")
        elif kind == 7:
            key = "".join(rng.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(36))
            out.add(f"{text} ghp_{key}", source, "token")
        else:
            texts.append(text)
            out.add(text, source)
    return out
