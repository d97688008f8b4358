"""The rules that ship: whole, precise, and silent on lawful talk."""

from __future__ import annotations

import re
import unicodedata
from importlib import resources

import pytest

from kit.data import rows
from licet.gateway.replay import Answer, load_answers
from licet.guard.lexicon import LexicalSettings, Lexicon
from licet.guard.ruleset import CATEGORIES, Rule, parse_rules

FILES = sorted(
    resources.files("licet.guard").joinpath("rules").iterdir(),
    key=lambda entry: entry.name,
)
RULES: tuple[Rule, ...] = tuple(
    rule for file in FILES for rule in parse_rules(file.read_text(encoding="utf-8"), file.name)
)
LITERALS = [(literal, rule) for rule in RULES for literal in rule.literal]
HALTING = tuple(literal.casefold() for literal, rule in LITERALS if rule.action == "halt")
LEXICON = Lexicon(RULES, LexicalSettings(10, 12, 240, 200))
ANSWERS = load_answers()
HAN = re.compile(r"[\u4e00-\u9fff]")
BETWEEN = re.compile(r"[\W_]+")
FALSE_STOPS_ONE_IN = 5_000


def bare(text: str) -> str:
    """Letters and digits alone, as a matcher sees them that looks through separators."""
    return BETWEEN.sub("", unicodedata.normalize("NFKC", text).casefold())


BARE = tuple(bare(literal) for literal in HALTING)


def halts(text: str) -> bool:
    """Whether a halting phrase stands in `text`, as written or with marks between its letters."""
    naked = bare(text)
    return any(literal in naked for literal in BARE)


def texts(answer: Answer) -> list[str]:
    """All that an answer may say."""
    spoken = [answer.reasoning, answer.preface, answer.text]
    return spoken + [call.arguments for call in answer.tool_calls]


def first_halt(text: str) -> int:
    """Where the first halting phrase begins; -1 where there is none."""
    folded = text.casefold()
    return min((folded.find(word) for word in HALTING if word in folded), default=-1)


def test_both_languages_ship() -> None:
    assert [file.name for file in FILES] == ["base-en.toml", "base-zh.toml", "personal-data.toml"]
    assert len(LITERALS) >= 150


def test_ids_say_where_a_rule_comes_from_and_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert re.fullmatch(r"base\.[a-z]+\.(en|zh)\.[1-9]\d*", rule.id)
        assert rule.author == "Licet"


def test_every_category_that_ships_has_a_rule_in_both_languages() -> None:
    for lang in ("en", "zh"):
        covered = {rule.category for rule in RULES if f".{lang}." in rule.id}
        assert covered == set(CATEGORIES) - {"operator"}


def test_injection_is_noted_and_never_halted_by_a_phrase() -> None:
    """Who explains an attack must quote it."""
    assert {rule.action for rule in RULES if rule.category == "injection"} == {"flag"}


@pytest.mark.parametrize(
    ("literal", "rule"), LITERALS, ids=lambda v: v[:40] if isinstance(v, str) else v.id
)
def test_a_literal_is_a_whole_phrase(literal: str, rule: Rule) -> None:
    if ".zh." in rule.id:
        assert len(HAN.findall(literal)) >= 5
    else:
        assert len(literal.split()) >= 3
        assert literal == literal.casefold()
    assert literal == literal.strip()


def test_no_literal_stands_in_another() -> None:
    """The shorter would always halt first; the longer would be dead."""
    for literal in HALTING:
        assert [other for other in HALTING if literal in other] == [literal]


@pytest.mark.parametrize(
    "answer", [a for a in ANSWERS if not a.unlawful], ids=lambda answer: answer.id
)
def test_lawful_answers_pass(answer: Answer) -> None:
    for text in texts(answer):
        assert not halts(text)


@pytest.mark.parametrize(
    "answer", [a for a in ANSWERS if a.unlawful], ids=lambda answer: answer.id
)
def test_unlawful_answers_turn_unlawful_late(answer: Answer) -> None:
    turns = [first_halt(text) for text in texts(answer)]
    assert max(turns) >= 150
    assert all(turn == -1 or turn >= 150 for turn in turns)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.id)
def test_the_matcher_finds_what_is_unlawful_and_nothing_else(answer: Answer) -> None:
    hits = [hit for text in texts(answer) for hit in LEXICON.scan(text)]
    assert bool(hits) == answer.unlawful


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.id)
def test_a_prompt_that_leads_to_an_answer_is_lawful(answer: Answer) -> None:
    """Else the prompt would be refused, and nobody would see the reply halted."""
    for prompt in (answer.title, *answer.keywords):
        assert LEXICON.scan(prompt) == []


def test_benign_data_passes() -> None:
    texts = [bare(row["text"]) for row in rows("text/benign.jsonl.gz")]
    whole = "\n".join(texts)  # one search for each literal, not one for each row
    stopped = {literal: count for literal in BARE if (count := whole.count(literal))}
    assert sum(stopped.values()) * FALSE_STOPS_ONE_IN < len(texts), stopped
