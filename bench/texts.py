"""What is said in a measurement: the texts of the mock upstream, the phrases forbidden to it.

Shared by the mock, the load clients, the rule generator and the leak cases, so that whoever checks
knows exactly what the upstream said. The forbidden phrases are harmless stand-ins.

It refuses to know gateways and rules.
"""

from __future__ import annotations

FORBIDDEN = {
    "en": "forbidden phrase alpha",  # three words: can be cut across tokens
    "zh": "违禁短语样例",  # six Han characters, nothing around them
}
_EN_LINE = (
    "the quick brown fox jumps over the lazy dog while a calm river flows past the old mill and "
    "people walk along the bank talking about the weather and the price of bread."
)
_EN = _EN_LINE.split()
_ZH = "今天天气很好我们沿着河边散步谈论面包的价格和城市的历史然后回家做饭看书休息。"


def english(words: int, skip: int = 0) -> str:
    """So many English words, going round."""
    return " ".join(_EN[(skip + i) % len(_EN)] for i in range(words))


def chinese(characters: int, skip: int = 0) -> str:
    """So many Chinese characters, going round."""
    return "".join(_ZH[(skip + i) % len(_ZH)] for i in range(characters))


def full_width(text: str) -> str:
    """The text in full-width letters, an old way around a word list."""
    return "".join(chr(ord(c) + 0xFEE0) if c != " " else " " for c in text)


DISGUISED = {
    "en_bad": FORBIDDEN["en"],
    "zh_bad": FORBIDDEN["zh"],
    "en_case": FORBIDDEN["en"].upper(),
    "en_space": FORBIDDEN["en"].replace(" ", "  "),
    "en_full": full_width(FORBIDDEN["en"]),
    "zh_zwsp": "\u200b".join(FORBIDDEN["zh"]),
    "en_end": FORBIDDEN["en"],
}
"""Name of a text -> the forbidden phrase as it stands in it."""

TEXTS = {
    **{
        name: f"{english(60)} {phrase} {english(120, 7)}"
        for name, phrase in DISGUISED.items()
        if name.startswith("en_")
    },
    **{
        name: chinese(120) + phrase + chinese(240, 5)
        for name, phrase in DISGUISED.items()
        if name.startswith("zh_")
    },
    "en_end": f"{english(60)} {FORBIDDEN['en']}",
    "en_ok": english(180),
    "zh_ok": chinese(360),
}
"""Name -> text: lawful, then a forbidden phrase, then lawful again; `en_end` ends with it."""

_PROSE_EN = """\
The ferry leaves at seven and takes forty minutes to reach the southern bank of the lake.
Add the flour slowly, stir until smooth, and let the dough rest for an hour under a damp cloth.
Our library opens a new reading room in spring, with longer hours on Thursday and Saturday.
To compare two fractions, bring them to one denominator and then compare their numerators.
The old bridge was repaired with stone from the same quarry that its builders had used.
Please send the signed copy back by Friday so that the order can be shipped next week.
A cold front arrives tonight; expect wind from the north and light rain before noon.
In the second act the baker finds the letter, reads it twice and decides to say nothing.
The function returns an iterator, so the file is read line by line and never kept whole.
Most sparrows stay all winter, while swallows leave in September and return in April.
Write the date first, then the place, then one sentence that says what you saw there.
The committee asked for a clearer budget, and the town published it the following month."""
_PROSE_ZH = """\
周末的早市很热闹,摊位上摆满了新鲜的蔬菜和刚出炉的烧饼。
把面粉慢慢加入温水,搅拌到没有颗粒,再盖上湿布静置一小时。
图书馆春天要开一间新的阅览室,星期四和星期六延长开放时间。
比较两个分数的大小,可以先通分,再比较分子。
这座石桥修缮时用的石料,和当年建桥时出自同一个采石场。
请在星期五之前寄回签好字的合同,下周就可以安排发货。
今晚有冷空气到达,北风渐强,明天上午有小雨。
第二幕里面包师找到了那封信,读了两遍,最后什么也没有说。
函数返回一个迭代器,所以文件是一行一行读取的,不会整个放进内存。
大多数麻雀整个冬天都不离开,燕子九月南飞,四月回来。"""
PROSE_EN = tuple(_PROSE_EN.splitlines())
PROSE_ZH = tuple(_PROSE_ZH.splitlines())
"""Ordinary sentences, from which replies and prompts that never repeat are put together."""

PROMPT = (
    "Please write a short note about rivers, bread and the weather for the town newsletter. " * 6
)


def pieces(text: str, how: str) -> list[str]:
    """Cut a text as it is streamed: `char`, `word` (with its space), or by so many characters."""
    if how == "char":
        return list(text)
    if how == "word":
        return [(" " if i else "") + part for i, part in enumerate(text.split(" "))]
    size = int(how)
    return [text[i : i + size] for i in range(0, len(text), size)]
