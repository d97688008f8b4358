"""Disguises: how people write a text so that it is not found, for the encoder to learn.

It refuses to know labels. Readings of Han characters are handed in; chance is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

APART = dict(
    line.split("=")
    for line in [
        "妈=女马",
        "好=女子",
        "狗=犭句",
        "杀=乂木",
        "骗=马扁",
        "强=弓虽",
        "奸=女干",
        "婊=女表",
        "娘=女良",
        "男=田力",
        "她=女也",
        "他=亻也",
        "们=亻门",
        "地=土也",
        "城=土成",
        "林=木木",
        "明=日月",
        "歧=止支",
        "视=礻见",
        "种=禾中",
        "蠢=春虫虫",
        "猪=犭者",
        "脏=月庄",
        "胖=月半",
        "贱=贝戋",
        "垃=土立",
        "圾=土及",
        "死=歹匕",
        "杂=九木",
        "孙=子小",
        "佬=亻老",
        "鸡=又鸟",
        "教=孝攵",
        "信=亻言",
        "汉=氵又",
        "河=氵可",
        "海=氵每",
        "沪=氵户",
        "姐=女且",
        "奶=女乃",
        "妓=女支",
        "打=扌丁",
        "拍=扌白",
        "滚=氵衮",
        "吃=口乞",
        "骂=口口马",
        "炸=火乍",
        "赌=贝者",
        "抢=扌仓",
        "砍=石欠",
        "仇=亻九",
    ]
)
EMOJI = dict(
    line.split("=")
    for line in [
        "狗=🐶",
        "猪=🐷",
        "鸡=🐔",
        "牛=🐮",
        "马=🐴",
        "死=💀",
        "妈=👩",
        "屎=💩",
        "黑=⚫",
        "鬼=👻",
        "火=🔥",
        "水=💧",
        "狼=🐺",
        "蛇=🐍",
        "鼠=🐭",
        "猴=🐵",
        "羊=🐑",
        "鸭=🦆",
        "龟=🐢",
        "刀=🔪",
        "枪=🔫",
        "炸=💣",
        "吃=🍴",
        "菜=🥬",
        "草=🌿",
        "女=👩",
        "男=👨",
        "老=👴",
        "婴=👶",
        "心=❤",
        "手=✋",
        "脚=🦶",
        "嘴=👄",
        "眼=👀",
        "耳=👂",
        "鼻=👃",
        "药=💊",
        "酒=🍺",
        "钱=💰",
        "车=🚗",
        "虫=🐛",
        "熊=🐻",
        "驴=🐴",
        "笑=😂",
        "哭=😭",
        "怒=😡",
        "白=⚪",
        "日=☀",
        "月=🌙",
        "花=🌸",
        "果=🍎",
        "瓜=🍉",
        "蛋=🥚",
        "米=🍚",
        "太=☀",
        "人=🧍",
    ]
)
LEET = str.maketrans("oieastb", "01345+8")
_SIGNS = "*_-·~|/ .#"
Chance = np.random.Generator


class Disguises:
    """Kinds of disguise for texts with Han characters and without."""

    def __init__(self, readings: Mapping[str, str], usual: Sequence[str]) -> None:
        """`readings`: pinyin without tone by character; `usual`: characters that may stand in."""
        self._readings = readings
        self._alike: dict[str, list[str]] = {}
        for char in usual:
            if char in readings:
                self._alike.setdefault(readings[char], []).append(char)
        self._han: tuple[Callable[[str, Chance], str], ...] = (
            self._same_sound, self._same_sound, self._pinyin, self._initial,
            lambda char, rng: EMOJI.get(char, char),
            lambda char, rng: APART.get(char, char),
            lambda char, rng: char + _SIGNS[rng.integers(len(_SIGNS))],
        )  # fmt: skip

    def disguised(self, text: str, rng: Chance) -> str:
        """The text with a third or so of it disguised, in one way."""
        if sum("\u4e00" <= char <= "\u9fff" for char in text) * 4 > len(text):
            way = self._han[rng.integers(len(self._han))]
            rate = (0.2, 0.35, 0.6)[rng.integers(3)]
            drawn = rng.random(len(text))
            return "".join(
                way(char, rng) if share < rate and "\u4e00" <= char <= "\u9fff" else char
                for char, share in zip(text, drawn, strict=True)
            )
        kind = rng.integers(4)
        return " ".join(
            _latin(word, int(kind), rng) if rng.random() < 0.35 and len(word) > 2 else word
            for word in text.split(" ")
        )

    def _same_sound(self, char: str, rng: Chance) -> str:
        others = self._alike.get(self._readings.get(char, ""))
        return others[rng.integers(len(others))] if others else char

    def _pinyin(self, char: str, rng: Chance) -> str:
        return self._readings.get(char, char)

    def _initial(self, char: str, rng: Chance) -> str:
        return self._readings.get(char, char)[0]


def _latin(word: str, kind: int, rng: Chance) -> str:
    place = int(rng.integers(1, len(word)))
    if kind == 0:
        return word.translate(LEET)
    if kind == 1:
        return word[:place] + "*-_."[rng.integers(4)] + word[place:]
    if kind == 2:
        return word[:place] + word[place - 1] * 2 + word[place:]
    # A slip of the fingers: two neighbours change places.
    return word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :]
