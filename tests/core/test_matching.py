"""Literal rules: what matches, what does not, and that neither depends on how text is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.base.trouble import BadInput
from licet.guard.automaton import Automaton
from licet.guard.lexicon import LexicalSettings, Lexicon
from licet.guard.literal import compile_literal
from licet.guard.ruleset import Rule

SETTINGS = LexicalSettings(short_literal_letters=10, gap_characters_max=12)


def lexicon(*literals: str, action: str = "halt", word: str = "auto") -> Lexicon:
    rules = [
        Rule(f"r{i}", "operator", action, (text,), "a test", "to be matched", word=word)
        for i, text in enumerate(literals)
    ]
    return Lexicon(rules, SETTINGS)


EVERYTHING = lexicon(
    "forbidden phrase alpha", "违禁短语样例", "ass", "kill all", "c++ exploit", "13800138000",
    "违禁", "🔫", "evil.example/x", "the rapist", "straße", "法lun", "aab", "aabaab zz", "b",
)  # fmt: skip


def tagged(text: str) -> str:
    """ASCII in tag characters, which nobody sees and models read."""
    return "".join(chr(0xE0000 + ord(char)) for char in text)


MATCHES = [
    ("forbidden phrase alpha", "say FORBIDDEN Phrase Alpha now"),
    ("forbidden phrase alpha", "forbidden  phrase\n\talpha"),
    ("forbidden phrase alpha", "ｆｏｒｂｉｄｄｅｎ　ｐｈｒａｓｅ　ａｌｐｈａ"),
    ("forbidden phrase alpha", "for\u200bbidden phr\u00adase al\ufeffpha"),
    ("forbidden phrase alpha", "f.o.r.b.i.d.d.e.n p-h-r-a-s-e a l p h a"),
    ("forbidden phrase alpha", "for**bid**den _phrase_ `alpha`"),
    ("forbidden phrase alpha", "forbіddеn phrаsе аlphа"),  # Cyrillic
    ("forbidden phrase alpha", "fórbïdden phràse alphå"),
    ("forbidden phrase alpha", "𝐟𝐨𝐫𝐛𝐢𝐝𝐝𝐞𝐧 𝒑𝒉𝒓𝒂𝒔𝒆 𝔞𝔩𝔭𝔥𝔞"),
    ("forbidden phrase alpha", "&#102;orbidden &#x70;hrase&nbsp;alpha"),
    ("forbidden phrase alpha", "&#102orbidden phrase alpha"),
    ("forbidden phrase alpha", "for<b>bid</b>den phrase alpha"),
    ("forbidden phrase alpha", "\\u0066orbidden phrase alpha"),
    ("forbidden phrase alpha", "%66orbidden%20phrase+alph%61"),
    ("forbidden phrase alpha", "\\x66orbidden\\x20phrase alph\\u{61}"),
    ("forbidden phrase alpha", "forb%C3%AFdden phrase alpha"),
    ("违禁短语样例", "%E8%BF%9D%e7%a6%81短语样\\xe4\\xbe\\x8b"),
    ("forbidden phrase alpha", "forbidden <phrase> alpha"),
    ("forbidden phrase alpha", "forbidden <Phrase alpha>"),
    ("forbidden phrase alpha", "<forbidden phrase alpha>"),
    ("forbidden phrase alpha", "forb<b disabled CLASS = 'x' data-a=b/>idden phrase alpha"),
    (
        "forbidden phrase alpha",
        'forbidden <span style="color:#ff0000;font-weight:bold">phrase</span> alpha',
    ),
    (
        "forbidden phrase alpha",
        'forbidden <a href="https://example.com/page/recall?a=b&c=d">phrase</a> alpha',
    ),
    ("forbidden phrase alpha", "forbid<!-- a word -->den phrase alpha"),
    ("forbidden phrase alpha", "forbid<!-- a <b> word -->den phrase alpha"),
    ("forbidden phrase alpha", "forbid<!a>den<? b?> phr</ c>ase alp</>ha"),
    ("forbidden phrase alpha", "<!forbidden phrase alpha> <?forbidden"),
    ("evil.example/x", "forbidden<!--evil.example/x-->"),
    ("forbidden phrase alpha", "forb<b title='a>b' class=\"<\">idden phrase alpha"),
    ("forbidden phrase alpha", "[forb](https://a.example/b?c=d)[idden](/e) [phrase](#f) alpha"),
    ("evil.example/x", "[see evil.](http://evil.example/x)"),
    ("forbidden phrase alpha", "f[b]orb[/b]idden [color=#ff0000]phrase[/COLOR] alpha"),
    ("forbidden phrase alpha", "forbidden[^1] phr[^note-2]ase alpha"),
    ("forbidden phrase alpha", "\\textbf{forb}\\emph{idden} \\underline{phr}\\mathrm{ase} alpha"),
    ("forbidden phrase alpha", "forbidden\x1b[1;31m phr\x1b[0mase\x1b[m alpha"),
    ("forbidden phrase alpha", "a\\tforbidden\\text{phrase alpha"),
    ("forbidden phrase alpha", "%2566orbidden%2520phr%2561se %u0061lpha 5%25"),
    ("违禁短语样例", "%25E8%25BF%259D%25e7%25a6%2581%u77ED\\U00008bed样\\x{4f8b}"),
    ("forbidden phrase alpha", "line one\\nforbidden phrase alpha"),
    ("forbidden phrase alpha", "line one\\n\\tforbidden\\nphrase\\r\\nalpha"),
    ("forbidden phrase alpha", "C:\\new\\table\\nforbidden phrase alpha"),
    ("forbidden phrase alpha", "forbidde\\n phrase alpha"),
    ("forbidden phrase alpha", "\\\\nforbidden &amp phrase &lt alpha"),
    ("the rapist", "\\the rapist said"),
    ("the rapist", "line one\\tthe rapist\\nsaid"),
    ("违禁短语样例", "违禁\\n短语\\t样例"),
    ("ass", "one\\nass\\ntwo"),
    ("forbidden phrase alpha", "forbidden&ZeroWidthSpace;phrase&NonBreakingSpace;alpha"),
    ("forbidden phrase alpha", "forb&InvisibleTimes;idden&ThickSpace;phrase alpha"),
    ("forbidden phrase alpha", "forbidden&nbspphrase al&shypha"),
    ("forbidden phrase alpha", "f&oacuterbidden phrase alpha"),
    ("forbidden phrase alpha", "forbidden phrase &#0000000097;lph&#x00000061;"),
    ("forbidden phrase alpha", "f&amp;#111;rbidden&amp;nbsp;phrase &amp;alpha"),
    ("forbidden phrase alpha", "forbidden &amp;&amp;#112hrase alpha"),
    ("forbidden phrase alpha", "forbi\U000e01f0dden\U000e0ffephr\U000f0000ase al\U0002fffepha"),
    ("forbidden phrase alpha", "forb\U00100000idden\U0003fff0phrase alpha"),
    ("违禁短语样例", "违\u02c8禁\U0010fffd短\u318d语\ua4fa样\u1427例"),
    ("forbidden phrase alpha", "for\ua78fbid\u07fa\u07f4\u07f5den ph\u0559\u2e2frase alpha"),
    ("forbidden phrase alpha", "forbidden\u16c1\u2d4fphrase a\u01c1\ua71dlpha"),
    ("forbidden phrase alpha", "for\u1428bid\u141f\u1420den\ua7f7phrase alpha"),
    ("我们要勇气冬天", "我们要\U0002f825气\U0002f81a天"),
    ("储备冬天内啟示", "储\U0002f809冬天\U0002f814\U0002f843示"),
    ("我们要马车一起", "我们要\u2ee2\u2ecb一起"),
    ("forbidden phrase alpha", "forb\u02bcidden\u02d0phr\u0640ase a\ua78cl\u01c3pha"),
    ("forbidden phrase alpha", "see ①forbidden phrase alpha"),
    ("forbidden phrase alpha", "see\U0001f1fa\U0001f1f8forbidden phrase alpha"),
    ("forbidden phrase alpha", "see 1\ufe0f\u20e3forbidden phrase alpha"),
    ("forbidden phrase alpha", "ⓕⓞⓡⓑⓘⓓⓓⓔⓝ ⓕorbidden ℹ️forbidden phrase alpha"),
    ("forbidden phrase alpha", "ⓕⓞⓡⓑⓘⓓⓓⓔⓝ ⓟⓗⓡⓐⓢⓔ ⓐⓛⓟⓗⓐ"),
    ("forbidden phrase alpha", "⑴№²™forbidden phrase alpha"),
    ("forbidden phrase alpha", "ƒørɓɨđɗen phɍase ałphȺ"),
    ("forbidden phrase alpha", "ᶂꝋꞧƃᶖđᶁꬴꞑ ᶈɦɾᶏꞩɇ ᶏƚᵱɦᶏ"),
    ("forbidden phrase alpha", "ғᴏʀʙɪᴅᴅᴇɴ ᴘʜʀᴀsᴇ ᴀʟᴘʜᴀ"),
    ("ass", "an ass™ of"),
    ("13800138000", "call ❶❸❽⓿⓿⓵➂➇⓿🄌⓿."),
    ("13800138000", "call 13800138000①"),
    ("13800138000", "اتصل ١٣٨٠٠١٣٨٠٠٠."),
    ("13800138000", "call १३८൦๐១೩᠘೦٠۰."),
    ("forbidden phrase alpha", "forbidden\U000e0041 phrase\U000e0020alpha"),
    ("forbidden phrase alpha", "see " + tagged("forbidden phrase alpha")),
    ("forbidden phrase alpha", "for" + tagged("bidden ph") + "rase alpha"),
    ("forbidden phrase alpha", tagged("I say: ") + "for" + tagged("x") + "bidden phrase alpha"),
    ("forbidden phrase alpha", "&#xE0066orbidden phrase alpha"),
    ("ass", "an " + tagged("ASS!")),
    ("ass", "\U0001f3f4" + tagged("gbeng") + "\U000e007fass"),
    ("c++ exploit", tagged("c++ exploit")),
    ("forbidden phrase alpha", "forbidden \u202eesarhp\u202c alpha"),
    ("forbidden phrase alpha", "forbidden\u2067\u202e ahpla esarhp\u2069."),
    ("forbidden phrase alpha", "\u202eahpla esarhp neddibrof"),
    ("违禁短语样例", "违\u202e样语短禁\u202c例"),
    ("forbidden phrase alpha", "for\u202ebidden phrase alpha"),
    ("forbidden phrase alpha", "forbidden phrase alphabet"),
    ("forbidden phrase alpha", "今天forbidden phrase alpha今天"),
    ("违禁短语样例", "今天違禁短語樣例好"),
    ("违禁短语样例", "违 禁*短_语-样\u200b例"),
    ("违禁短语样例", "违。禁。短。语。样。例"),
    ("违禁", "他说违*禁的事"),
    ("ass", "you ass!"),
    ("ass", "a s s"),
    ("ass", "a**s**s"),
    ("kill all", "kill  all of it"),
    ("c++ exploit", "a C++  Exploit."),
    ("13800138000", "call 138 0013 8000."),
    ("🔫", "x🔫y"),
    ("evil.example/x", "see http://EVIL.example/x?"),
    ("evil.example/x", "see evil . example / x"),
    ("straße", "die Strasse dort"),
]

DOES_NOT_MATCH = [
    ("ass", "AT&T: a&ss, as<s>, as^s"),
    ("ass", "classⓢ ⓐⓢⓢⓞ"),
    ("ass", "cl" + tagged("ass") + " " + tagged("as") + "\U000e0001" + tagged("set")),
    ("ass", "\u202essalc\u202c, \u202estessa"),
    ("ass", "class assets pass as soon as s"),
    ("kill all", "skill allocation, killall, kill allies"),
    ("the rapist", "my therapist said"),
    ("违禁", "不能违。禁止入内"),
    ("c++ exploit", "c exploit"),
    ("13800138000", "1380013800012"),
    ("13800138000", "١٣٨٠٠١٣٨٠٠٠١٢"),
    ("ass", "ᗩᔕᔕ"),
    ("forbidden phrase alpha", "forbidden phrase. And alpha"),
    ("forbidden phrase alpha", "unforbidden phrase alpha"),
    ("forbidden phrase alpha", "forbidden phrase" + " " * 13 + "alpha"),
]


@pytest.mark.parametrize(("literal", "text"), MATCHES)
def test_a_literal_is_found_however_it_is_written(literal: str, text: str) -> None:
    found = lexicon(literal).scan(text)
    assert [hit.entry.text for hit in found] == [literal]


@pytest.mark.parametrize(("literal", "text"), DOES_NOT_MATCH)
def test_words_that_only_look_like_a_literal_pass(literal: str, text: str) -> None:
    assert lexicon(literal).scan(text) == []


def test_a_rule_may_ask_for_any_place_in_a_word() -> None:
    assert lexicon("ass", word="any").scan("class")
    assert not lexicon("forbidden phrase alpha", word="whole").scan("forbidden phrase alphabet")


def test_json_escapes_are_read_in_tool_arguments() -> None:
    guard = lexicon("forbidden phrase alpha")
    text = '{"x": "forbidden\\nphr\\u0061se \\ud835\\udc1alpha"}'
    assert guard.scan(text, json=True)
    assert not lexicon("nphrase").scan("forbidden\\nphrase", json=True)


def test_a_literal_with_nothing_to_match_is_refused() -> None:
    with pytest.raises(BadInput, match="no letter, digit or symbol"):
        lexicon("...")


def test_what_can_be_no_tag_any_more_is_let_go() -> None:
    for text in (
        "forbidden <recalled", "forbidden <b then we", "forbidden </b.",
        "forbidden <a href=x\"", "forbidden <b <", "forbidden [x", "forbidden [^.x",
        "forbidden ](ht.", "forbidden ](http://a ", "forbidden \x1b[x",
    ):  # fmt: skip
        watch = lexicon("forbidden phrase alpha").watch()
        watch.feed(text)
        assert watch.free == len(text), text


def test_of_a_tag_no_more_is_held_than_a_tag_is_long() -> None:
    for start in ('<a href="', "<!--", "<?", "](/", "[url="):
        watch = lexicon("forbidden phrase alpha").watch()
        watch.feed("forbidden " + start + "x" * 300)
        assert watch.hit is None
        assert watch.free == len(start) + 310


def test_a_backslash_and_n_hold_what_may_go_on_behind_them() -> None:
    watch = lexicon("forbidden phrase alpha").watch()
    watch.feed("so\\nforbidden\\nphra")
    assert watch.free == 4
    watch.feed("ses ")
    assert watch.free == len("so\\nforbidden\\nphrases ")


def test_a_flagged_text_beside_a_backslash_is_told_once() -> None:
    text = "ban\\nban\\tthe ban\\n"
    watch = lexicon("ban", action="flag").watch()
    for char in text:
        watch.feed(char)
    watch.finish()
    assert [hit.start for hit in watch.flags] == [0, 5, 14]


AROUND = "On that quiet morning we went along the river, 然后回家做饭看书休息, and then we slept. "


@pytest.mark.parametrize(("literal", "text"), MATCHES)
def test_a_literal_is_found_in_a_long_text_too(literal: str, text: str) -> None:
    long = f"{AROUND}{text} {AROUND}"
    found = lexicon(literal).scan(long)
    assert [hit.entry.text for hit in found] == [literal]
    assert found[0].start >= len(AROUND)


@pytest.mark.parametrize(("literal", "text"), DOES_NOT_MATCH)
def test_a_long_text_that_only_looks_like_it_passes(literal: str, text: str) -> None:
    assert lexicon(literal).scan(f"{AROUND}{text} {AROUND}") == []


def test_states_answer_the_same_whenever_they_are_made() -> None:
    """One automaton reads everything first, another nothing: both say the same of a text."""
    literals = ["abcab", "bcabx", "cabxy", "abab", "babab", "ca", "aaaa" * 60, "baa", "违禁短语"]
    texts = ["abcabxy", "ababab", "xcabcabx", "a" * 300, "b" + "a" * 239 + "ba", "违违禁短禁短语"]
    entries = [
        entry
        for text in literals
        for entry in compile_literal("r", "operator", "halt", text, word="any", short_letters=3)
    ]

    def states(automaton: Automaton, text: str) -> list[tuple[object, ...]]:
        out, state = [], 0
        for letter in text:
            while (found := automaton.opened(state).get(letter)) is None and state:
                state = automaton.fail[state]
            state = found or 0
            live = automaton.depth[automaton.live[state]]
            out.append((automaton.depth[state], automaton.out[state], automaton.need[state], live))
        return out

    worn = Automaton(entries)
    for text in texts:
        states(worn, text)
    for text in texts:
        assert states(worn, text) == states(Automaton(entries), text)
        ends = [
            {e.text for e in entries if text[:end].endswith(e.letters)}
            for end in range(1, len(text) + 1)
        ]
        assert [{e.text for e in out} for _, out, _, _ in states(worn, text)] == ends


PIECES = st.sampled_from(
    ["forbidden", "phrase", "alpha", " ", "  ", "违", "禁", "短语", "样例", "樣", "\u200b", "**",
     "a", "s", "ss", "b", "aab", "&#102;", "&", "#", "10", "2", ";", "\\u00", "66", "\\", "<b>",
     "<", ">", "kill", " all", ".", "c++", "+", "🔫", "\ud83d", "\udd2b", "\U000e0041", "ß", "ﬁ",
     "①", "ⓐ", "™", "\u20e3", "\U000f0000", "\u02bc", "ø",
     "[b]", "[/b", "](", "http://x", ")", "](#b)", "\x1b[", "1m", "\\text{", "\\emph", "<?", "</ ",
     "%25", "61", "%u0061", "\\x{61}",
     "\\n", "\\t", "n", "<i x", "=\"", "<!-", "- ", "-->", "&nbsp", "&amp;", "#98;",
     "。", "\n", "-", "%", "%66", "%E8%BF", "%9D", "%7", "\\x62", "\\xe8", "\\u{6", "2}",
     "\u202e", "\u202c", "esar", "\U000e0061\U000e0073", "\U000e0020",
     "{", "1380013", "8000", "evil.example", "/x", "the rap", "ist", "lun", "法", "x"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30), st.booleans(), st.data())
def test_a_stream_finds_what_the_whole_text_holds(
    pieces: list[str], json: bool, data: st.DataObject
) -> None:
    text = "".join(pieces)
    text = data.draw(st.sampled_from(["", AROUND])) + text  # short texts are read another way
    whole = [hit for hit in EVERYTHING.scan(text, json=json) if hit.entry.action == "halt"]
    watch = EVERYTHING.watch(json=json)
    at = 0
    while at < len(text) and watch.hit is None:
        step = data.draw(st.integers(1, 7))
        free = watch.free
        watch.feed(text[at : at + step])
        assert watch.free >= free, "what was free stays free"
        at += step
    if watch.hit is None:
        watch.finish()
    assert [watch.hit] == whole if watch.hit else whole == []
    if watch.hit:
        assert watch.free <= watch.hit.start


@given(st.lists(PIECES, max_size=20))
def test_nothing_is_held_that_no_ending_could_make_a_match(pieces: list[str]) -> None:
    """Held text is a suffix from which some literal can still be completed."""
    plain = lexicon("aab", "forbidden phrase alpha", "违禁短语样例", word="any")
    text = "".join(p for p in pieces if p.isalpha())
    watch = plain.watch()
    watch.feed(text)
    if watch.hit or watch.free == len(text):
        return
    held = text[watch.free :]
    endings = ("aab", "forbiddenphrasealpha", "违禁短语样例")
    folded = held.replace("樣", "样").replace("ß", "ss").replace("ﬁ", "fi").replace("\u200b", "")
    assert any(e.startswith(folded) and e != folded for e in endings)
