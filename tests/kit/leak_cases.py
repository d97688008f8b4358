"""Random cases for the leak test: a lawful beginning, a disguised phrase, and how both are sent.

The oracle is by construction: the case knows where the phrase begins, for it put it there. Nothing
here asks the guard what it thinks.

Rules
1. Phrases are made of syllables and characters that the lawful prose has none of, but in a near
   miss: the first part of a phrase and then a word that breaks it.
2. A disguise is one that docs/guides/matching.md promises to see through.
"""

from __future__ import annotations

import base64
import codecs
import json
import random
from dataclasses import dataclass, field

from kit.speech import FIELDS, Channel

EN_PROSE = """the ferry leaves at nine and takes an hour to the far bank of the lake. add flour
slowly, stir until smooth and let the dough rest. our library opens a new reading room in spring.
the old bridge was repaired with stone from the same hill. please send the signed copy on friday.
most swallows leave in autumn and return in april, while sparrows stay all winter."""
ZH_PROSE = (
    "今天天气很好,我们沿着河边散步。把面粉慢慢加入温水,搅拌到没有颗粒。星期四晚上有小雨,明天放晴。"
)
_SYLLABLES = ("qax", "zok", "vex", "quv", "zix", "kov", "jax", "xop", "zeq", "voq", "qip", "xez")
_SIMPLE = "龙马鸟鱼书东电风云见贝长红绿蓝铁银钱阳阴乐买卖陆岛"
_TRADITIONAL = dict(
    zip(_SIMPLE, "龍馬鳥魚書東電風雲見貝長紅綠藍鐵銀錢陽陰樂買賣陸島", strict=True)
)
_SHORT_ZH = "鸡鸭鹅鹰鸽"
_TRADITIONAL |= dict(zip(_SHORT_ZH, "雞鴨鵝鷹鴿", strict=True))
_LOOK_ALIKE = {"a": "а", "e": "е", "o": "о", "c": "с", "p": "р", "x": "х", "i": "і", "v": "ν"}
_SOUNDS_LIKE = dict(
    zip(_SIMPLE, "隆码袅于输冬店丰匀件背常洪律拦帖吟前杨音勒荬迈路导", strict=True)
)
_PINYIN_LINE = (
    "long ma niao yu shu dong dian feng yun jian bei chang hong lv lan tie yin qian yang yin "
    "le mai mai lu dao"
)
_PINYIN = dict(zip(_SIMPLE, _PINYIN_LINE.split(), strict=True))
_PARTS_LINE = "刀田一 钅失 钅艮 钅戋 阝日 阝月 艹监 纟工"
_PARTS = dict(zip("鱼铁银钱阳阴蓝红", _PARTS_LINE.split(), strict=True))
_LEET = {"a": "4@", "e": "3", "i": "1!", "o": "0", "z": "2"}
_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_SPACES = ("  ", "\t", "\u3000", "\u00a0", "\u2003", " \t ", "\n", "\r\n")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A forbidden phrase. A `short` one is only seen through what its kind promises."""

    text: str
    kind: str  # "en", "zh", "mixed", "digits", "symbols", "short"


def phrases(rng: random.Random, count: int) -> list[Phrase]:
    """Phrases, none of them within another. Some begin alike, some as others end."""
    made: dict[str, Phrase] = {}
    while len(made) < count:
        kind = rng.choice(("en", "en", "zh", "zh", "mixed", "digits", "symbols", "short"))
        text = _phrase(rng, kind)
        if kind in ("en", "zh") and rng.random() < 0.3 and made:
            other = rng.choice(list(made.values()))
            if other.kind == kind:  # begins as another one ends
                text = other.text.split(" ")[-1] + " " + text if kind == "en" else (
                    other.text[-2:] + text
                )  # fmt: skip
        letters = _letters(text)
        if any(letters in _letters(known) or _letters(known) in letters for known in made):
            continue
        made[text] = Phrase(text, kind)
    return list(made.values())


def _phrase(rng: random.Random, kind: str) -> str:
    def word(most: int = 3) -> str:
        return "".join(rng.choices(_SYLLABLES, k=rng.randint(2, most)))

    def han(least: int, most: int) -> str:
        return "".join(rng.choices(_SIMPLE, k=rng.randint(least, most)))

    if kind == "en":
        return " ".join(word() for _ in range(rng.randint(2, 3)))
    if kind == "zh":
        return han(5, 8)
    if kind == "mixed":
        return han(2, 3) + word() + han(2, 3)
    if kind == "digits":
        return f"{word()} {word()} {rng.randint(10**5, 10**8)}"
    if kind == "symbols":
        return f"{word()}{rng.choice(('++', '#', '@'))} {word()} {rng.choice('🔫😀★')} {word()}"
    return "".join(rng.sample(_SHORT_ZH, 3)) if rng.random() < 0.5 else "quz" + rng.choice("bdfg")


def _letters(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


def rules_file(made: list[Phrase]) -> str:
    """A rule file that forbids them."""
    out = []
    for number, phrase in enumerate(made):
        text = json.dumps(phrase.text, ensure_ascii=False)
        out.append(
            f'[[rule]]\nid = "leak-{number}"\ncategory = "operator"\naction = "halt"\n'
            f'literal = [{text}]\nauthor = "A. Tester"\nreason = "To be found."\n'
        )
    return "\n".join(out)


# Disguises


def plain(rng: random.Random, text: str) -> str:
    return text


def case(rng: random.Random, text: str) -> str:
    return "".join(rng.choice((char.upper(), char)) for char in text)


def full_width(rng: random.Random, text: str) -> str:
    return "".join(
        chr(ord(c) + 0xFEE0) if "!" <= c <= "~" and rng.random() < 0.8 else c for c in text
    )


def zero_width(rng: random.Random, text: str) -> str:
    marks = [rng.choice(_ZERO_WIDTH) * rng.randint(0, 2) for _ in text[1:]]
    return text[0] + "".join(mark + char for mark, char in zip(marks, text[1:], strict=True))


def traditional(rng: random.Random, text: str) -> str:
    return "".join(_TRADITIONAL.get(c, c) if rng.random() < 0.8 else c for c in text)


def spaces(rng: random.Random, text: str) -> str:
    return "".join(rng.choice(_SPACES) if char == " " else char for char in text)


def separators(rng: random.Random, text: str) -> str:
    mark = rng.choice((".", "-", "*", " ", "·", "_", "/", "~"))
    return mark.join(char for char in text if char != " ")


def look_alike(rng: random.Random, text: str) -> str:
    return "".join(_LOOK_ALIKE.get(c, c) if rng.random() < 0.7 else c for c in text)


def entities(rng: random.Random, text: str) -> str:
    def one(char: str) -> str:
        if char == " ":
            return rng.choice((" ", "&nbsp;", "&#32;", "&emsp;", "&Tab;"))
        form = rng.choice(("{c}", "&#{d};", "&#x{h};", "&#X{h};", "&#0{d};"))
        return form.format(c=char, d=ord(char), h=f"{ord(char):x}")

    return "".join(map(one, text))


def bare_entities(rng: random.Random, text: str) -> str:
    """Numeric entities without their semicolon, where no digit follows to change them."""
    out = []
    for char, following in zip(text, text[1:] + " ", strict=True):
        bare = rng.random() < 0.4 and char != " " and not following.isdigit()
        out.append(f"&#{ord(char)}" if bare else char)
    return "".join(out)


def marks(rng: random.Random, text: str) -> str:
    mark = rng.choice(("**", "*", "_", "`", "~~"))
    return text[0] + "".join(rng.choice(("", "", mark)) + char for char in text[1:])


def tags(rng: random.Random, text: str) -> str:
    tag = rng.choice(("<b>", "</i>", "<span class=x>", "<br/>"))
    at = rng.randint(1, len(text) - 1)
    return text[:at] + tag + text[at:]


def escapes(rng: random.Random, text: str) -> str:
    """`\\uXXXX` of UTF-16 units, as models write them."""
    out = []
    for char in text:
        if rng.random() < 0.5:
            units = char.encode("utf-16-be")
            pairs = [units[i : i + 2].hex() for i in range(0, len(units), 2)]
            out.append("".join(f"\\u{pair}" for pair in pairs))
        else:
            out.append(char)
    return "".join(out)


def percent(rng: random.Random, text: str) -> str:
    return "".join(
        "".join(f"%{byte:02x}" for byte in char.encode()) if rng.random() < 0.7 else char
        for char in text
    )


def hexadecimal(rng: random.Random, text: str) -> str:
    return text.encode().hex(*rng.choice(((), (" ",), (":",))))


def base_64(rng: random.Random, text: str) -> str:
    return base64.b64encode(text.encode()).decode().rstrip("=" * rng.randint(0, 1))


def base_64_twice(rng: random.Random, text: str) -> str:
    return base_64(rng, base_64(rng, text))


def leet(rng: random.Random, text: str) -> str:
    return "".join(rng.choice(_LEET[c]) if c in _LEET and rng.random() < 0.6 else c for c in text)


def repeats(rng: random.Random, text: str) -> str:
    most = "".join(c * rng.choice((1, 1, 2, 4)) if c.isalpha() else c for c in text[:-1])
    return most + text[-1]  # which completes it


def backwards(rng: random.Random, text: str) -> str:
    return text[::-1]


def rot13(rng: random.Random, text: str) -> str:
    return codecs.encode(text, "rot13")


def sounds_like(rng: random.Random, text: str) -> str:
    return "".join(_SOUNDS_LIKE[c] if rng.random() < 0.6 else c for c in text)


def pinyin(rng: random.Random, text: str) -> str:
    gap = rng.choice(("", " ", "-"))
    return gap.join(_PINYIN[c] if rng.random() < 0.7 else c for c in text)


def parts(rng: random.Random, text: str) -> str:
    return "".join(_PARTS.get(c, c) if rng.random() < 0.7 else c for c in text)


def dressed_up(rng: random.Random, text: str) -> str:
    return "".join(rng.choice((sounds_like, parts, plain))(rng, c) for c in text)


ANYWHERE = (plain, case, full_width, zero_width, traditional, look_alike, bare_entities, entities,
            percent)  # fmt: skip
IN_LONG = (*ANYWHERE, spaces, separators, marks, tags)
CODED = (base_64, base_64_twice, hexadecimal)
OF_KIND = {
    "en": (leet, repeats, backwards, rot13, *CODED),
    "zh": (sounds_like, pinyin, parts, dressed_up, backwards, *CODED),
    "mixed": (repeats, backwards, *CODED),
    "digits": (leet, repeats, backwards, *CODED),
}
BY_SIGHT = (plain, case, zero_width, spaces, entities)


@dataclass(frozen=True, slots=True)
class Case:
    """One exchange: what is said where, and how it is cut into events and writes."""

    number: int
    dialect: str
    stream: bool
    channel: Channel
    choices: int
    prefix: str
    evaded: str
    suffix: str
    disguise: str
    pieces: tuple[str, ...]
    others: tuple[str, ...]
    """What the other choices say beside each piece, one after another."""
    escaped: bool
    logprobs: bool
    writes: str
    """How events become writes: `event`, `all`, `bytes` or `random`."""
    ends: bool
    """Whether the upstream finishes; else it stays open until it is cut off."""
    seed: int
    fields: tuple[str, ...] = field(default=())

    @property
    def text(self) -> str:
        return self.prefix + self.evaded + self.suffix


def make_case(seed: int, number: int, made: list[Phrase]) -> Case:
    """The case of that number."""
    rng = random.Random(seed * 1_000_003 + number)
    dialect = rng.choice(sorted(FIELDS))
    name = rng.choice(FIELDS[dialect])
    stream = rng.random() < 0.8
    phrase = rng.choice(made)
    disguise, evaded = _disguised(rng, phrase, name)
    han = phrase.text[0] in _TRADITIONAL
    prefix, suffix = _lawful(rng, made, han), _after(rng, han)
    if name == "tool":
        prefix = '{"note": "' + json.dumps(prefix, ensure_ascii=False)[1:-1]
        for char, short in (("\r", "\\r"), ("\n", "\\n"), ("\t", "\\t")):
            evaded = evaded.replace(char, short)
        suffix = json.dumps(suffix, ensure_ascii=False)[1:-1] + '"}'
    many = dialect in ("chat", "completions")
    choices = rng.choice((1, 1, 2, 3)) if many else 1
    if disguise.split()[-1] in {one.__name__ for one in CODED}:
        choices = 1  # such a phrase may be complete before its last character
    index = rng.randrange(choices) if many else rng.choice((0, 0, 1))
    escaped = rng.random() < 0.4
    pieces = tuple(_cut(rng, prefix + evaded + suffix, escaped))
    others = (
        tuple(_other(rng) if rng.random() < 0.5 else "" for _ in pieces) if choices > 1 else ()
    )
    return Case(
        number=number, dialect=dialect, stream=stream, channel=(index, name), choices=choices,
        prefix=prefix, evaded=evaded, suffix=suffix, disguise=f"{phrase.kind} {disguise}",
        pieces=pieces, others=others, escaped=escaped,
        logprobs=rng.random() < 0.15 and name in ("content", "text", "output_text"),
        writes=rng.choice(("event", "event", "all", "bytes", "random", "random")),
        ends=rng.random() < 0.25 or not suffix, seed=rng.randrange(1 << 30),
    )  # fmt: skip


def _disguised(rng: random.Random, phrase: Phrase, name: str) -> tuple[str, str]:
    if phrase.kind == "symbols":
        known = BY_SIGHT
    else:
        known = ANYWHERE if phrase.kind == "short" else IN_LONG
    one = rng.choice(known)
    if phrase.kind in OF_KIND and rng.random() < 0.5:
        one = rng.choice(OF_KIND[phrase.kind])
    text, said = one(rng, phrase.text), one.__name__
    if one in (plain, zero_width, spaces) and rng.random() < 0.5:
        text, said = case(rng, text), f"{said} case"
    if (
        name == "tool"
        and not {"&", "<", "%"} & set(text)
        and one not in CODED
        and rng.random() < 0.5
    ):
        text, said = escapes(rng, text), f"{said} escapes"
    return said, text


def _lawful(rng: random.Random, made: list[Phrase], han: bool) -> str:
    """Ends where a word may begin."""
    out = ""
    for _ in range(rng.randint(0, 3)):
        zh = rng.random() < 0.5
        if zh:
            at = rng.randrange(len(ZH_PROSE) - 9)
            out += ZH_PROSE[at : at + rng.randint(4, 30)] + "。"
        else:
            words = EN_PROSE.split()
            at = rng.randrange(len(words) - 5)
            out += " ".join(words[at : at + rng.randint(3, 15)]) + ". "
        if rng.random() < 0.4:  # a near miss
            near = rng.choice([p.text for p in made if p.kind in ("en", "zh", "mixed")])
            out += near[: rng.randint(1, len(near) - 2)] + rng.choice(("的", " hill. "))
    if out and not han and not out.endswith((" ", "。")):
        out += " "
    return out


def _after(rng: random.Random, han: bool) -> str:
    if rng.random() < 0.15:
        return ""
    return rng.choice((" ", ". ", "。")) + rng.choice((EN_PROSE[:60], ZH_PROSE[:20], "!"))


def _other(rng: random.Random) -> str:
    return rng.choice(("and so on ", "河边散步。", "x", "it was fine, "))


def _cut(rng: random.Random, text: str, escaped: bool) -> list[str]:
    how = rng.choice(("char", "unit", "word", "random", "random", "whole"))
    if how == "unit" and escaped:  # halves of code points, as JSON escapes can hold them
        units = text.encode("utf-16-le")
        return [
            units[i : i + 2].decode("utf-16-le", "surrogatepass") for i in range(0, len(units), 2)
        ]
    if how in ("char", "unit"):
        return list(text)
    if how == "word":
        parts = text.split(" ")
        return [part + " " for part in parts[:-1]] + [parts[-1]] if parts[-1] else [
            part + " " for part in parts[:-1]
        ]  # fmt: skip
    if how == "whole":
        return [text]
    out, at = [], 0
    while at < len(text):
        step = rng.randint(1, 12)
        out.append(text[at : at + step])
        at += step
    return out
