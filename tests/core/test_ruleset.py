"""Files of literal rules: what is right is read exactly, what is wrong is refused by line."""

from __future__ import annotations

import string
import time
import tomllib
from dataclasses import replace
from datetime import date
from importlib.resources import files as files_of
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.base.tomlsource import TomlSource
from licet.base.trouble import BadInput
from licet.guard import rule, rulecheck, ruletables
from licet.guard.ruleset import CATEGORIES, Rule, in_force, join_rules, parse_rules, render_rules
from licet.rulebook import load_pack

GOOD = """\
# Our rules.
[[rule]]
id = "op.1"
category = "operator"
action = "halt"
literal = ["first phrase", "第二个短语"]
author = "Li Wei"
reason = "agreed on 3 March"

[[rule]]
id = "op.2"
category = "commercial"
action = "flag"
literal = [
    "buy now \\u2713",
]
author = "Li Wei"
reason = "spam"
word = "whole"
expires = 2027-06-30
"""


def _quick(text: str) -> list[dict[str, object]] | None:
    return ruletables.read_plain(text)


def test_a_good_file_gives_its_rules_in_order() -> None:
    assert parse_rules(GOOD, "op.toml") == (
        Rule(
            "op.1",
            "operator",
            "halt",
            ("first phrase", "第二个短语"),
            "Li Wei",
            "agreed on 3 March",
        ),
        Rule(
            "op.2",
            "commercial",
            "flag",
            ("buy now ✓",),
            "Li Wei",
            "spam",
            "whole",
            date(2027, 6, 30),
        ),
    )


def test_an_empty_file_has_no_rules() -> None:
    assert parse_rules("", "x") == parse_rules("# nothing\n", "x") == ()


def test_windows_line_ends_and_byte_order_mark_change_nothing() -> None:
    written = "\ufeff" + GOOD.replace("\n", "\r\n")
    assert parse_rules(written, "op.toml") == parse_rules(GOOD, "op.toml")


FULL = """\
[[rule]]
id = "op.3"
category = "privacy"
action = "halt"
pattern = ['\\d{17}[\\dx]', "ab{1,3}"]
validate = "cn-id"
requires = ["identity number", '身份证']
allow = ["sample"]
within_characters = 20
role = "reply"
author = "Li Wei"
reason = "identity numbers"
"""


def test_a_rule_may_have_patterns_and_conditions() -> None:
    (found,) = parse_rules(FULL, "op.toml")
    assert (found.literal, found.pattern) == ((), (r"\d{17}[\dx]", "ab{1,3}"))
    assert (found.validate, found.role) == ("cn-id", "reply")
    assert (found.requires, found.allow) == (("identity number", "身份证"), ("sample",))
    assert found.within_characters == 20
    assert _quick(FULL) == TomlSource("x", FULL).parse()["rule"]


FULL_FAULTS = [
    # (line of FULL, what is put there, line blamed, cause, remedy)
    (5, "", 1, "has neither `literal` nor `pattern`", "pattern = ['"),
    (5, 'pattern = "ab"', 5, "`pattern` is not a list of texts", "single quotes"),
    (5, "pattern = []", 5, "`pattern` is not a list of texts", "single quotes"),
    (5, "pattern = ['ab', 'ab+']", 5, '2 of `pattern`, "ab+": `+` has no upper', "{1,20}"),
    (5, "pattern = ['(?<=a)bc']", 5, "`(?<` is not read here", "`within_characters`"),
    (5, "pattern = ['ab{1,401}']", 5, "may match 402 characters", "smaller bounds"),
    (6, 'validate = "cn-ids"', 6, '`validate` "cn-ids" is not known', 'mean "cn-id"'),
    (5, 'literal = ["some words"]', 6, "`validate` checks what a pattern", "Write a pattern"),
    (7, 'requires = "x"', 7, "`requires` is not a list", "requires = ["),
    (7, "requires = []", 7, "`requires` is not a list", "requires = ["),
    (8, 'allow = ["a", "."]', 8, "text 2 of `allow` has no letter", "allow = ["),
    (9, "within_characters = 0", 9, "not a whole number from 1", "within_characters = 40"),
    (9, 'within_characters = "9"', 9, "not a whole number from 1", "within_characters = 40"),
    (9, "", 1, "not a whole number from 1", "within_characters = 40"),
    (10, 'role = "answer"', 10, '`role` "answer" is not known', "any, prompt, reply"),
]


@pytest.mark.parametrize(("place", "line", "blamed", "cause", "remedy"), FULL_FAULTS)
def test_a_fault_of_a_pattern_or_condition_is_named_as_well(
    place: int, line: str, blamed: int, cause: str, remedy: str
) -> None:
    lines = FULL.splitlines()
    lines[place - 1] = line
    with pytest.raises(BadInput) as caught:
        parse_rules("\n".join(lines), "op.toml")
    assert caught.value.message.startswith(f"op.toml, line {blamed}: ")
    assert cause in caught.value.message
    assert remedy in caught.value.hint


def test_conditions_without_texts_are_refused() -> None:
    lines = [line for line in FULL.splitlines() if not line.startswith(("requires", "allow"))]
    with pytest.raises(BadInput, match=r"line 7: `within_characters` is for `requires`"):
        parse_rules("\n".join(lines), "op.toml")


def test_what_a_pack_allows_bounds_a_rule() -> None:
    with pytest.raises(BadInput, match=r"line 5: .* may match 18 characters; the pack allows 17"):
        parse_rules(FULL, "op.toml", bounds=rule.Bounds(17, 100))
    with pytest.raises(BadInput, match=r"line 9: .* from 1 to 19"):
        parse_rules(FULL, "op.toml", bounds=rule.Bounds(100, 19))


FAULTS = [
    # (line of GOOD, what is put there, line blamed, cause, remedy)
    (3, 'id = "op 1"', 3, '`id` "op 1" is not an id', 'id = "name-1"'),
    (3, "id = 7", 3, "`id` 7 is not an id", "id ="),
    (11, 'id = "op.1"', 11, "is used already, on line 3", "of its own"),
    (4, 'category = "operatr"', 4, '`category` "operatr" is not known', 'mean "operator"'),
    (4, 'category = ["operator"]', 4, "is not known", "self_harm"),
    (5, 'action = "stop"', 5, '`action` "stop" is not known', "halt, flag"),
    (19, 'word = "partly"', 19, '`word` "partly" is not known', "auto, whole, start, any"),
    (20, 'expires = "2027-06-30"', 20, "`expires` is not a date", "without quotes"),
    (20, "expires = 2027-06-30T00:00:00Z", 20, "`expires` is not a date", "without quotes"),
    (6, 'literal = "first phrase"', 6, "not a list of texts", 'literal = ["'),
    (6, "literal = []", 6, "not a list of texts", "at least one"),
    (6, 'literal = ["a phrase", ""]', 6, "text 2 of `literal` is empty", "in quotes"),
    (6, "literal = [1]", 6, "text 1 of `literal` is not a text", "in quotes"),
    (6, f'literal = ["{"x" * 401}"]', 6, "has 401 characters", "within 400"),
    (6, 'literal = ["ok", " . , "]', 6, "text 2 of `literal` has no letter", "match almost"),
    (7, 'author = "  "', 7, "`author` is not a text", "answers for it"),
    (8, "reason = false", 8, "`reason` is not a text", "why it is there"),
    (7, 'autor = "Li Wei"', 7, "`autor` is not a key", "Did you mean `author`?"),
    (8, "", 2, "has no `reason`", "Every rule has id,"),
    (2, "[rule]", 10, "not TOML", "each [table] once"),
    (1, 'title = "x"', 1, "`title` does not belong", "[[rule]]"),
    (6, 'literal = ["first phrase]', 6, "not TOML", "quotes"),
]


@pytest.mark.parametrize(("place", "line", "blamed", "cause", "remedy"), FAULTS)
def test_a_fault_names_file_line_cause_and_remedy(
    place: int, line: str, blamed: int, cause: str, remedy: str
) -> None:
    lines = GOOD.splitlines()
    lines[place - 1] = line
    with pytest.raises(BadInput) as caught:
        parse_rules("\n".join(lines), "op.toml")
    assert caught.value.message.startswith(f"op.toml, line {blamed}: ")
    assert cause in caught.value.message
    assert remedy in caught.value.hint


def test_a_single_table_is_told_from_a_list_of_tables() -> None:
    with pytest.raises(BadInput, match=r"line 1: `rule` is not a list of tables\. Begin each"):
        parse_rules('[rule]\nid = "a"\n', "op.toml")


def test_more_literals_than_the_matcher_holds_are_refused() -> None:
    many = ", ".join(f'"x{number}"' for number in range(rule.LITERALS_MAX + 1))
    text = f'[[rule]]\nid="a"\ncategory="operator"\naction="halt"\nliteral=[{many}]\n'
    with pytest.raises(BadInput, match=r"line 5: the file holds more than 200,000 literals"):
        parse_rules(text + 'author="x"\nreason="y"\n', "op.toml")


def test_known_categories_may_be_given_by_the_pack() -> None:
    with pytest.raises(BadInput, match=r"line 4: `category` \"operator\" is not known"):
        parse_rules(GOOD, "op.toml", categories={"operators"})


def test_an_operator_may_have_categories_of_its_own() -> None:
    own = GOOD.replace('category = "operator"', 'category = "赌博"')
    assert parse_rules(own, "op.toml")[0].category == "赌博"


def test_the_categories_are_those_of_the_pack() -> None:
    assert set(CATEGORIES) == set(load_pack("cn-genai-2023").categories)


def test_the_rules_that_ship_are_read_quickly_and_join() -> None:
    files = sorted(Path(str(files_of("licet.guard"))).glob("rules/*.toml"))
    assert files
    for file in files:
        assert _quick(file.read_text("utf-8")) is not None, file
    read = [(file.name, parse_rules(file.read_text("utf-8"), file.name)) for file in files]
    assert len(join_rules(read)) == sum(len(rules) for _, rules in read)


def test_two_files_may_not_share_an_id() -> None:
    mine = parse_rules(GOOD, "mine.toml")
    assert join_rules([("mine.toml", mine)]) == mine
    with pytest.raises(BadInput, match=r'theirs.toml: `id` "op.1" is used already, in mine.toml'):
        join_rules([("mine.toml", mine), ("theirs.toml", mine[:1])])


def test_a_rule_is_in_force_through_its_last_day() -> None:
    rules = parse_rules(GOOD, "op.toml")
    assert in_force(rules, date(2027, 6, 30)) == rules
    assert in_force(rules, date(2027, 7, 1)) == rules[:1]


notes = st.text(min_size=1, max_size=40).filter(str.strip)
literals = st.text(min_size=1, max_size=40).filter(rulecheck.has_substance)
alnums = st.text("ab字\"'\\ ", min_size=1, max_size=20).filter(
    lambda text: any(map(str.isalnum, text))
)
rules = st.builds(
    Rule,
    id=st.text(string.ascii_letters + string.digits + "第规则", min_size=1, max_size=20),
    category=st.sampled_from(CATEGORIES),
    action=st.sampled_from(rule.ACTIONS),
    literal=st.lists(literals, min_size=1, max_size=4).map(tuple),
    author=notes,
    reason=notes,
    word=st.sampled_from(rule.WORDS),
    expires=st.none() | st.dates(),
    pattern=st.lists(st.sampled_from([r"\d{3}", "a[b'\"]{1,2}", "字\\\\x"]), max_size=2).map(
        tuple
    ),
    role=st.sampled_from(rule.ROLES),
)
conditional_rules = st.builds(
    replace, rules, requires=st.lists(alnums, min_size=1, max_size=2).map(tuple),
    allow=st.lists(alnums, max_size=2).map(tuple), within_characters=st.integers(1, 2000),
)  # fmt: skip


@given(st.lists(rules | conditional_rules, max_size=6, unique_by=lambda rule: rule.id).map(tuple))
def test_rendered_rules_read_back_the_same(given_rules: tuple[Rule, ...]) -> None:
    assert parse_rules(render_rules(given_rules), "x.toml") == given_rules


SCRAPS = (
    """[[rule]]|[rule]|id|literal| | = |"a"|"b\\n"|'c'|'\\d'|""|[|]|,|\n|\n|\r\n|# x|1|\t|\x0b"""
)
pieces = st.sampled_from([*SCRAPS.split("|"), '"""', "2027-02-28", "2027-02-30"])


@given(st.lists(pieces, max_size=14).map("".join))
def test_the_quick_reader_agrees_with_tomllib(text: str) -> None:
    quick = _quick(text)
    if quick is not None:
        assert tomllib.loads(text) == ({"rule": quick} if quick else {})


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    refused = ""
    try:
        parse_rules(text, "x")
    except BadInput as refusal:
        refused = refusal.message
    assert not refused or refused.startswith("x, line ")


def test_ten_thousand_rules_are_read_by_the_quick_reader_in_time() -> None:
    text = render_rules(
        Rule(f"r{n}", "operator", "halt", (f"some phrase {n} 短语",), "A. Person", "because")
        for n in range(10_000)
    )
    assert _quick(text) is not None
    began = time.process_time()
    assert len(parse_rules(text, "x")) == 10_000
    # 0.15 s measured; tomllib alone takes 0.5 s. Slack for a busy machine.
    assert time.process_time() - began < 1.0


def test_the_plain_example_of_the_manual_takes_the_quick_path() -> None:
    plain = GOOD.replace(" \\u2713", "")
    assert _quick(plain) == TomlSource("x", plain).parse()["rule"]
