"""What a scan finds in a batch: nothing that is there is missed, and nothing depends on how
texts are put together."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.identifiers import cn_id
from kit.scans import PACK, RULE, bundle, prose
from licet.corpus.scan.block import doubled, fold_block
from licet.corpus.scan.checks import Checker, repeated_share
from licet.corpus.scan.copies import exact_copies, near_copies
from licet.corpus.scan.language import LANGUAGES, classes, languages, sign_shares
from licet.corpus.scan.model import Flag, Item
from licet.corpus.scan.personal import PATTERNS, find_personal, masked
from licet.corpus.scan.results import Result, join_columns, pack_result, read_result
from licet.corpus.scan.sweep import Sweep
from licet.gateway.bundling import FAIL_CLOSED, policy_of
from licet.guard import fold
from licet.guard.bundle import make_guard, read_bundle
from licet.guard.fold_signs import HAN_FROM
from licet.guard.lexicon import Lexicon
from licet.guard.recognise import CHECKS
from licet.guard.ruleset import parse_rules

SETTINGS = policy_of(PACK, FAIL_CLOSED).lexical
PLAIN = type(SETTINGS)(
    SETTINGS.short_literal_letters, SETTINGS.gap_characters_max,
    SETTINGS.pattern_characters_max, SETTINGS.within_characters_max, (), SETTINGS.seam_characters,
)  # fmt: skip
TEXTS = st.lists(
    st.text(
        st.one_of(
            st.sampled_from("abcABC假糧粮票ｆﬁßé&#102;\\u0061%41<b> \n\u200b-.\U000e0041𠀀"),
            st.characters(codec="utf-8"),
        ),
        max_size=30,
    ),
    max_size=6,
)


def lettered(text: str) -> str:
    return "".join(char for char in fold.letters().symbols(text) if char >= fold.MARKS_END)


@given(TEXTS)
def test_a_block_holds_the_letters_of_each_text(texts: list[str]) -> None:
    block = fold_block(texts)
    assert len(block.counts) == len(texts)
    for place, text in enumerate(texts):
        part = block.letters[block.starts[place] : block.starts[place + 1]]
        # The view leaves what is beyond its table as it is.
        read = [fold.rare(char) if char >= HAN_FROM else char for char in lettered(text)]
        want = "".join(char for char in read if char >= fold.MARKS_END)
        assert part.astype("<u4").tobytes().decode("utf-32-le") == want


RULES = parse_rules(
    RULE + RULE.replace("test.1", "test.2").replace('"forged ration stamp"', '"abc", "fab"'), "t"
)  # fmt: skip


PLANTED = [
    "假糧 票", "A.b-C", "f&#97;b", "ﬁ ﬀab", "x\\u0061bc", "\U000e0061\U000e0062&#99;", "\u202ecba",
    "a[b]b[/b]c", "a](/x)b](#)c", "a\\textbf{b}c", "a\x1b[1mbc", "a<!-- < -->b<?x?>&#99;",
    "a<b title='a>b'>bc", "a\\tbc", "%2561%u0062\\x{63}",
]  # fmt: skip


@given(
    TEXTS,
    st.integers(0, 5),
    st.sampled_from(PLANTED),
)
def test_a_sweep_misses_nothing_that_the_guard_finds(
    texts: list[str], place: int, planted: str
) -> None:
    if texts:
        texts[place % len(texts)] += planted
    lexicon, sweep = Lexicon(RULES, PLAIN), Sweep(RULES, PLAIN)
    found = {n for n, text in enumerate(texts) if lexicon.scan(text, "reply")}
    assert found <= set(sweep.suspects(texts, fold_block(texts)))


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(1, 12))
def test_the_hash_of_a_run_is_that_of_the_run_alone(values: list[int], runs: int) -> None:
    numbers = np.array(values, dtype=np.uint64)
    hashes = doubled(numbers, runs=runs)
    assert len(hashes) == max(0, len(values) - runs + 1)
    known: dict[tuple[int, ...], int] = {}
    for at, value in enumerate(hashes.tolist()):
        run = tuple(values[at : at + runs])
        assert known.setdefault(run, value) == value
        assert value == int(doubled(numbers[at : at + runs], runs=runs)[0])
    assert len(set(known.values())) == len(known)


@pytest.mark.parametrize(
    ("text", "language"),
    [("今天天气很好，我们去公园 running", "zh"), ("It is the best and the worst of times", "en"),
     ("これは日本語の文章です", "ja"), ("한국어 문장입니다", "ko"), ("Je ne sais pas", "latin"),
     ("Это русский текст", "cyrillic"), ("هذا نص عربي", "arabic"), ("12345 !!", "none"),
     ("", "none"), ("請問您貴姓大名", "zh"), ("ภาษาไทย", "other")],
)  # fmt: skip
def test_the_language_is_told_by_the_letters(text: str, language: str) -> None:
    found = languages([text], classes([text]))
    assert LANGUAGES[found[0]] == language


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_counts_of_characters_are_those_of_each_text(texts: list[str]) -> None:
    together = classes(texts)
    for place, text in enumerate(texts):
        assert together[place].sum() == len(text)
        assert (together[place] == classes([text])[0]).all()
    assert ((sign_shares(together) >= 0) & (sign_shares(together) <= 1)).all()


RNG = random.Random(11)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("电话 13812345678。", ["phone-cn"]), ("电话１３８１２３４５６７８", ["phone-cn"]),
        ("no 138123456789", []), (f"号码{cn_id(RNG)}", ["cn-id"]), ("110101199003071234", []),
        ("a.b@qq.com和c@example.com", ["email"]), ("卡 4111 1111 1111 1111", ["bank-card"]),
        ("4111111111111112", []), ("ip 8.8.8.8 and 192.168.1.1", ["ip-address"]),
        ("v1.2.3.4.5", []),
        ("SSN 078-05-1120", ["us-ssn"]), ("call +44 20 7946 0958", ["phone"]),
        ("GB82 WEST 1234 5698 7654 32", ["iban"]), ("ghp_" + "a1b2c3d4e5f6" * 3, ["token"]),
        ("sk-your-key-here-1234567890", []), ("2026-11-03 12:30, 1,234,567.89", []),
    ],
)  # fmt: skip
def test_personal_data_are_told_from_numbers_that_only_look_like_it(
    text: str, kinds: list[str]
) -> None:
    assert [span.kind for span in find_personal(text)] == kinds
    if kinds:
        assert f"[{kinds[0]}]" in masked(text)
        assert find_personal(masked(text)) == ()


@given(st.text(st.sampled_from("0123456789@.a+- 1３x"), max_size=60))
def test_spans_are_in_order_and_apart(text: str) -> None:
    spans = find_personal(text)
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
    assert all(0 <= span.start < span.end <= len(text) for span in spans)


PARTS = st.sampled_from(
    ["13812345678", "138 1234 5678", "x", "年", "12", ".", " ", "GB82 WEST 1234 5698 7654 32", "-",
     "+44 20 7946 0958", "8.8.8.8", "078-05-1120", "4111 1111 1111 1111", "９", "word " * 40]
)  # fmt: skip


@given(st.lists(PARTS, max_size=30).map("".join))
def test_reading_near_numbers_alone_misses_none_and_makes_none_up(text: str) -> None:
    wide = str.maketrans({0xFF10 + n: ord("0") + n for n in range(10)})
    whole = text.translate(wide)
    starts = {
        (kind, match.start(), match.end())
        for kind in set(PATTERNS) - {"private-key", "token", "email"}
        for match in PATTERNS[kind].finditer(whole)
        if CHECKS[kind](match[0])
    }
    found = {(span.kind, span.start, span.end) for span in find_personal(text)}
    assert found <= starts
    covered = {at for _, start, end in found for at in range(start, end)}
    assert all(covered & set(range(start, end)) for _, start, end in starts)


@given(st.lists(st.integers(0, 4), max_size=30))
def test_of_exact_copies_the_first_stands(values: list[int]) -> None:
    exact = np.array([[v, v * 7] for v in values], dtype=np.uint64).reshape(-1, 2)
    assert exact_copies(exact).tolist() == [values.index(v) for v in values]


@given(st.integers(0, 2**32), st.integers(2, 30))
def test_near_copies_agree_and_the_first_of_them_stands(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    signature = rng.integers(0, 1 << 16, (count, 128)).astype(np.uint16)
    for later in range(1, count):
        if rng.random() < 0.5:
            signature[later] = signature[rng.integers(0, later)]
            changed = rng.choice(128, rng.integers(0, 40), replace=False)
            signature[later, changed] = rng.integers(0, 1 << 16, len(changed))
    found = near_copies(signature, np.ones(count, dtype=np.bool_), 0.8)
    for later, first in enumerate(found.tolist()):
        agree = int((signature[first] == signature[later]).sum())
        assert first == later or (first < later and agree >= 0.8 * 128)


@pytest.mark.parametrize(
    ("text", "share"),
    [("", 0.0), ("一。二。三。四。五。六。", 0.0), ("同一句。" * 10, 0.9), ("a\nb\nc", 0.0)],
)
def test_what_repeats_itself_is_measured(text: str, share: float) -> None:
    assert repeated_share(text) == pytest.approx(share)


QUESTION = "Which of the following rivers flows through the capital of Hungary"


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker(
        make_guard(read_bundle(bundle(), None)), PACK.corpus.scan,
        benchmarks={"rivers": [QUESTION]},
        sample_share=0.3, seed=5,
    )  # fmt: skip


def items(count: int) -> list[Item]:
    rng = random.Random(2)
    texts = [prose(rng, "zh" if n % 2 else "en") for n in range(count)]
    texts[3] += " 假粮票 "
    texts[5] = "WHICH of the following rivers, flows through the capital of Hungary?"
    texts[7] = "短"
    texts[9] = ""
    return [Item(text, "s") for text in texts]


def test_the_same_texts_give_the_same_bytes_however_they_are_cut(checker: Checker) -> None:
    every = items(40)
    whole = checker.check(every, "p", 0)
    cuts: list[Sequence[Item]] = [every[:7], every[7:8], every[8:30], every[30:]]
    firsts = [0, 7, 8, 30]
    parts = [checker.check(cut, "p", first) for cut, first in zip(cuts, firsts, strict=True)]
    nobody = np.zeros(40, dtype=np.int32)
    packed = [
        pack_result(Result(columns, nobody, ("s",), 1, 0, ()))
        for columns in (whole, join_columns(parts))
    ]
    assert packed[0] == packed[1]
    again = read_result(packed[0])
    assert again is not None
    assert again.columns.hits == whole.hits
    assert read_result(packed[0][:-40]) is None
    assert read_result(b"nothing") is None


def test_flags_say_what_was_found_where(checker: Checker) -> None:
    found = checker.check(items(40), "p", 0)
    assert [n for n in range(40) if found.flags[n] & Flag.UNLAWFUL] == [3]
    assert [(h.place, h.rule) for h in found.hits if h.action == "halt"] == [(3, "test.1")]
    assert [n for n in range(40) if found.flags[n] & Flag.CONTAMINATED] == [5]
    assert {7, 9} <= {n for n in range(40) if found.flags[n] & Flag.SHORT}
    assert 0 < found.judged.sum() < 40
