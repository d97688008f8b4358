"""Checks the tables of a rule file and makes rules of them.

It refuses to know how a table was read and how a rule is matched.

Rules
1. All or nothing: one fault refuses the file; no rule of it is used.
2. A fault names file, line, cause and what to write instead.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final, NoReturn, cast

from licet.base.tomlsource import Path, TomlSource
from licet.base.trouble import BadInput
from licet.guard.disguise.ways import WAYS
from licet.guard.pattern import parse_pattern
from licet.guard.recognise import CHECKS
from licet.guard.rule import (
    ACTIONS,
    ID_CHARACTERS_MAX,
    LITERAL_CHARACTERS_MAX,
    LITERALS_MAX,
    NOTE_CHARACTERS_MAX,
    PATTERNS_MAX,
    ROLES,
    WORDS,
    Action,
    Bounds,
    Rule,
    RuleRole,
    Word,
)

_OWN_CATEGORY: Final = re.compile(r"[^\W\d][\w.:/-]{0,63}")
_REQUIRED: Final = ("id", "category", "action", "author", "reason")
_KEYS: Final = (
    *_REQUIRED, "literal", "pattern", "word", "expires", "validate", "requires", "allow",
    "within_characters", "role", "also",
)  # fmt: skip
_PLAIN_KEYS: Final = frozenset((*_REQUIRED, "literal"))
NEAR_MAX: Final = 1_000
"""Texts of `requires`, and of `allow`, in one rule."""
_ID: Final = re.compile(rf"[\w][\w.:/@+-]{{0,{ID_CHARACTERS_MAX - 1}}}")


class Check:
    """Turns tables into rules, remembering the ids and counting the literals of one file."""

    def __init__(self, source: TomlSource, categories: frozenset[str], bounds: Bounds) -> None:
        self._source = source
        self._categories = categories
        self._ids: dict[str, int] = {}
        self._bounds = bounds
        self._literals = 0
        self._patterns = 0
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
        rule = Rule(
            identity,
            category,
            cast(Action, action),
            self._literal(table["literal"]) if "literal" in table else (),
            self._note("author", table["author"], "who answers for it"),
            self._note("reason", table["reason"], "why it is there"),
            cast(Word, word),
            self._expires(table["expires"]) if "expires" in table else None,
        )
        if table.keys() <= _PLAIN_KEYS and rule.literal:
            return rule
        return self._more(rule, table)

    def _more(self, rule: Rule, table: dict[str, Any]) -> Rule:
        """What only some rules have: patterns, conditions, a role."""
        if "literal" not in table and "pattern" not in table:
            self._refuse(
                "",
                "this rule has neither `literal` nor `pattern`.",
                "Write literal = [\"some text\"], or pattern = ['\\d{3}-\\d{4}'], or both.",
            )
        role = table.get("role", "any")
        if role not in ROLES:
            self._refuse_choice("role", role, ROLES)
        check = table.get("validate")
        if "validate" in table:
            if check not in CHECKS:
                self._refuse_choice("validate", check, CHECKS)
            if "pattern" not in table:
                self._refuse(
                    "validate",
                    "`validate` checks what a pattern has matched, and this rule has none.",
                    "Write a pattern, or remove `validate`.",
                )
        requires, allow = self._near("requires", table), self._near("allow", table)
        within = self._within(table, bool(requires or allow))
        pattern = self._pattern(table["pattern"]) if "pattern" in table else ()
        return replace(
            rule, pattern=pattern, validate=check, requires=requires, allow=allow,
            within_characters=within, role=cast(RuleRole, role), also=self._also(table),
        )  # fmt: skip

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
                f"`id` {shown(value)} is not an id.",
                f'Write id = "name-1": 1 to {ID_CHARACTERS_MAX} letters, digits and . _ : / @ + -,'
                " beginning with a letter or digit, no spaces.",
            )
        if (first := self._ids.setdefault(value, self._index)) != self._index:
            line = self._source.line_of(("rule", first, "id"))
            self._refuse(
                "id",
                f"`id` {shown(value)} is used already, on line {line}.",
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
            if not literal.isalnum() and not has_substance(literal):
                self._refuse(
                    "literal",
                    f"text {number} of `literal` has no letter, digit or symbol.",
                    "White space, punctuation and marks alone would match almost any text.",
                )
        return tuple(value)

    def _pattern(self, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
            self._refuse(
                "pattern",
                "`pattern` is not a list of texts.",
                "Write pattern = ['\\d{3}-\\d{4}'], in single quotes: there \\ is itself.",
            )
        self._patterns += len(value)
        if self._patterns > PATTERNS_MAX:
            self._refuse(
                "pattern",
                f"the file holds more than {PATTERNS_MAX:,} patterns.",
                "Write what has no variants as `literal`: those cost nothing each.",
            )
        for number, pattern in enumerate(value, start=1):
            try:
                parse_pattern(pattern, self._bounds.pattern_characters_max)
            except BadInput as fault:
                self._refuse(
                    "pattern",
                    f"text {number} of `pattern`, {shown(pattern)}: {fault.message}",
                    fault.hint,
                )
        return tuple(value)

    def _also(self, table: dict[str, Any]) -> tuple[str, ...] | None:
        if "also" not in table:
            return None
        value = table["also"]
        if not isinstance(value, list):
            self._refuse(
                "also", "`also` is not a list of texts.",
                f'Write also = ["leet"], or also = [] for none. Known: {", ".join(WAYS)}.',
            )  # fmt: skip
        for way in value:
            if way not in WAYS:
                self._refuse_choice("also", way, WAYS)
        if "literal" not in table:
            self._refuse(
                "also", "`also` is for literals, and this rule has none.",
                "Write a literal, or remove `also`: a pattern says itself what it matches.",
            )  # fmt: skip
        return tuple(dict.fromkeys(value))

    def _near(self, key: str, table: dict[str, Any]) -> tuple[str, ...]:
        """Texts of `requires` or `allow`."""
        value = table.get(key)
        if value is None:
            return ()
        good = isinstance(value, list) and 0 < len(value) <= NEAR_MAX
        for number, text in enumerate(value if good else [None], start=1):
            if not isinstance(text, str) or not any(map(str.isalnum, text)):
                self._refuse(
                    key,
                    f"text {number} of `{key}` has no letter or digit."
                    if good
                    else f"`{key}` is not a list of 1 to {NEAR_MAX:,} texts.",
                    f'Write {key} = ["first text", "second text"].',
                )
            if len(text) > min(LITERAL_CHARACTERS_MAX, self._bounds.within_characters_max):
                self._refuse(
                    key,
                    f"text {number} of `{key}` has {len(text):,} characters.",
                    "So far from a match nothing is looked for: write a shorter one.",
                )
        return tuple(value)

    def _within(self, table: dict[str, Any], is_conditional: bool) -> int:
        key, bound = "within_characters", self._bounds.within_characters_max
        value = table.get(key)
        if not is_conditional:
            if key in table:
                self._refuse(
                    key,
                    f"`{key}` is for `requires` and `allow`; there is neither.",
                    "Write one of them, or remove it.",
                )
            return 0
        if type(value) is not int or not 0 < value <= bound:
            self._refuse(
                key,
                f"`{key}` is not a whole number from 1 to {bound:,}.",
                f"Write how near the texts must stand, as in {key} = 40: so much is held behind a"
                " match that halts.",
            )
        return value

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
            f"Every rule has {', '.join(_REQUIRED)}, and literal or pattern.",
        )

    def _refuse_choice(self, key: str, value: object, choices: Iterable[str]) -> NoReturn:
        choices = list(choices)
        guess = difflib.get_close_matches(value, choices, 1) if isinstance(value, str) else []
        hint = f"Did you mean {shown(guess[0])}? " if guess else ""
        self._refuse(
            key,
            f"`{key}` {shown(value)} is not known.",
            f"{hint}Write one of: {', '.join(choices)}.",
        )

    def _refuse(self, key: str, cause: str, hint: str) -> NoReturn:
        path: Path = ("rule", self._index, key) if key else ("rule", self._index)
        raise self._source.fault(path, cause, hint)


_KEY_SET: Final = frozenset(_KEYS)
_REQUIRED_SET: Final = frozenset(_REQUIRED)


def has_substance(text: str) -> bool:
    """Whether any character is a letter, a digit or a symbol (Unicode L*, N*, S*)."""
    return any(unicodedata.category(character)[0] in "LNS" for character in text)


def shown(value: object) -> str:
    """A value as a reader recognises it, cut so that a message stays a line."""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
