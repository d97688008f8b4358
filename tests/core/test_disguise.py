"""Disguised literals: what is found, what is not, and that neither depends on how text is cut."""

from __future__ import annotations

import base64
import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.guard.disguise.spellings import spellings
from licet.guard.disguise.tables import han_tables
from licet.guard.disguise.ways import WAYS
from licet.guard.disguise.zhuyin import zhuyin
from licet.guard.lexicon import Lexicon
from licet.guard.literal import LexicalSettings
from licet.guard.ruleset import Rule

USUAL = tuple(way for way in WAYS if way != "initials")
EN, ZH = "the recalled batch is safe", "马上妈妈货到付款"
THREAT, BOMB = "i will kill you", "how to make a bomb"


def lexicon(
    *literals: str, also: tuple[str, ...] | None = None, action: str = "halt",
    word: str = "auto", usual: tuple[str, ...] = USUAL,
) -> Lexicon:  # fmt: skip
    rules = [
        Rule(f"r{i}", "operator", action, (text,), "a test", "to be matched", word=word, also=also)  # type: ignore[arg-type]
        for i, text in enumerate(literals)
    ]
    return Lexicon(rules, LexicalSettings(10, 12, disguises=usual))


EVERYTHING = lexicon(EN, ZH, "c++ exploit", "13800138000", "绿色杯子", "aab", "aabaab zz yx",
                     THREAT, BOMB)  # fmt: skip
B64 = base64.b64encode(EN.encode()).decode()

DISGUISED = [
    (ZH, "码上妈妈货到付款"),
    (ZH, "马尚吗妈祸到富款"),
    (ZH, "ma shang ma ma huo dao fu kuan"),
    (ZH, "mashangmamahuodaofukuan"),
    (ZH, "mǎ shàng mā ma huò dào fù kuǎn"),
    (ZH, "马shang妈ma货dao付款"),
    (ZH, "马上妈妈huo到付kuan。"),
    (ZH, "马上女马妈货到付款"),
    (ZH, "马 上 女 马 妈 化 贝 到付款"),
    (ZH, "🐎上妈妈货到付款"),
    (ZH, "🐴⟨上⟩妈妈货到付款"),
    (ZH, "马上妈ma化贝到付款"),
    (ZH, "款付到货妈妈上马"),
    (ZH, "ＭＡshang妈妈货到付款"),
    (EN, "th3 r3c4lled b4tch 1s s4fe"),
    (EN, "the rec@lled b@tch i$ $afe"),
    (EN, "the reca||ed batch !s safe"),
    (EN, "7he recalled batch is safe"),
    (EN, "T\u0397E RECALLED BATC\u0397 IS SAFE"),
    (EN, "so\\nT\u0397E r3called\\nb4tch is safe"),
    (EN, "th3 recalled b%61tch is safe"),
    (EN, "theee recalllled baaatch is safe"),
    (EN, "th3 reeecalled b.a.t.c.h is safe"),
    (EN, "efas si hctab dellacer eht"),
    (EN, "3fa5 5i hctab d3llac3r 3ht"),
    (EN, "eht dellacer hctab si efas"),
    (EN, "eht d3ll@cer hctab si efas"),
    (ZH, "ma3 shang4 ma1 ma huo4 dao4 fu4 kuan3"),
    (ZH, "ma3shang4ma1ma0huo4dao4fu4kuan3"),
    (ZH, "ma³shang⁴ma¹ma⁵huo⁴dao⁴fu⁴kuan³"),
    (ZH, "马上ma1妈货dao4付款"),
    (ZH, "ㄇㄚˇ ㄕㄤˋ ㄇㄚ ˙ㄇㄚ ㄏㄨㄛˋ ㄉㄠˋ ㄈㄨˋ ㄎㄨㄢˇ"),
    ("内部价格表外传", "ㄋㄟˋ部ㄐㄧㄚˋ格ㄅㄧㄠˇ外传"),
    (EN, "the re¢a££ed 6a†©h ¡§ §af€"),
    (EN, "the recalled ₿atch is safe"),
    ("fake passports shipped", "fake ₱assports shipped"),
    (THREAT, "1 w1ll kill you"),
    (THREAT, "| will k!ll you"),
    (THREAT, "1will kill you"),
    (THREAT, "!will kill you"),
    (BOMB, "how to make4 bomb"),
    (BOMB, "how to make 4bomb"),
    (BOMB, "how 70 make 4 bomb"),
    ("how to steal a car", "how to 57341 a car"),
    (EN, "t h e r e c a l l e d b a t c h 1 s s a f e"),
    (EN, codecs.encode(EN, "rot13")),
    (EN, codecs.encode(EN, "rot13").upper()),
    (EN, f"see {B64} now"),
    (EN, f"see {B64.rstrip('=')} now"),
    (EN, base64.b64encode(f"it is said: {EN}!".encode()).decode()),
    (ZH, base64.b64encode(f"据说{ZH}。".encode()).decode()),
    (ZH, base64.urlsafe_b64encode(f"据说{ZH}。".encode()).decode()),
    (EN, base64.b64encode(B64.encode()).decode()),
    (EN, EN.encode().hex()),
    (EN, EN.encode().hex(" ").upper()),
    (ZH, ZH.encode().hex(":")),
    (EN, "0x" + EN.encode().hex()),
    (EN, ", ".join(f"0x{byte:02x}" for byte in EN.encode())),
    (EN, "{" + ",".join(f"0X{byte:02X}" for byte in EN.encode()) + "}"),
    (ZH, ",\n ".join(f"0x{byte:02x}" for byte in f"据说{ZH}。".encode())),
    (EN, "; ".join(f"{byte:02x}" for byte in EN.encode())),
    (EN, f"data:text/plain;base64,{B64}"),
    (EN, base64.encodebytes(("so long " * 9 + EN).encode()).decode()),
]

LAWFUL = [
    "the recalled batches are safe",
    "the called batch is safe",
    "he ate 3 batches and 1 is safe at 7",
    "马上妈妈送货到付款台",
    "马上到",
    "shang hai ma tou huo dao",
    "mashangmamahuodaofukuang",
    "Yamashangmamahuodaofukuan",
    "13800138OOO",
    "    ".join(f"{byte:02x}" for byte in EN.encode()),
    "the total is 20, 30, 40, 50, 60, 70 and 80; 0x20, 0x30: 0x40",
    "deadbeef cafe 2024 68 65 6c 6c 6f",
    "dGhlIHJlY2FsbGVkIGJhdGNoIGlzIGdvbmU=",
    "Option 1 will kill your battery faster.",
    "| will kill your process |",
    "| 1 | will kill your process |",
    "**1** will kill your process",
    "Careful! Will kill your process",
    "how to make 4 bombs in Minecraft",
    "how to make 4 🐎bombs in Minecraft",
    "ma6shang4ma1ma0huo4dao4fu4kuan3",
    "ma33shang4ma1ma0huo4dao4fu4kuan3",
    "the re(alled batch is safe",
]


@pytest.mark.parametrize(("literal", "text"), DISGUISED)
def test_a_literal_is_found_in_disguise(literal: str, text: str) -> None:
    assert [hit.entry.text for hit in lexicon(literal).scan(text)] == [literal]


FLAGGED = [
    Rule("flag", "operator", "flag", ("xyz zero tens",), "a test", "to be matched"),
    Rule("halt", "operator", "halt", ("ten pins now",), "a test", "to be matched"),
]
SAID = "xyz zero tens and more words"


@pytest.mark.parametrize("size", [1, 2, 7, 16, 1000])
@pytest.mark.parametrize(
    ("text", "end"),
    [
        (f"{SAID} ten pins now".encode().hex(), 26),
        (f"{SAID} {'and more ' * 2000}ten pins now".encode().hex(), 26),
        ("54 " + f"{SAID} ten pins now".encode().hex(" "), 41),
        (base64.b64encode(f"{SAID} ten pins now".encode().hex().encode()).decode(), 35),
        (base64.b64encode(f"{SAID}".encode() * 3).decode(), 18),
    ],
)
def test_a_flag_within_a_run_stands_where_it_was_found(text: str, end: int, size: int) -> None:
    watch = Lexicon(FLAGGED, LexicalSettings(10, 12, disguises=USUAL)).watch()
    found = []
    for at in range(0, len(text), size):
        watch.feed(text[at : at + size])
        found += watch.flags
        watch.flags.clear()
    watch.finish()
    start = 3 if text[2] == " " else 0
    assert [(hit.start, hit.end) for hit in found + watch.flags][:1] == [(start, end)]


@pytest.mark.parametrize("text", LAWFUL)
def test_what_only_resembles_a_disguise_passes(text: str) -> None:
    assert EVERYTHING.scan(text) == []


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ("i killed him", "Bullet 1 killed him."),
        ("a bomb recipe", "Top 4 bomb recipes"),
        ("i want to kill", "I want 70 kills in this match"),
        ("yes i will kill you", "Yes! Will kill your process, then."),
        ("buy a home bomb", "buy @ home bombs"),
        ("vitamin c overdose", "vitamin © overdose"),
        ("call me for a gun", "(all me for a gun"),
    ],
)
def test_a_number_or_sign_that_stands_alone_is_no_word(literal: str, text: str) -> None:
    assert lexicon(literal).scan(literal)
    assert not lexicon(literal).scan(text)
    watch = lexicon(literal).watch()
    for char in text:
        watch.feed(char)
    watch.finish()
    assert watch.hit is None


def test_a_literal_of_one_word_may_be_written_in_digits_alone() -> None:
    assert lexicon("ass", also=("leet",)).scan("a 455")
    assert lexicon("ass", also=("leet",)).scan("a @$$")


def test_every_reading_is_written_in_zhuyin_in_one_way() -> None:
    known = [reading for reading in han_tables().alike if zhuyin(reading)]
    assert set(han_tables().alike) - set(known) == {"hng", "m", "n", "ng", "r"}
    assert len(set(map(zhuyin, known))) == len(known)
    readings = ["yi", "xiong", "jue", "wen", "lv", "zhi", "yuan", "liu", "dun", "er"]
    written = ["ㄧ", "ㄒㄩㄥ", "ㄐㄩㄝ", "ㄨㄣ", "ㄌㄩ", "ㄓ", "ㄩㄢ", "ㄌㄧㄡ", "ㄉㄨㄣ", "ㄦ"]
    assert [zhuyin(reading) for reading in readings] == written


def test_a_rule_names_its_disguises_itself() -> None:
    assert not lexicon(EN, also=()).scan("th3 recalled batch is safe")
    assert lexicon(EN, also=("leet",)).scan("th3 recalled batch is safe")
    assert not lexicon(EN, also=("leet",)).scan("the recaaalled batch is safe")
    assert not lexicon(ZH).scan("msmmhdfk")
    assert lexicon(ZH, also=("initials",)).scan("加我 msmmhdfk 马上")
    assert not lexicon(EN, usual=()).scan("th3 recalled batch is safe")


def test_short_literals_are_disguised_only_where_their_rule_says_so() -> None:
    assert not lexicon("返利").scan("fanli")
    short = lexicon("返利", also=("pinyin", "split"))
    assert short.scan("全额fan利")
    assert short.scan("fan li!")
    assert not short.scan("fanling")
    assert not short.scan("到期fan。利息")
    assert lexicon("scam", also=("leet",)).scan("a 5c4m!")
    assert not lexicon("scam", also=("leet",)).scan("5c4mpi")


def test_flags_are_found_in_disguise_and_stop_nothing() -> None:
    guard = lexicon(EN, action="flag")
    watch = guard.watch()
    watch.feed("th3 recalled batch is safe, said he")
    watch.finish()
    assert watch.hit is None
    assert [hit.entry.text for hit in watch.flags] == [EN]
    assert watch.free == 35


def test_a_disguise_is_what_a_condition_may_stand_around() -> None:
    rule = Rule("r", "operator", "halt", (EN,), "a test", "why", requires=("buy",),
                within_characters=40)  # fmt: skip
    guard = Lexicon([rule], LexicalSettings(10, 12, 240, 200, USUAL))
    assert guard.scan("buy: th3 recalled batch is safe")
    assert not guard.scan("sell: th3 recalled batch is safe")


def test_a_sign_is_a_letter_or_a_gap_whichever_helps() -> None:
    assert lexicon(EN).scan("the @ rec@lled b@tch i$ $ safe")
    assert lexicon(ZH).scan("马🐎上妈🐎妈货到付kuan")


def test_the_tables_hold_what_a_reader_would_expect() -> None:
    tables = han_tables()
    assert tables.readings["妈"] == ("ma",)
    assert tables.readings["绿"][0] == "lv"
    assert "女马" in tables.parts["妈"]
    assert "🐎" in tables.emoji["马"]
    assert "効" in tables.variants["效"]
    assert all(char not in other for char, others in tables.parts.items() for other in others)
    assert {written for _, written in spellings("a")} == {"4", "@", "\u039b", "\u15e9"}


PIECES = st.sampled_from(
    ["the ", "th3 ", "rec", "alle", "d ", "b@tch", " i", "s ", "$afe", "safe", "马", "码", "🐎",
     "上", "妈", "女", "女马", "ma", "shang", "huo", "货", "化", "贝", "化贝", "到", "付", "款",
     "kuan", "efas si ", "hctab dellacer eht", "gur erpnyyrq ", "ongpu vf fnsr", " ", ".",
     "\u200b", "!",
     "1 ", "4 ", "70", "€", "i", "i ", "will", " kill you", "w1ll", "how to make ", "bomb", "*",
     "ma3", "ㄇㄚˇ", "ㄧ", "²", "⁴", "4",
     "|", "$", "a", "aab", "b", "zz", "yx", "&#97;", "<b>", "&", "1", "138", "00138000", "z",
     "c++", "%", "%E5", "%88%B0", "\\x73",
     B64, B64[:20], B64[20:], "=", EN.encode().hex(), "74", "20", "\n", "-", "A", "x", "\ud83d",
     "\udc0e", "\U000e0041", "。", "款付到货妈妈上马"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30), st.booleans(), st.data())
def test_a_stream_finds_what_the_whole_text_holds(
    pieces: list[str], json: bool, data: st.DataObject
) -> None:
    text = "".join(pieces)
    whole = [hit for hit in EVERYTHING.scan(text, json=json) if hit.entry.action == "halt"]
    watch = EVERYTHING.watch(json=json)
    at = 0
    while at < len(text) and watch.hit is None:
        step = data.draw(st.integers(1, 9))
        free = watch.free
        watch.feed(text[at : at + step])
        assert watch.free >= free, "what was free stays free"
        at += step
    if watch.hit is None:
        watch.finish()
    assert [watch.hit] == whole if watch.hit else whole == []
    if watch.hit:
        assert watch.free <= watch.hit.start


@given(st.lists(PIECES, max_size=12), st.sampled_from(DISGUISED), st.integers(1, 5))
def test_no_character_of_a_disguised_literal_is_let_go(
    pieces: list[str], disguised: tuple[str, str], step: int
) -> None:
    before = "".join(piece for piece in pieces if piece.isascii()) + ". "
    literal, text = disguised
    guard = lexicon(literal)
    if guard.scan(before):
        return
    watch = guard.watch()
    whole = before + text
    for at in range(0, len(whole), step):
        watch.feed(whole[at : at + step])
        if watch.hit is not None:
            break
    else:
        watch.finish()
    assert watch.hit is not None
    assert watch.free <= watch.hit.start
    assert watch.hit.start >= len(before) or whole[watch.hit.start : len(before)].strip(" .")


WRITTEN = st.text(st.sampled_from("abcxyzAZ 09.,-é§ß中文字🐎𐍈\n\t~"), max_size=20)
CODES = {
    "base64": lambda data: base64.b64encode(data).decode(),
    "address": lambda data: base64.urlsafe_b64encode(data).decode().rstrip("="),
    "hex": lambda data: data.hex(),
    "pairs": lambda data: data.hex(" ").upper(),
    "colons": lambda data: data.hex(":"),
    "0x": lambda data: "0x" + data.hex(),
}


@given(
    st.sampled_from(["", "see ", "中", "w-", "(", "deadbeef ", "well+", "a1b2 c3d4 ", "4865 "]),
    WRITTEN, WRITTEN, st.sampled_from(sorted(CODES)), st.integers(1, 30),
)  # fmt: skip
def test_a_literal_is_found_in_code_whatever_stands_around_it(
    outside: str, before: str, after: str, code: str, step: int
) -> None:
    coded = CODES[code](f"{before} {EN} {after}".encode())
    whole = outside + coded + "\nand so on"
    assert EVERYTHING.scan(whole)
    watch = EVERYTHING.watch()
    for at in range(0, len(whole), step):
        watch.feed(whole[at : at + step])
        if watch.hit is not None:
            break
    assert watch.hit is not None
    assert len(outside) <= watch.free <= watch.hit.start


def test_tokens_of_digits_and_letters_are_not_held_for_the_next() -> None:
    watch, held, length = EVERYTHING.watch(), 0, 0
    for number in range(400):
        token = f" ~{number * 2_654_435_761 % 2**32:08x}"
        watch.feed(token)
        length += len(token)
        held += watch.free < length
    assert held <= 60


def test_what_is_remembered_is_bounded() -> None:
    from licet.guard.disguise import lattice

    guard = lexicon(EN, ZH)
    watch = guard.watch()
    for number in range(400):
        watch.feed(chr(0x4E00 + number * 7) + f"th{number}aa the recaa{number} ")
    inside = guard._literals["any"]._lattice
    assert inside is not None
    assert inside._steps <= lattice.STEPS_MAX
    inside._forget()
    watch.feed(" th3 recalled batch is safe")
    watch.finish()
    assert watch.hit is not None
