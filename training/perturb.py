"""Eight ways to write a text so that it is not found, each by itself, to measure what they cost.

It refuses to know labels and judges. What teaches is `disguise`, which mixes; here one way is used
at one rate on every text, so that figures compare. Chance is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from disguise import APART, EMOJI, LEET, Chance

from licet.guard.disguise.tables import han_tables
from licet.guard.fold_data import SIMPLIFIED, TRADITIONAL

RATE = 0.35
"""Of the characters (of Latin text: the words of three letters or more) that are changed."""
Way = Callable[[str, Chance], str]

_OLD_SCRIPT = dict(zip(SIMPLIFIED, TRADITIONAL, strict=True))
_SIGNS = "*_-·~|/."


def usual_readings() -> dict[str, str]:
    """Pinyin without tones by character: of each the usual reading."""
    return {char: heard[0] for char, heard in han_tables().readings.items()}


def ways(readings: Mapping[str, str]) -> dict[str, tuple[Way, Way]]:
    """Name → (what is done to one Han character, what is done to one Latin word)."""
    alike: dict[str, list[str]] = {}
    for char in _usual():
        if char in readings:
            alike.setdefault(readings[char], []).append(char)

    def same_sound(char: str, rng: Chance) -> str:
        others = alike.get(readings.get(char, ""))
        return others[rng.integers(len(others))] if others else char

    def after(char: str, rng: Chance) -> str:
        return char + _SIGNS[rng.integers(len(_SIGNS))]

    return {
        "homophones / digits for letters": (same_sound, lambda word, _: word.translate(LEET)),
        "pinyin / a sign inside": (lambda c, _: readings.get(c, c), _sign_inside),
        "pinyin initials / initials": (lambda c, _: readings.get(c, c)[0], _mostly_gone),
        "emoji / look-alike letters": (lambda c, _: EMOJI.get(c, c), _look_alike),
        "split characters / spaced": (lambda c, _: APART.get(c, c), lambda w, _: " ".join(w)),
        "signs between / doubled letters": (after, _doubled),
        "traditional script / full width": (lambda c, _: _OLD_SCRIPT.get(c, c), _wide),
        "neighbours swapped": (lambda c, _: c, _swapped),
    }


def perturbed(text: str, name: str, way: tuple[Way, Way], rng: Chance) -> str:
    """The text with about RATE of it written in one way."""
    if sum(map(_is_han, text)) * 4 <= len(text):
        words = text.split(" ")
        return " ".join(
            way[1](word, rng) if len(word) > 2 and rng.random() < RATE else word for word in words
        )
    if name == "neighbours swapped":
        return _swap_pairs(text, rng)
    drawn = rng.random(len(text))
    return "".join(
        way[0](char, rng) if share < RATE and _is_han(char) else char
        for char, share in zip(text, drawn, strict=True)
    )


def _usual() -> list[str]:
    """The 3,755 characters of GB 2312's first level: what people write."""
    codes = (bytes((a, b)) for a in range(0xB0, 0xD8) for b in range(0xA1, 0xFF))
    return [char for code in codes if (char := code.decode("gb2312", "ignore"))]


def _is_han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


def _swap_pairs(text: str, rng: Chance) -> str:
    chars = list(text)
    at = 0
    while at + 1 < len(chars):
        if _is_han(chars[at]) and _is_han(chars[at + 1]) and rng.random() < RATE / 2:
            chars[at : at + 2] = chars[at + 1], chars[at]
            at += 1
        at += 1
    return "".join(chars)


def _sign_inside(word: str, rng: Chance) -> str:
    place = int(rng.integers(1, len(word)))
    return word[:place] + _SIGNS[rng.integers(len(_SIGNS))] + word[place:]


def _mostly_gone(word: str, rng: Chance) -> str:
    return word[0] + "*" * (len(word) - 1) if rng.random() < 0.5 else word[0]


def _look_alike(word: str, rng: Chance) -> str:
    return word.translate(str.maketrans("aceopxy", "асеорху"))


def _doubled(word: str, rng: Chance) -> str:
    place = int(rng.integers(1, len(word)))
    return word[:place] + word[place - 1] * 2 + word[place:]


def _wide(word: str, rng: Chance) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in word)


def _swapped(word: str, rng: Chance) -> str:
    place = int(rng.integers(1, len(word)))
    return word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :]
