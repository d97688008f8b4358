"""Ten thousand literal rules that are like an operator's and never match what is said here.

    python bench/rules.py --count 10000 > rules.toml

Half English, half Chinese, put together from everyday words that also occur in the texts, so that
live prefixes come and go as in real traffic. The same seed gives the same file.

Rules
1. No literal occurs in any text of a measurement, whatever the case or spacing.
2. No two literals are equal.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator

from texts import FORBIDDEN, PROMPT, PROSE_EN, PROSE_ZH, TEXTS

_EN_LINE = (
    "amber anchor apple autumn badge bakery bank basket bottle bread bridge bright broken budget "
    "button cable candle carbon cargo carpet castle cellar chapel cheese circle cloth clover "
    "coffee copper corner cotton cradle crane crystal damp delta desert dial dragon drift eagle "
    "early ember engine fable falcon ferry fiddle flour forest fossil fraction frozen gallery "
    "garden ginger glacier golden gravel green hammer harbor hazel hidden hollow honey indigo "
    "island ivory jacket jasmine juniper kernel kettle lake lantern lemon letter library linen "
    "lively magnet maple marble market meadow mellow mill mirror morning mosaic narrow needle "
    "north oaken ocean olive onion orchard otter oxide paper pebble pepper pigeon pillar planet "
    "plaza pocket prairie quarry quiet rabbit raven river rocket rough saddle salmon shadow silk "
    "silver sparrow spring stone summer swallow tender thistle thunder timber tower town tulip "
    "tunnel valley velvet village violet walnut weather whisper willow winter yellow zephyr"
)
_EN = _EN_LINE.split()
_ZH = (
    "山水天地风云雨雪春夏秋冬东西南北花草树木金银铜铁河海湖江桥路街巷早晚日月星光红黄蓝绿黑白"
    "大小长短高低新旧远近书信纸笔茶饭面包米油盐酒果菜鱼鸟马牛羊车船门窗桌椅灯火石沙田园村镇"
)


def squeezed(text: str) -> str:
    """The text as a matcher that forgives spacing and case might see it."""
    return "".join(text.casefold().split())


def literals(count: int, seed: int = 7) -> list[str]:
    """So many literals, English and Chinese in turn; none occurs in what is said here."""
    draw = random.Random(seed)
    said = squeezed("\n".join([*TEXTS.values(), *PROSE_EN, *PROSE_ZH, PROMPT]))
    out: list[str] = []
    known: set[str] = set()
    while len(out) < count:
        if len(out) % 2:
            literal = "".join(draw.choices(_ZH, k=draw.randint(5, 9)))
        else:
            literal = " ".join(draw.choices(_EN, k=draw.randint(3, 5)))
        if squeezed(literal) in known or squeezed(literal) in said:
            continue
        known.add(squeezed(literal))
        out.append(literal)
    return out


def rule_file(phrases: list[str]) -> Iterator[str]:
    """An operator's rule file, one table for each phrase."""
    for number, phrase in enumerate(phrases, 1):
        yield (
            f'[[rule]]\nid = "bench.{number}"\ncategory = "operator"\naction = "halt"\n'
            f'literal = ["{phrase}"]\nauthor = "bench"\nreason = "measurement"\n\n'
        )


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="a large rule file for measurements")
    options.add_argument("--count", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--forbidden", action="store_true", help="with the phrases of bench/leak")
    chosen = options.parse_args()
    phrases = literals(chosen.count, chosen.seed)
    if chosen.forbidden:
        phrases += FORBIDDEN.values()
    sys.stdout.writelines(rule_file(phrases))
