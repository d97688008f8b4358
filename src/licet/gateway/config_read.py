"""From TOML tables to frozen values, by the types that the values declare.

A dataclass says what may stand in a table: its fields are the keys, their types and checks what
fits, a field without default must be there. The reader adds nothing of its own, so that the
values, the manual and the refusals cannot part ways.

It refuses to know any setting.

Rules
1. Strict: a key that nothing reads is refused, for a misspelt setting is a setting not obeyed.
2. A refusal names file, line, cause and what to write instead, and never repeats the value: it
   may be a key that somebody pasted into the wrong place.
3. Paths are relative to the file that names them.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn, Protocol, TypeVar, Union, cast

from licet.base.tomlsource import Path as Place
from licet.base.tomlsource import TomlSource

T = TypeVar("T")

_SECRET = re.compile(r"(?i)key|token|secret|password|credential")


class Unfit(Exception):
    """A value that a check refuses: the cause ends a sentence that begins with the key."""

    def __init__(self, cause: str, hint: str) -> None:
        super().__init__(cause)
        self.cause, self.hint = cause, hint


class Check(Protocol):
    """What a value must also be. Gives the value to keep, or raises Unfit."""

    def __call__(self, value: Any, folder: Path) -> Any: ...


@dataclass(frozen=True, slots=True)
class Between:
    """A number from `low` to `high`, both included."""

    low: float
    high: float

    def __call__(self, value: float, folder: Path) -> float:
        if not self.low <= value <= self.high:
            raise Unfit(
                f"is not between {self.low:,} and {self.high:,}", "Write a number between."
            )
        return value


@dataclass(frozen=True, slots=True)
class Matching:
    """A text of a certain form; `example` shows one."""

    pattern: str
    example: str

    def __call__(self, value: str, folder: Path) -> str:
        if not re.fullmatch(self.pattern, value):
            raise Unfit("does not have the right form", f"For example: {self.example}")
        return value


@dataclass(frozen=True, slots=True)
class StoreAt:
    """The URL of a store, of one of these beginnings; `sqlite:` paths are made absolute."""

    starts: tuple[str, ...]

    def __call__(self, value: str, folder: Path) -> str:
        if not value.startswith(self.starts):
            raise Unfit(
                "does not name a store that can be used",
                f"Begin it with one of: {', '.join(self.starts)}.",
            )
        if value.startswith("sqlite:"):
            return f"sqlite:{folder / value.removeprefix('sqlite:')}"
        return value


class TableReader:
    """Reads the tables of one source; relative paths are taken from `folder`."""

    def __init__(self, source: TomlSource, folder: Path) -> None:
        self._source = source
        self._folder = folder

    def read(self, kind: type[T], table: dict[str, Any], place: Place = ()) -> T:
        """The value of `kind` (a dataclass) that `table` spells. Raises BadInput."""
        fields = {field.name: field for field in dataclasses.fields(cast(Any, kind))}
        hints = typing.get_type_hints(kind, include_extras=True)
        for key in table:
            if key not in fields:
                self._refuse_key(key, tuple(fields), place)
        values = {}
        for name, field in fields.items():
            if name in table:
                values[name] = self._value(hints[name], table[name], (*place, name))
            elif (
                field.default is dataclasses.MISSING
                and field.default_factory is dataclasses.MISSING
            ):
                self._refuse_absence(name, hints[name], place)
        return kind(**values)

    def _value(self, hint: Any, value: Any, place: Place) -> Any:
        origin, inner = typing.get_origin(hint), typing.get_args(hint)
        if origin is typing.Annotated:
            value = self._value(inner[0], value, place)
            for check in inner[1:]:
                value = self._checked(check, value, place)
            return value
        if origin in (Union, types.UnionType):  # only ever `X | None`, and TOML has no None
            return self._value(inner[0], value, place)
        if origin is Literal:
            if value not in inner:
                choices = ", ".join(f'"{choice}"' for choice in inner)
                self.refuse(place, "is not one of the choices", f"Write one of: {choices}.")
            return value
        if origin is tuple:
            return self._list(inner[0], value, place)
        if origin is Mapping:
            if not isinstance(value, dict):
                self._refuse_kind(place, "a table")
            read = {key: self._value(inner[1], item, (*place, key)) for key, item in value.items()}
            return types.MappingProxyType(read)
        if dataclasses.is_dataclass(hint):
            if not isinstance(value, dict):
                self._refuse_kind(place, "a table")
            return self.read(cast(type[Any], hint), value, place)
        return self._plain(hint, value, place)

    def _list(self, hint: Any, value: Any, place: Place) -> tuple[Any, ...]:
        if not isinstance(value, list):
            of_tables = dataclasses.is_dataclass(hint)
            self._refuse_kind(place, "a list of tables [[…]]" if of_tables else "a list")
        if dataclasses.is_dataclass(hint):
            return tuple([self._value(hint, item, (*place, n)) for n, item in enumerate(value)])
        return tuple([self._value(hint, item, place) for item in value])

    def _plain(self, hint: type[Any], value: Any, place: Place) -> Any:
        if hint is Path:
            if not isinstance(value, str) or not value:
                self._refuse_kind(place, "a path in quotes")
            return self._folder / value
        if hint is float and type(value) is int:
            return float(value)
        if type(value) is not hint:
            names = {str: "a text in quotes", int: "a whole number", float: "a number"}
            self._refuse_kind(place, names.get(hint, "true or false"))
        return value

    def _checked(self, check: Check, value: Any, place: Place) -> Any:
        try:
            return check(value, self._folder)
        except Unfit as unfit:
            self.refuse(place, unfit.cause, unfit.hint)

    def refuse(self, place: Place, cause: str, hint: str) -> NoReturn:
        """Raises BadInput for the setting at `place`."""
        raise self._source.fault(place, f"`{render_place(place)}` {cause}.", hint)

    def _refuse_kind(self, place: Place, wanted: str) -> NoReturn:
        self.refuse(place, f"is not {wanted}", f"Write {wanted}.")

    def _refuse_key(self, key: str, known: tuple[str, ...], place: Place) -> NoReturn:
        guess = difflib.get_close_matches(key, known, 1)
        if "key_env" in known and _SECRET.search(key):
            hint = "Keys stay out of this file: name an environment variable by key_env."
        elif guess:
            hint = f"Did you mean `{guess[0]}`?"
        else:
            hint = f"What can stand here: {', '.join(known)}."
        self.refuse((*place, key), "is not a setting", hint)

    def _refuse_absence(self, name: str, hint: Any, place: Place) -> NoReturn:
        choices = typing.get_args(hint) if typing.get_origin(hint) is Literal else ()
        written = " or ".join(f'"{choice}"' for choice in choices)
        self.refuse(
            (*place, name),
            "is required and is not there",
            f"It has no default, for the choice is yours: write {written}."
            if written
            else "docs/configuration.md says what to write.",
        )


def render_place(place: Place) -> str:
    """A place as a reader says it: `upstream[2].url`, counting from 1 as people do."""
    out = ""
    for part in place:
        out += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if out else part
    return out
