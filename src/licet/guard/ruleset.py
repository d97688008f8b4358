"""Literal rules as people write them: TOML in, frozen values out, and back.

A rule is a promise with a name under it: what is stopped, by whom and why. The operator of a
service answers for its own rules, so a file that is not wholly right is refused as a whole, with
the line and the cause, before any text is judged by it.

It refuses to know files, matching and what the law says of a category.

Rules
1. All or nothing: one fault refuses the file; no rule of it is used.
2. A fault names file, line, cause and what to write instead.
3. The quick reader takes only the plainest TOML and hands everything else to `tomllib`; what both
   accept means the same (`test_the_quick_reader_agrees_with_tomllib`).
4. `parse_rules(render_rules(rules))` gives the same rules.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, NoReturn, cast

from licet.base.tomlsource import Path, TomlSource
from licet.base.trouble import BadInput

Action = Literal["halt", "flag"]
Word = Literal["auto", "whole", "start", "any"]

CATEGORIES: tuple[str, ...] = (
    "sexual",
    "violence",
    "terrorism",
    "hate",
    "discrimination.ethnicity",
    "discrimination.gender",
    "discrimination.age",
    "discrimination.occupation",
    "discrimination.health",
    "discrimination.region",
    "harassment",
    "self_harm",
    "weapons",
    "illegal_activity",
    "cyber",
    "privacy",
    "commercial",
    "injection",
    "operator",
)
"""What a rule may be about; `operator` is for what only the licensed operator can word. An
operator may also use a category of its own, with a name that is not nearly one of these."""

ACTIONS: tuple[str, ...] = ("halt", "flag")
WORDS: tuple[str, ...] = ("auto", "whole", "start", "any")

LITERAL_CHARACTERS_MAX = 400
LITERALS_MAX = 200_000
ID_CHARACTERS_MAX = 100
NOTE_CHARACTERS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Rule:
    """Texts that must not pass (`halt`) or must be noted (`flag`), and who answers for that.

    `word` says where a literal may stand: `whole` word, `start` of a word, `any`where, or `auto`,
    which leaves it to the matcher. `expires` is the last day on which the rule is in force.
    """

    id: str
    category: str
    action: Action
    literal: tuple[str, ...]
    author: str
    reason: str
    word: Word = "auto"
    expires: date | None = None


def parse_rules(
    text: str, name: str, categories: Collection[str] = CATEGORIES
) -> tuple[Rule, ...]:
    """The rules of one file, in its order. Raises BadInput with `name`, line, cause and remedy."""
    source = TomlSource(name, text.removeprefix("\ufeff"))
    tables = _read_plain(source.text)
    if tables is None:
        tables = _read_toml(source)
    check = _Check(source, frozenset(categories))
    return tuple([check.rule(index, table) for index, table in enumerate(tables)])


def join_rules(files: Iterable[tuple[str, Sequence[Rule]]]) -> tuple[Rule, ...]:
    """The rules of several files, by name, as one set. Raises BadInput where two share an id."""
    owners: dict[str, str] = {}
    joined: list[Rule] = []
    for name, rules in files:
        for rule in rules:
            if owners.setdefault(rule.id, name) != name:
                raise BadInput(
                    f"{name}: `id` {_shown(rule.id)} is used already, in {owners[rule.id]}.",
                    hint="Whoever is halted quotes the id: give every rule one of its own.",
                )
        joined.extend(rules)
    return tuple(joined)


def in_force(rules: Iterable[Rule], today: date) -> tuple[Rule, ...]:
    """The rules that have not expired; `today` is the date where the service is answered for."""
    return tuple(rule for rule in rules if rule.expires is None or today <= rule.expires)


def render_rules(rules: Iterable[Rule]) -> str:
    """The TOML text that `parse_rules` reads back to the same rules."""
    return "\n".join([_render(rule) for rule in rules])


def _render(rule: Rule) -> str:
    lines = ["[[rule]]", f"id = {_quoted(rule.id)}", f"category = {_quoted(rule.category)}"]
    lines.append(f"action = {_quoted(rule.action)}")
    lines.append(f"literal = [{', '.join(map(_quoted, rule.literal))}]")
    lines.append(f"author = {_quoted(rule.author)}")
    lines.append(f"reason = {_quoted(rule.reason)}")
    if rule.word != "auto":
        lines.append(f"word = {_quoted(rule.word)}")
    if rule.expires is not None:
        lines.append(f"expires = {rule.expires.isoformat()}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string, but for U+007F, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


# --- reading ------------------------------------------------------------------------------------

_TEXT = r'"[^"\\\x00-\x1f\x7f]*+"'
_SPACE = r"[ \t\n]*+"
_LINE = re.compile(
    r"[ \t]*+(?:"
    r"(?P<key>[A-Za-z_]++)[ \t]*+=[ \t]*+(?:"
    r'"(?P<text>[^"\\\x00-\x1f\x7f]*+)"'
    rf"|\[{_SPACE}(?P<list>(?:{_TEXT}{_SPACE}(?:,{_SPACE}{_TEXT}{_SPACE})*+,?+)?+){_SPACE}\]"
    r"|(?P<date>\d{4}-\d\d-\d\d)"
    r")|(?P<rule>\[\[rule\]\])"
    r")?+[ \t]*+(?:\#[^\x00-\x08\x0a-\x1f\x7f]*+)?+(?:\n|\Z)",
    re.ASCII,
)
_ITEM = re.compile(r'"([^"]*)"')


def _read_plain(text: str) -> list[dict[str, Any]] | None:
    """The tables of a file in the plainest TOML, five times faster; None where it is not that.

    Plain means: `[[rule]]` headers and one `key = …` a line, with strings that hold no escape.
    """
    text = text.replace("\r\n", "\n")
    tables: list[dict[str, Any]] = []
    table: dict[str, Any] | None = None
    at = 0
    for line in _LINE.finditer(text):
        if line.start() != at:
            return None
        at = line.end()
        key, value, items, day, header = line.groups()
        if header:
            table = {}
            tables.append(table)
        elif key:
            if table is None or key in table:
                return None
            if value is not None:
                table[key] = value
            elif items is not None:
                table[key] = _ITEM.findall(items)
            else:
                try:
                    table[key] = date.fromisoformat(day)
                except ValueError:
                    return None
    return tables if at == len(text) else None


def _read_toml(source: TomlSource) -> list[dict[str, Any]]:
    """The tables of any TOML file that holds only `[[rule]]`."""
    document = source.parse()
    for key in document:
        if key != "rule":
            raise source.fault(
                (key,),
                f"`{key}` does not belong in a file of rules.",
                "Only [[rule]] tables stand here, with two brackets on each side.",
            )
    tables = document.get("rule", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise source.fault(
            ("rule",),
            "`rule` is not a list of tables.",
            "Begin each rule with a line [[rule]], two brackets on each side.",
        )
    return tables


# --- checking -----------------------------------------------------------------------------------

_OWN_CATEGORY = re.compile(r"[^\W\d][\w.:/-]{0,63}")
_REQUIRED = ("id", "category", "action", "literal", "author", "reason")
_KEYS = (*_REQUIRED, "word", "expires")
_ID = re.compile(rf"[\w][\w.:/@+-]{{0,{ID_CHARACTERS_MAX - 1}}}")


class _Check:
    """Turns tables into rules, remembering the ids and counting the literals of one file."""

    def __init__(self, source: TomlSource, categories: frozenset[str]) -> None:
        self._source = source
        self._categories = categories
        self._ids: dict[str, int] = {}
        self._literals = 0
        self._index = 0

    def rule(self, index: int, table: dict[str, Any]) -> Rule:
        self._index = index
        if not table.keys() <= _KEY_SET or not table.keys() >= _REQUIRED_SET:
            self._refuse_keys(table)
        identity = self._id(table["id"])
        category, action = self._category(table["category"]), table["action"]
        if action not in ACTIONS:
            self._refuse_choice("action", action, ACTIONS)
        word = table.get("word", "auto")
        if word not in WORDS:
            self._refuse_choice("word", word, WORDS)
        return Rule(
            identity,
            category,
            cast(Action, action),
            self._literal(table["literal"]),
            self._note("author", table["author"], "who answers for it"),
            self._note("reason", table["reason"], "why it is there"),
            cast(Word, word),
            self._expires(table["expires"]) if "expires" in table else None,
        )

    def _category(self, value: object) -> str:
        """One that is known, or one of the operator's own; not one that is nearly known."""
        if isinstance(value, str) and value in self._categories:
            return value
        if not isinstance(value, str) or _OWN_CATEGORY.fullmatch(value) is None:
            self._refuse_choice("category", value, sorted(self._categories))
        if difflib.get_close_matches(value, self._categories, 1, cutoff=0.8):
            self._refuse_choice("category", value, sorted(self._categories))
        return value

    def _id(self, value: object) -> str:
        if not isinstance(value, str) or _ID.fullmatch(value) is None:
            self._refuse(
                "id",
                f"`id` {_shown(value)} is not an id.",
                f'Write id = "name-1": 1 to {ID_CHARACTERS_MAX} letters, digits and . _ : / @ + -,'
                " beginning with a letter or digit, no spaces.",
            )
        if (first := self._ids.setdefault(value, self._index)) != self._index:
            line = self._source.line_of(("rule", first, "id"))
            self._refuse(
                "id",
                f"`id` {_shown(value)} is used already, on line {line}.",
                "Give every rule an id of its own.",
            )
        return value

    def _literal(self, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not value:
            self._refuse(
                "literal",
                "`literal` is not a list of texts.",
                'Write literal = ["first text", "second text"] with at least one text.',
            )
        self._literals += len(value)
        if self._literals > LITERALS_MAX:
            self._refuse(
                "literal",
                f"the file holds more than {LITERALS_MAX:,} literals.",
                "Split it into several files, or drop rules that have expired.",
            )
        for number, literal in enumerate(value, start=1):
            if not isinstance(literal, str) or not literal:
                self._refuse(
                    "literal",
                    f"text {number} of `literal` is {'empty' if literal == '' else 'not a text'}.",
                    'Write each as a text in quotes, as in literal = ["some text"].',
                )
            if len(literal) > LITERAL_CHARACTERS_MAX:
                self._refuse(
                    "literal",
                    f"text {number} of `literal` has {len(literal):,} characters.",
                    f"Keep each within {LITERAL_CHARACTERS_MAX} characters: the shortest part"
                    " that nothing lawful contains is enough.",
                )
            if not literal.isalnum() and not _has_substance(literal):
                self._refuse(
                    "literal",
                    f"text {number} of `literal` has no letter, digit or symbol.",
                    "White space, punctuation and marks alone would match almost any text.",
                )
        return tuple(value)

    def _note(self, key: str, value: object, meaning: str) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > NOTE_CHARACTERS_MAX:
            self._refuse(
                key,
                f"`{key}` is not a text of 1 to {NOTE_CHARACTERS_MAX:,} characters.",
                f'Write {key} = "…": {meaning}.',
            )
        return value

    def _expires(self, value: object) -> date:
        if not isinstance(value, date) or isinstance(value, datetime):
            self._refuse(
                "expires",
                "`expires` is not a date.",
                "Write the last day on which it is in force, without quotes: expires = 2027-06-30",
            )
        return value

    def _refuse_keys(self, table: dict[str, Any]) -> NoReturn:
        for key in table:
            if key not in _KEYS:
                guess = difflib.get_close_matches(key, _KEYS, 1)
                self._refuse(
                    key,
                    f"`{key}` is not a key of a rule.",
                    f"Did you mean `{guess[0]}`?"
                    if guess
                    else f"The keys are {', '.join(_KEYS)}.",
                )
        lacking = [key for key in _REQUIRED if key not in table]
        self._refuse(
            "",
            f"this rule has no {', '.join(f'`{key}`' for key in lacking)}.",
            f"Every rule has {', '.join(_REQUIRED)}.",
        )

    def _refuse_choice(self, key: str, value: object, choices: Iterable[str]) -> NoReturn:
        choices = list(choices)
        guess = difflib.get_close_matches(value, choices, 1) if isinstance(value, str) else []
        hint = f"Did you mean {_shown(guess[0])}? " if guess else ""
        self._refuse(
            key,
            f"`{key}` {_shown(value)} is not known.",
            f"{hint}Write one of: {', '.join(choices)}.",
        )

    def _refuse(self, key: str, cause: str, hint: str) -> NoReturn:
        path: Path = ("rule", self._index, key) if key else ("rule", self._index)
        raise self._source.fault(path, cause, hint)


_KEY_SET = frozenset(_KEYS)
_REQUIRED_SET = frozenset(_REQUIRED)


def _has_substance(text: str) -> bool:
    """Whether any character is a letter, a digit or a symbol (Unicode L*, N*, S*)."""
    return any(unicodedata.category(character)[0] in "LNS" for character in text)


def _shown(value: object) -> str:
    """A value as a reader recognises it, cut so that a message stays a line."""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
