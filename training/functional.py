"""Functional rows: our own templates with slots, opened into texts, the same texts each time.

It refuses to know features, weights and which part a row plays. The files are own/LANG_*.toml:

    [slots]                      # tables of words, for every set of the file
    G = ["bakers", "sailors"]

    [[set]]
    name = "en-example"          # unique over all files
    lang = "en"                  # en, zh
    role = "comment"             # prompt, reply, comment
    harmful = true
    category = "hate"            # of CATEGORIES; left out where harmful is false
    context = "What of {G}?"     # optional: the turn before
    templates = ["All {G} lie.", "{G} are worse than {G2}."]
    most = 120                   # rows at most; optional

Rules
1. {NAME} in capitals is a slot and has one value in a row, its context included. {NAME2} where
   only NAME is a table draws another value of that table. Other braces are text.
2. Rows are spread evenly over templates, and a template's over the words of its slots.
3. The order of draws comes from the seed, set and template alone: a new template or file moves
   no other template's rows.
4. A text stands once. That it is lawful in one set and harmful in another is an error.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from math import prod
from pathlib import Path

CATEGORIES = (
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
    "false_information",
)
OWN = Path(__file__).parent / "own"
MOST = 120
SEED = 7
HELD_PERCENT = 15
_SLOT = re.compile(r"\{([A-Z][A-Z0-9_]*)\}")
_FIELDS = {"name", "lang", "role", "harmful", "category", "context", "templates", "most"}
_Slots = Mapping[str, list[str]]


class UnfitSet(ValueError):
    """A set that cannot be opened; the message names file and set and says what to do."""


@dataclass(frozen=True, slots=True)
class Made:
    """One row. `held` says that its template measures and must not teach."""

    id: str
    set: str
    lang: str
    role: str
    text: str
    context: str | None
    harmful: bool
    category: str | None
    template: str
    held: bool


@dataclass(frozen=True, slots=True)
class _Set:
    name: str
    lang: str
    role: str
    harmful: bool
    templates: list[str]
    category: str | None = None
    context: str | None = None
    most: int = MOST


@cache
def ours() -> tuple[Made, ...]:
    """`rows()` of the templates that lie beside this file, opened once."""
    return tuple(rows())


@cache
def late() -> tuple[Made, ...]:
    """The rows of own/late: lawful texts that were written after the first passes over the others
    had taken their like for harm. They teach in the last pass only."""
    return tuple(rows(OWN / "late"))


@cache
def more() -> tuple[Made, ...]:
    """The rows of own/more, written for the pass after the last. All of them teach, so that what
    measures is the same before and after."""
    return tuple(rows(OWN / "more"))


@cache
def further() -> tuple[Made, ...]:
    """The rows of own/further: who is spoken of, requests, replies and longer texts in many more
    shapes. All of them teach, as those of own/more."""
    return tuple(rows(OWN / "further"))


@cache
def answers() -> tuple[Made, ...]:
    """The rows of own/answers: lawful answers that begin and run as complying ones do. They
    teach in the pass after the last, and more often than the others."""
    return tuple(rows(OWN / "answers"))


@cache
def literal() -> tuple[Made, ...]:
    """The rows of own/literal: prompts without slots, each with a subject and words of its own."""
    return tuple(rows(OWN / "literal"))


@cache
def apart() -> tuple[Made, ...]:
    """The rows of own/apart, in another voice. All of them measure and none teaches."""
    return tuple(rows(OWN / "apart"))


def rows(folder: Path = OWN, *, seed: int = SEED) -> list[Made]:
    """The rows of every file of `folder`, by file name and set.

    Raises UnfitSet for a file that is not TOML, an unknown field, slot, role, language or
    category, an empty set, a name used twice, and a text that is both lawful and harmful.
    """
    out: list[Made] = []
    seen: dict[tuple[str, str | None], Made] = {}
    names: set[str] = set()
    for path in sorted(folder.glob("*.toml")):
        for each, slots in _sets(path):
            where = f"{path.name}, set {each.name}"
            if each.name in names:
                raise UnfitSet(f"{where}: the name is taken; give each set its own")
            names.add(each.name)
            for row in _opened(each, slots, seed, where):
                key = (" ".join(row.text.casefold().split()), row.context)
                first = seen.setdefault(key, row)
                if first is row:
                    out.append(row)
                elif first.harmful != row.harmful:
                    raise UnfitSet(
                        f"{where}: {row.text!r} says the opposite in set {first.set}; keep one"
                    )
    return out


def _sets(path: Path) -> Iterator[tuple[_Set, _Slots]]:
    try:
        made = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise UnfitSet(f"{path.name}: not TOML: {error}") from error
    slots = made.get("slots", {})
    for name, values in slots.items():
        if not values or len(set(values)) < len(values):
            raise UnfitSet(f"{path.name}: slot {name} is empty or says a value twice; mend it")
    for number, raw in enumerate(made.get("set", ()), start=1):
        yield _set(raw, f"{path.name}, set {raw.get('name', number)}"), slots


def _set(raw: dict[str, object], where: str) -> _Set:
    if unknown := raw.keys() - _FIELDS:
        raise UnfitSet(f"{where}: unknown field {min(unknown)}; known are {sorted(_FIELDS)}")
    try:
        each = _Set(**raw)  # type: ignore[arg-type]
    except TypeError as error:
        raise UnfitSet(f"{where}: a field is missing: {error}") from error
    if each.lang not in ("en", "zh"):
        raise UnfitSet(f"{where}: lang {each.lang!r} is not en or zh")
    if each.role not in ("prompt", "reply", "comment"):
        raise UnfitSet(f"{where}: role {each.role!r} is not prompt, reply or comment")
    if each.harmful and each.category not in CATEGORIES:
        raise UnfitSet(f"{where}: category {each.category!r} is none of {', '.join(CATEGORIES)}")
    if not each.harmful and each.category is not None:
        raise UnfitSet(f"{where}: a lawful set has no category; leave it out")
    if not each.templates:
        raise UnfitSet(f"{where}: no templates; write some or remove the set")
    if twice := [text for text, count in Counter(each.templates).items() if count > 1]:
        raise UnfitSet(f"{where}: the template {twice[0]!r} stands twice; remove one")
    if each.most < len(each.templates):
        raise UnfitSet(f"{where}: {len(each.templates)} templates, most {each.most}; raise most")
    return each


def _opened(each: _Set, slots: _Slots, seed: int, where: str) -> Iterator[Made]:
    """Rounds over the templates, one text of each that has one left, until `most`."""
    waiting = [(text, _texts(text, each, slots, seed, where)) for text in each.templates]
    count = 0
    while waiting and count < each.most:
        left = []
        for template, texts in waiting:
            for text, context in islice(texts, 1):
                if count < each.most:
                    count += 1
                    yield Made(
                        id=f"{each.name}:{count}",
                        set=each.name,
                        lang=each.lang,
                        role=each.role,
                        text=text,
                        context=context,
                        harmful=each.harmful,
                        category=each.category,
                        template=template,
                        held=_number(template) % 100 < HELD_PERCENT,
                    )
                left.append((template, texts))
        waiting = left


def _texts(
    template: str, each: _Set, slots: _Slots, seed: int, where: str
) -> Iterator[tuple[str, str | None]]:
    """(text, context) of one template, each once, in the order that the seed gives."""
    both = f"{template}\n{each.context or ''}"
    names = list(dict.fromkeys(_SLOT.findall(both)))
    tables = [_table(name, slots, where) for name in names]
    seen: set[tuple[str, ...]] = set()
    orders: dict[str, list[str]] = {}
    # A slot of k words says all k before it says one again; 4 tries a text are plenty.
    for turn in range(4 * max(each.most, *map(len, tables), 1)):
        for name, table in zip(names, tables, strict=True):
            if turn % len(table) == 0:
                place = f"{each.name}\n{template}\n{name}\n{turn // len(table)}"
                orders[name] = _order(table, seed, place)
        values = tuple(orders[name][turn % len(orders[name])] for name in names)
        alike = len(set(values)) < len(values)
        if values not in seen and not alike:
            seen.add(values)
            said = dict(zip(names, values, strict=True))
            context = None if each.context is None else _filled(each.context, said)
            yield _filled(template, said), context
        if len(seen) == prod(map(len, tables)):
            return


def _table(name: str, slots: _Slots, where: str) -> list[str]:
    table = slots.get(name) or slots.get(name.rstrip("0123456789"))
    if table is None:
        raise UnfitSet(f"{where}: no slot {name}; add it to [slots] or mend the template")
    return table


def _order(table: list[str], seed: int, place: str) -> list[str]:
    return sorted(table, key=lambda value: _number(f"{seed}\n{place}\n{value}"))


def _filled(template: str, said: Mapping[str, str]) -> str:
    text = _SLOT.sub(lambda found: said[found[1]], template)
    # A group stands in lower case in its table, for most templates have it inside.
    return text[:1].upper() + text[1:] if template.startswith("{") else text


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def main() -> None:
    """Print how many rows and templates each language, category and role has, as Markdown."""
    parser = argparse.ArgumentParser(description="Count our own functional rows.")
    parser.add_argument("--folder", type=Path, default=OWN)
    try:
        made = rows(parser.parse_args().folder)
    except UnfitSet as error:
        sys.exit(f"functional: {error}")
    print("| language | category | prompt | reply | comment | rows | templates |")
    print("|---|---|---|---|---|---|---|")
    for lang in sorted({row.lang for row in made}):
        for category in (*CATEGORIES, "harmful", "lawful"):
            these = [row for row in made if row.lang == lang and _is(row, category)]
            by = Counter(row.role for row in these)
            templates = len({(row.set, row.template) for row in these})
            parts = " | ".join(str(by[role]) for role in ("prompt", "reply", "comment"))
            print(f"| {lang} | {category} | {parts} | {len(these)} | {templates} |")


def _is(row: Made, category: str) -> bool:
    return row.category == category or category == ("harmful" if row.harmful else "lawful")


if __name__ == "__main__":
    main()
