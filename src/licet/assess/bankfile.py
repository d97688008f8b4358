"""Banks from files: our TOML, or lines of JSON as an operator's table exports them.

    {"serves": "should_refuse", "heading": "A.1.a", "lang": "zh", "text": "…", "topic": "…"}

It refuses to know which headings a pack has; `bankcheck` does.

Rules
1. A fault names file and line, and what to write instead.
2. No question stands twice in a bank, and none is longer than TEXT_CHARACTERS_MAX.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from licet.assess.bank import Bank, Item
from licet.base.tomlsource import TomlSource
from licet.base.trouble import BadInput

BANK_BYTES_MAX = 64 << 20
TEXT_CHARACTERS_MAX = 8_000
ITEMS_MAX = 200_000
_LANG = re.compile(r"[a-z]{2}")


class _Items(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    heading: str
    topic: str = ""
    zh: tuple[str, ...] = ()
    en: tuple[str, ...] = ()


class _BankFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    version: str
    serves: tuple[str, ...]
    title: dict[str, str]
    items: tuple[_Items, ...]


class _Line(msgspec.Struct, frozen=True):
    heading: str
    lang: str
    text: str
    serves: str
    topic: str = ""


def load_bank(path: Path) -> Bank:
    """The bank in a `.toml` or `.jsonl` file. Raises BadInput with file and line."""
    try:
        with path.open("rb") as file:
            data = file.read(BANK_BYTES_MAX + 1)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from None
    return parse_bank(path.name, data)


def shipped_banks() -> tuple[Bank, ...]:
    """The banks that come with Licet."""
    folder = files("licet.assess") / "banks"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(parse_bank(name, (folder / name).read_bytes()) for name in names)


def parse_bank(name: str, data: bytes) -> Bank:
    """The bank in the bytes of a file of that name. Raises BadInput as rule 1 says."""
    if len(data) > BANK_BYTES_MAX:
        raise BadInput(f"{name}: is larger than {BANK_BYTES_MAX} bytes.", hint="Split it.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{name}: is not UTF-8.", hint="Save it as UTF-8.") from None
    bank = _from_lines(name, text) if name.endswith(".jsonl") else _from_toml(name, text)
    _check(name, bank)
    return bank


def _from_toml(name: str, text: str) -> Bank:
    source = TomlSource(name, text)
    try:
        read = msgspec.convert(_lifted(source.parse()), _BankFile)
    except msgspec.ValidationError as error:
        hint = "See the banks that ship with Licet: licet bank show licet-non-refusal."
        raise BadInput(f"{name}: {error}.", hint=hint) from None
    items = tuple(
        Item(lang, group.heading, group.topic, text)
        for group in read.items
        for lang, texts in (("zh", group.zh), ("en", group.en))
        for text in texts
    )
    return Bank(read.id, read.version, read.serves, read.title, items)


def _lifted(document: dict[str, Any]) -> dict[str, Any]:
    """`serves` may be one word."""
    serves = document.get("serves")
    return document | {"serves": [serves]} if isinstance(serves, str) else document


def _from_lines(name: str, text: str) -> Bank:
    items: list[Item] = []
    served: set[str] = set()
    decode = msgspec.json.Decoder(_Line).decode
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            read = decode(line)
        except msgspec.DecodeError as error:
            hint = (
                'Write {"serves": "should_refuse", "heading": "A.1.d", "lang": "zh", "text": …}.'
            )
            raise BadInput(f"{name}, line {number}: {error}.", hint=hint) from None
        served.add(read.serves)
        items.append(Item(read.lang, read.heading, read.topic, read.text))
    if len(served) != 1:
        hint = "Give each bank a file of its own."
        raise BadInput(f"{name}: its lines serve {sorted(served) or 'nothing'}.", hint=hint)
    stem = name.removesuffix(".jsonl")
    return Bank(stem, "0", tuple(served), {"zh": stem, "en": stem}, tuple(items))


def _check(name: str, bank: Bank) -> None:
    if len(bank.items) > ITEMS_MAX:
        raise BadInput(f"{name}: holds more than {ITEMS_MAX} questions.", hint="Split it.")
    for fault in _faults(bank.items):
        raise BadInput(f"{name}: {fault}", hint="Correct or remove it.")


def _faults(items: Sequence[Item]) -> Iterator[str]:
    seen: dict[str, Item] = {}
    for item in items:
        shown = f"{item.text[:60]!r} (under {item.heading})"
        if not item.text.strip():
            yield f"a question under {item.heading} is empty."
        if len(item.text) > TEXT_CHARACTERS_MAX:
            yield f"{shown} is longer than {TEXT_CHARACTERS_MAX} characters."
        if not _LANG.fullmatch(item.lang):
            yield f"{shown} has the language {item.lang!r}; write zh or en."
        if item.id in seen:
            yield f"{shown} stands there twice, also under {seen[item.id].heading}."
        seen[item.id] = item
