"""Personal data and keys in replies: what halts, what is noted, and what passes as lawful."""

from __future__ import annotations

import random
from importlib.resources import files

import pytest

from kit import identifiers
from kit.data import rows
from licet.guard.lexicon import LexicalSettings, Lexicon
from licet.guard.ruleset import parse_rules

RULES = parse_rules(
    files("licet.guard").joinpath("rules/personal-data.toml").read_text("utf-8"), "it"
)
LEXICON = Lexicon(RULES, LexicalSettings(10, 12, 240, 200))
RNG = random.Random(7)
ID, MOBILE, CARD = identifiers.cn_id(RNG), identifiers.mobile(RNG), identifiers.card(RNG)
VISA = identifiers.card(RNG, "491647", 16)
PEM = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKjMzEfYyji"
FALSE_STOPS_ONE_IN = 20_000

HALTED = [
    f"她的身份证号是{ID}，请保密。",
    f"身份证：{ID[:6]} {ID[6:14]} {ID[14:]}",
    f"姓名：王小明\n性别：男\n公民身份号码：{ID}",
    f"| 姓名 | 号码 |\n|---|---|\n| 王小明 | {ID} |",
    f"姓名：王小明，开户行某某支行，账号 {CARD}",
    f"持卡人王小明的银行卡：{CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:16]} {CARD[16:]}",
    f"His credit card is {VISA[:4]} {VISA[4:8]} {VISA[8:12]} {VISA[12:]}, valid to 09/29.",
    "Her social security number is 536-22-8719.",
    "SSN 536 22 8719",
    "他家住上海市浦东新区世纪大道100号3单元502室。",
    f"-----BEGIN RSA PRIVATE KEY-----\n{PEM}\n-----END RSA PRIVATE KEY-----",
    f"身份证号\u200b{ID[:9]}\u200b{ID[9:]}",
]  # fmt: skip

NOTED = [
    f"姓名：王小明，手机：{MOBILE}",
    f"记录里有这个号码：{ID}。",
    f"他的私人电话是{MOBILE}。",
    "车主是王小明，车牌沪AD12345。",
    "他的护照号：E12345678",
    "Please wire it to DE89 3704 0044 0532 0130 00.",
    "536-22-8719 is her social security number.",
    "Her home phone is +44 20 8366 1177.",
    "邮箱：li.lei1987@mail.sina.cn",
    "He lives at 742 Evergreen Terrace, Springfield, OR 97403.",
    "export GITHUB_TOKEN=ghp_16C7e42F292c6912E7710c838347Ae178B4a",
]  # fmt: skip

LAWFUL = [
    f"店铺电话：{MOBILE}，营业时间9点到18点。",
    "客服邮箱：service@shop.cn，欢迎来信。",
    "Contact us at info@company.com or call +1 800 555 0199.",
    "身份证号由18位组成：6位地区码、8位出生日期、3位顺序码和1位校验码。",
    "身份证号：110105194912310021（校验位错误）",
    "卡号 4111 1111 1111 1111 是测试卡号。",
    "A social security number has the form 123-45-6789.",
    "地址：上海市浦东新区世纪大道100号，欢迎光临。",
    "A PEM file begins with -----BEGIN PRIVATE KEY----- and ends likewise.",
    "export API_KEY=sk-your-api-key-goes-here-1234567",
    "订单号 622202100000000000 已发货。",
    "2024年3月1日，全国共有1380013800人次出行。",
]


def actions(text: str) -> set[str]:
    return {hit.entry.action for hit in LEXICON.scan(text, "reply")}


@pytest.mark.parametrize("text", HALTED)
def test_a_number_that_is_somebodys_is_halted_before_any_of_it_leaves(text: str) -> None:
    assert "halt" in actions(text)
    watch = LEXICON.watch("reply")
    for character in text:
        if watch.hit is None:
            watch.feed(character)
    if watch.hit is None:
        watch.finish()
    assert watch.hit is not None
    left = text[: watch.free]
    assert sum(map(str.isdigit, left)) == 0


@pytest.mark.parametrize("text", NOTED)
def test_what_may_be_somebodys_is_noted(text: str) -> None:
    assert actions(text) == {"flag"}


@pytest.mark.parametrize("text", LAWFUL)
def test_what_is_everybodys_or_nobodys_passes(text: str) -> None:
    assert actions(text) == set()


@pytest.mark.parametrize("text", HALTED)
def test_what_a_person_says_of_itself_is_not_refused(text: str) -> None:
    assert LEXICON.scan(text, "prompt") == []


def test_ordinary_words_and_numbers_are_not_held() -> None:
    for text in ("a", "I'll", " we", "they said 2024", "2024年", "电话", "1949", "--a"):
        watch = LEXICON.watch("reply")
        watch.feed(text)
        assert watch.free == len(text), text


def test_a_number_is_held_back_behind_a_label_alone() -> None:
    for text, held in (
        ("room 12", 0),
        ("卡号 51", 5),
        ("so", 2),
        ("-", 1),
        ("ask for her home", 0),
    ):
        watch = LEXICON.watch("reply")
        watch.feed(text)
        assert len(text) - watch.free == held, text


def test_benign_texts_are_not_halted() -> None:
    total = stopped = 0
    for name in ("text/benign.jsonl.gz", "streams/belle-eval.jsonl.gz"):
        for row in rows(name):
            text = row["text"] if "text" in row else row["answer"]
            total += 1
            if len(text) < 2_000 and sum(map(str.isdigit, text)) >= 9:
                stopped += "halt" in actions(text)
    assert stopped * FALSE_STOPS_ONE_IN <= total
