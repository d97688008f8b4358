"""What cannot be used is said in both languages, whatever it is."""

from __future__ import annotations

import pickle
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.corpus import SOUND
from licet.base.trouble import BadInput, Unavailable
from licet.corpus.card import CARD_BYTES_MAX, parse_card
from licet.corpus.naming import check_id, check_paths
from licet.corpus.unfit import Absent, Altered, Silent, Spoken, TooLarge, Unfit, said_in, said_of
from licet.corpus.words import DENIALS, MISSING, UNFIT


def test_every_reason_is_there_in_both_languages() -> None:
    for words in (*UNFIT.values(), *DENIALS.values(), *MISSING.values()):
        assert set(words) == {"zh", "en"}
        assert all(words.values())


@pytest.mark.parametrize(
    ("change", "zh"),
    [
        ({"title": {"zh": 1, "en": "x"}}, "card.json · title.zh：应为文字，加引号。"),
        ({"languages": "zh"}, "card.json · languages：应为列表，可以写多项。"),
        ({"title": None}, "card.json · title：应分项填写，请对照示例。"),
        ({"surprise": 1}, "card.json：不应有 surprise 这一项。"),
    ],
)
def test_a_card_that_does_not_fit_says_where(change: dict[str, Any], zh: str) -> None:
    with pytest.raises(Unfit) as unfit:
        parse_card(msgspec.json.encode(SOUND | change), "card.json")
    assert unfit.value.said("zh") == zh
    assert said_of(unfit.value) == f"{unfit.value} / {zh}"


def test_a_card_that_is_too_large_says_how_large_it_may_be() -> None:
    with pytest.raises(Unfit) as unfit:
        parse_card(b" " * (CARD_BYTES_MAX + 1), "card.json")
    assert f"{CARD_BYTES_MAX >> 10} KiB" in unfit.value.said("zh")


@given(st.binary(max_size=60), st.sampled_from(["card.toml", "card.json"]))
def test_whatever_cannot_be_read_has_words(data: bytes, name: str) -> None:
    with pytest.raises(Unfit) as unfit:
        parse_card(data, name)
    for lang in ("zh", "en"):
        assert unfit.value.said(lang).startswith(name)


@given(st.lists(st.text(max_size=12), max_size=4))
def test_whatever_may_not_be_a_path_has_words_that_can_be_printed(paths: list[str]) -> None:
    said = ""
    try:
        check_paths(paths)
    except Unfit as unfit:
        said = unfit.said("zh") + unfit.said("en")
    assert said.isprintable()


@pytest.mark.parametrize("kind", [Unfit, TooLarge, Absent, Silent, Altered])
def test_what_a_worker_of_a_scan_raised_comes_whole_out_of_its_process(kind: type[Spoken]) -> None:
    made = kind("a.gz swells.", ("a.gz", "swells", "200"), hint="Part it.")
    again = pickle.loads(pickle.dumps(made))
    assert type(again) is kind
    assert again.code == kind.code != Spoken.code
    assert (str(again), again.said("zh")) == ("a.gz swells. Part it.", made.said("zh"))


def test_what_has_no_words_is_said_in_english() -> None:
    assert said_in(Unavailable("no disc.", hint="Look."), "zh") == "no disc. Look."


def test_an_id_says_how_it_is_written() -> None:
    with pytest.raises(BadInput) as unfit:
        check_id("甲/乙")
    assert "小写字母" in said_of(unfit.value)
