"""Rules with patterns and conditions: what counts, and that no way of cutting a text matters."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.base.trouble import BadInput
from licet.guard.lexicon import LexicalSettings, Lexicon
from licet.guard.ruleset import Rule
from licet.guard.watch import Watch

SETTINGS = LexicalSettings(10, 12, 240, 200)


def rule(name: str = "r", action: str = "halt", **fields: Any) -> Rule:
    for key in ("literal", "pattern", "requires", "allow"):
        fields[key] = tuple(fields.get(key, ()))
    return Rule(name, "operator", action, fields.pop("literal"), "a test", "to match", **fields)


def lexicon(*rules: Rule) -> Lexicon:
    return Lexicon(rules, SETTINGS)


PHONE = r"1[3-9]\d[ -]?\d{4}[ -]?\d{4}"
SERIAL = {"pattern": [r"sn-\d{4,6}"]}
NEAR = {
    "literal": ["the recalled batch"],
    "requires": ["is safe", "无害"],
    "within_characters": 10,
}
QUOTED = {"literal": ["the recalled batch is safe"], "allow": ["it is false that", "谣言"],
          "within_characters": 20}  # fmt: skip

SAMPLE = {**SERIAL, "allow": ["sn-1234 sample"], "within_characters": 7}
LEAK = {**SERIAL, "requires": ["leak"], "allow": ["demo"], "within_characters": 8}
FOUND: list[tuple[dict[str, Any], str, bool]] = [
    ({"pattern": [PHONE]}, "call 13800138000 now", True),
    ({"pattern": [PHONE]}, "call 138-0013-8000.", True),
    ({"pattern": [PHONE]}, "call １３８００１３８０００", True),
    ({"pattern": [PHONE]}, "call 138\u200b00138000", True),
    ({"pattern": [PHONE]}, "call &#49;3800138000", True),
    ({"pattern": [PHONE]}, "call 138<b>0013</b>8000", True),
    ({"pattern": [PHONE]}, "拨打13800138000联系", True),
    ({"pattern": [PHONE]}, "no 138001380001 and no 013800138000", False),
    ({"pattern": [PHONE], "word": "any"}, "no 138001380001", True),
    ({"pattern": [PHONE]}, "a138001380 00", False),
    (SERIAL, "see SN-12345.", True),
    (SERIAL, "see xSN-12345", False),
    (SERIAL, "see sn-1234567", False),
    ({**SERIAL, "word": "start"}, "see sn-1234567", True),
    ({"pattern": [r"\d{17}[\dx]"], "validate": "cn-id"}, "号码11010519491231002X。", True),
    ({"pattern": [r"\d{17}[\dx]"], "validate": "cn-id"}, "号码110105194912310021。", False),
    (NEAR, "the recalled batch is safe", True),
    (NEAR, "无害：the recalled batch", True),
    (NEAR, "the recalled batch", False),
    (NEAR, "the recalled batch is in the store and is safe", False),
    ({**NEAR, "within_characters": 16}, "the recalled batch i-s  s-a-f-e", True),
    (NEAR, "this safe: the recalled batch", False),
    (QUOTED, "we say the recalled batch is safe", True),
    (QUOTED, "it is false that the recalled batch is safe", False),
    (QUOTED, "the recalled batch is safe: 谣言", False),
    (QUOTED, "the recalled batch is safe. Elsewhere somebody speaks of 谣言", True),
    (SAMPLE, "print SN-1234 sample here", False),
    (SAMPLE, "print SN-1234 example", True),
    (LEAK, "leak sn-1234", True),
    (LEAK, "leak sn-1234 demo", False),
]


@pytest.mark.parametrize(("fields", "text", "found"), FOUND, ids=lambda v: str(v)[:60])
def test_a_rule_counts_where_its_conditions_hold(
    fields: dict[str, Any], text: str, found: bool
) -> None:
    guard = lexicon(rule(**fields))
    assert bool(guard.scan(text)) is found
    watch = guard.watch()
    for character in text:
        if watch.hit is None:
            watch.feed(character)
    if watch.hit is None:
        watch.finish()
    assert (watch.hit is not None) is found


@pytest.mark.parametrize("text", [r"a\nsn-1234 x", r"a\uff0csn-1234 x", "a%20sn-1234 x"])
def test_a_word_may_begin_behind_what_an_escape_stands_for(text: str) -> None:
    assert lexicon(rule(**SERIAL)).scan(text, json=True)


def test_conditions_read_a_written_line_end_both_ways() -> None:
    guard = lexicon(rule(literal=["bad words here"], allow=["never"], within_characters=9))
    assert guard.scan("so:\\nbad words\\nhere")
    assert guard.scan("so:\\nbad words\\there and on")
    assert not guard.scan("so:\\nnever\\nbad words here")


def test_a_rule_for_replies_leaves_prompts_alone() -> None:
    guard = lexicon(
        rule(role="reply", literal=["some words here"]), rule("p", role="prompt", **SERIAL)
    )
    assert guard.scan("some words here", "reply")
    assert not guard.scan("some words here", "prompt")
    assert guard.scan("sn-1234", "prompt")
    assert not guard.scan("sn-1234", "reply")
    assert not guard.scan("sn-1234, some words here")
    watch = guard.watch("reply")
    watch.feed("sn-1234 some words here ")
    assert watch.hit is not None
    assert watch.hit.entry.rule == "r"


def test_what_a_pack_does_not_allow_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match=r"rule r: pattern 'ab.*may match 300 characters"):
        lexicon(rule(pattern=["ab{1,299}"]))
    with pytest.raises(BadInput, match="rule r: 201 characters around a match"):
        lexicon(rule(**{**NEAR, "within_characters": 201}))
    with pytest.raises(BadInput, match="no letter or digit"):
        lexicon(rule(literal=["some words"], allow=["🔫"], within_characters=9))


# --- streams ------------------------------------------------------------------------------------

MANY = lexicon(
    rule("phone", pattern=[PHONE]),
    rule("id", pattern=[r"\d{17}[\dx]"], validate="cn-id"),
    rule("near", **{**NEAR, "within_characters": 6}),
    rule("quoted", literal=["bad words here"], allow=["不", "never"], within_characters=5),
    rule("plain", literal=["the recalled", "无害品"]),
    rule("serial", pattern=[r"sn-\d{2,4}"], allow=["demo"], within_characters=5),
    rule("secret", pattern=["秘密[a-z]{2,5}号?"]),
    rule("both", pattern=[r"x\d{1,3}y?"], literal=["c++"], requires=["sn"], within_characters=4),
    rule("noted", "flag", pattern=[r"ab{1,3}c", r"\d{3}"], word="any"),
    rule("noted.near", "flag", literal=["demo"], requires=["serial"], within_characters=9),
    rule("noted.plain", "flag", literal=["batch"]),
)  # fmt: skip

PIECES = st.sampled_from(
    ["13800138000", "138", "0013", "8000", "-", " ", "11010519491231002X", "1101051949", "1231002",
     "X", "x", "1", "22", "y", "the recalled", " batch", "the", " is safe", "is", " safe", "无害",
     "品", "bad words", " here", "不", "never", "sn-", "sn", "12", "demo", "serial", "秘密", "ab",
     "号", "c++", "c", "+", "b", "\u200b", "**", "&#49;", "&", "#", ";", "<b>", "<", ">", "\\u003",
     "1", "。", "\n", "\U000e0041", "ß", "ﬁ", "\ud83d", "\x00", "&#4", "9", "\\n", "\\t", "①",
     "™", "\U000f0000", "&nbsp", "&amp;", "<!--", "-->"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30), st.booleans(), st.data())
def test_a_stream_finds_what_the_whole_text_holds(
    pieces: list[str], json: bool, data: st.DataObject
) -> None:
    text = "".join(pieces)
    whole = MANY.scan(text, json=json)
    watch = MANY.watch(json=json)
    assert isinstance(watch, Watch)
    at = 0
    while at < len(text) and watch.hit is None:
        step = data.draw(st.integers(1, 9))
        free = watch.free
        watch.feed(text[at : at + step])
        assert watch.free >= free, "what was free stays free"
        at += step
    if watch.hit is None:
        watch.finish()
    flags = sorted(set(watch.flags), key=lambda hit: (hit.end, hit.start, hit.entry.rule))
    halting = [hit for hit in whole if hit.entry.action == "halt"]
    noted = [hit for hit in whole if hit.entry.action == "flag"]
    assert [watch.hit] == halting if watch.hit else halting == []
    assert flags == sorted(noted, key=lambda hit: (hit.end, hit.start, hit.entry.rule))
    if watch.hit:
        assert watch.free <= watch.hit.start, "nothing of it has left"


def held(guard: Lexicon, text: str) -> str:
    watch = guard.watch()
    watch.feed(text)
    return text[watch.free :]


def test_only_what_may_still_become_a_match_is_held() -> None:
    phone = lexicon(rule(pattern=[PHONE]))
    assert held(phone, "the number is ") == ""
    assert held(phone, "the number is 138") == "138"
    assert held(phone, "the number is 138 00") == "138 00"
    assert held(phone, "the number is 138 a") == ""
    assert held(phone, "the number is 12") == ""
    assert held(lexicon(rule(pattern=[r"ab{1,3}c"], word="any")), "xababb") == "abb"


def test_what_is_found_is_held_until_its_surroundings_are_known() -> None:
    quoted = lexicon(rule(**QUOTED))
    found = "the recalled batch is safe"
    assert held(quoted, f"so {found}") == found
    assert held(quoted, f"so {found}{'.' * 19}") == f"{found}{'.' * 19}"
    assert held(quoted, f"so {found}, a 谣言, they said today") == ""


def test_what_was_merely_open_leaves_when_another_rule_halts() -> None:
    both = lexicon(
        rule("open", pattern=[r"1[3-9]\d.{0,40}end"]), rule("hit", literal=["bad words"])
    )
    watch = both.watch()
    text = "call 138 and then come bad words here"
    watch.feed(text)
    assert watch.hit is not None
    assert text[: watch.free] == "call 138 and then come "


def test_what_waits_for_its_surroundings_does_not() -> None:
    both = lexicon(rule("quoted", **QUOTED), rule("hit", literal=["bad words"]))
    watch = both.watch()
    text = "so the recalled batch is safe, bad words here"
    watch.feed(text)
    assert watch.hit is not None
    assert watch.hit.entry.rule == "hit"
    assert text[: watch.free] == "so "


def test_what_only_flags_holds_nothing() -> None:
    noting = lexicon(rule("n", "flag", pattern=[PHONE]), rule("m", "flag", **QUOTED))
    assert held(noting, "call 138 and the recalled batch is safe") == ""


def test_a_long_text_is_forgotten_as_it_goes() -> None:
    quoted = lexicon(rule(**QUOTED), rule("p", pattern=[PHONE]))
    watch = quoted.watch()
    assert isinstance(watch, Watch)
    for _ in range(2_000):
        watch.feed("some lawful words, 138 of them, and again ")
    assert len(watch._watches[0]._recent) < 12_000
    watch.feed("the recalled batch is safe" + "." * 30)
    assert watch.hit is not None
