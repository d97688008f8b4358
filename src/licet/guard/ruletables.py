"""The tables of a rule file, read: TOML in, plain values out.

It refuses to know what a rule is. The quick reader takes only the plainest TOML and hands
everything else to `tomllib`; what both accept means the same
(`test_the_quick_reader_agrees_with_tomllib`).
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

from licet.base.tomlsource import TomlSource


def read_tables(source: TomlSource) -> list[dict[str, Any]]:
    """The [[rule]] tables of a file. Raises BadInput with the line of what is not that."""
    tables = read_plain(source.text)
    return read_toml(source) if tables is None else tables


_TEXT: Final = r"(?:\"[^\"\\\x00-\x1f\x7f]*+\"|'[^'\x00-\x08\x0a-\x1f\x7f]*+')"
_SPACE: Final = r"[ \t\n]*+"
_LINE: Final = re.compile(
    r"[ \t]*+(?:"
    r"(?P<key>[A-Za-z_]++)[ \t]*+=[ \t]*+(?:"
    rf"(?P<text>{_TEXT})"
    rf"|\[{_SPACE}(?P<list>(?:{_TEXT}{_SPACE}(?:,{_SPACE}{_TEXT}{_SPACE})*+,?+)?+){_SPACE}\]"
    r"|(?P<date>\d{4}-\d\d-\d\d)"
    r"|(?P<number>[1-9]\d{0,8}+)"
    r")|(?P<rule>\[\[rule\]\])"
    r")?+[ \t]*+(?:\#[^\x00-\x08\x0a-\x1f\x7f]*+)?+(?:\n|\Z)",
    re.ASCII,
)
_ITEM: Final = re.compile(_TEXT)


def read_plain(text: str) -> list[dict[str, Any]] | None:
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
        key, value, items, day, count, header = line.groups()
        if header:
            table = {}
            tables.append(table)
        elif key:
            if table is None or key in table:
                return None
            if value is not None:
                table[key] = value[1:-1]
            elif items is not None:
                table[key] = [item[1:-1] for item in _ITEM.findall(items)]
            elif count is not None:
                table[key] = int(count)
            else:
                try:
                    table[key] = date.fromisoformat(day)
                except ValueError:
                    return None
    return tables if at == len(text) else None


def read_toml(source: TomlSource) -> list[dict[str, Any]]:
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
