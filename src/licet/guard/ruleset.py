"""Rules as people write them: TOML in, frozen values out, and back.

A rule is a promise with a name under it: what is stopped, by whom and why. The operator of a
service answers for its own rules, so a file that is not wholly right is refused as a whole, with
the line and the cause, before any text is judged by it.

It refuses to know files, matching and what the law says of a category.

Rules
1. All or nothing: one fault refuses the file; no rule of it is used.
2. `parse_rules(render_rules(rules))` gives the same rules.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from licet.base.tomlsource import TomlSource
from licet.base.trouble import BadInput
from licet.guard.rule import ACTIONS, CATEGORIES, WORDS, Action, Bounds, Rule, RuleRole, Word
from licet.guard.rulecheck import Check, shown
from licet.guard.ruletables import read_tables

__all__ = [
    "ACTIONS", "CATEGORIES", "WORDS", "Action", "Bounds", "Rule", "RuleRole", "Word", "in_force",
    "join_rules", "parse_rules", "render_rules",
]  # fmt: skip


def parse_rules(
    text: str, name: str, categories: Collection[str] = CATEGORIES, bounds: Bounds | None = None
) -> tuple[Rule, ...]:
    """The rules of one file, in its order. Raises BadInput with `name`, line, cause and remedy.

    `bounds`: what the pack allows; without, what any pack may allow.
    """
    source = TomlSource(name, text.removeprefix("\ufeff"))
    tables = read_tables(source)
    check = Check(source, frozenset(categories), bounds or Bounds())
    return tuple([check.rule(index, table) for index, table in enumerate(tables)])


def join_rules(
    files: Iterable[tuple[str, Sequence[Rule]]], sources: Mapping[str, TomlSource] | None = None
) -> tuple[Rule, ...]:
    """The rules of several files, by name, as one set. Raises BadInput where two share an id.

    `sources`: by name, what was read there, for a refusal that tells people's names and lines.
    """
    owners: dict[str, tuple[str, int]] = {}
    joined: list[Rule] = []
    for name, rules in files:
        for index, rule in enumerate(rules):
            owner, first = owners.setdefault(rule.id, (name, index))
            if owner != name:
                raise BadInput(
                    f"{_place(name, index, sources)}: `id` {shown(rule.id)} is used already, in "
                    f"{_place(owner, first, sources)}.",
                    hint="Whoever is halted quotes the id: give every rule one of its own.",
                )
        joined.extend(rules)
    return tuple(joined)


def _place(name: str, index: int, sources: Mapping[str, TomlSource] | None) -> str:
    """Where the id of a rule stands: file and line, where that is known."""
    source = None if sources is None else sources.get(name)
    if source is None:
        return name
    return f"{source.name}, line {source.line_of(('rule', index, 'id'))}"


def in_force(rules: Iterable[Rule], today: date) -> tuple[Rule, ...]:
    """The rules that have not expired; `today` is the date where the service is answered for."""
    return tuple(rule for rule in rules if rule.expires is None or today <= rule.expires)


def render_rules(rules: Iterable[Rule]) -> str:
    """The TOML text that `parse_rules` reads back to the same rules."""
    return "\n".join([_render(rule) for rule in rules])


def _render(rule: Rule) -> str:
    lines = ["[[rule]]", f"id = {_quoted(rule.id)}", f"category = {_quoted(rule.category)}"]
    lines.append(f"action = {_quoted(rule.action)}")
    for key, texts in (
        ("literal", rule.literal), ("pattern", rule.pattern), ("requires", rule.requires),
        ("allow", rule.allow),
    ):  # fmt: skip
        if texts:
            lines.append(f"{key} = [{', '.join(map(_quoted, texts))}]")
    lines.append(f"author = {_quoted(rule.author)}")
    lines.append(f"reason = {_quoted(rule.reason)}")
    if rule.word != "auto":
        lines.append(f"word = {_quoted(rule.word)}")
    if rule.validate is not None:
        lines.append(f"validate = {_quoted(rule.validate)}")
    if rule.within_characters:
        lines.append(f"within_characters = {rule.within_characters}")
    if rule.role != "any":
        lines.append(f"role = {_quoted(rule.role)}")
    if rule.also is not None:
        lines.append(f"also = [{', '.join(map(_quoted, rule.also))}]")
    if rule.expires is not None:
        lines.append(f"expires = {rule.expires.isoformat()}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string, but for U+007F, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
