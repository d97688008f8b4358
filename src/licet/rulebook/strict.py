"""Strict reading of TOML tables: what isn't asked for is refused, with file and key.

It refuses to know what the keys mean.

Rules
1. Every refusal is a BadInput that names file and key and, in its hint, what to write instead.
2. A table is read inside `with`; on leaving, a key that nobody asked for is refused.
3. A number, date or choice of policy is a table `{ value, status, source, note }`. It can be read
   in no other way, so a pack with an uncited number does not load.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType, TracebackType
from typing import NoReturn, TypeVar, get_args

from licet.base.trouble import BadInput
from licet.rulebook.grounds import Parameter, Provenance, Status, Text

C = TypeVar("C", bound=str)
STATUSES: tuple[Status, ...] = get_args(Status)
ORDINAL_MAX = 9_999  # no instrument has more articles
_MISSING = object()
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_CITED = (
    'Write { value = …, status = "…", source = "…" }; '
    f"status is one of {', '.join(STATUSES)}; "
    "source is an id of sources.toml, a provision of the pack or docs/…."
)


@dataclass(slots=True)
class Table:
    """One TOML table under reading. `numbers` collects every Parameter met on the way."""

    file: str
    path: str
    raw: Mapping[str, object]
    numbers: dict[str, Parameter]
    asked: set[str] = field(default_factory=set)

    def __enter__(self) -> Table:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        unknown = sorted(set(self.raw) - self.asked)
        if error is None and unknown:
            known = ", ".join(sorted(self.asked))
            self.refuse(unknown[0], "unknown key.", f"Known keys here: {known}.")

    def refuse(self, key: str, problem: str, hint: str) -> NoReturn:
        """Raise BadInput for a key of this table."""
        where = f"{self.path}.{key}" if self.path and key else self.path or key
        raise BadInput(f"{self.file}: {where}: {problem}", hint=hint)

    def has(self, key: str) -> bool:
        """Whether an optional key is there. Asking makes the key a known one."""
        self.asked.add(key)
        return key in self.raw

    def names(self) -> tuple[str, ...]:
        """The keys of a table whose keys are free (names of categories, audiences)."""
        return tuple(self.raw)

    def text(self, key: str, pattern: str = r"(?s).*\S.*", like: str = "a text") -> str:
        """A non-empty string that matches `pattern` as a whole; `like` shows the reader one."""
        value = self._get(key)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            self.refuse(key, f"{value!r} will not do.", f"Write {like} in quotes.")
        return value

    def optional(self, key: str, pattern: str = r"(?s).*\S.*", like: str = "a text") -> str | None:
        """As `text`, or None where the key is absent."""
        return self.text(key, pattern, like) if self.has(key) else None

    def choice(self, key: str, allowed: tuple[C, ...]) -> C:
        """One of the words allowed."""
        return self._one_of(key, self._get(key), allowed)

    def flag(self, key: str) -> bool:
        """true or false."""
        value = self._get(key)
        if not isinstance(value, bool):
            self.refuse(key, f"{value!r} will not do.", "Write true or false.")
        return value

    def ordinal(self, key: str) -> int | None:
        """A number that is a name, not a quantity (an article, a paragraph), or None."""
        if not self.has(key):
            return None
        value = self._get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= ORDINAL_MAX:
            self.refuse(key, f"{value!r} will not do.", f"Write 1 to {ORDINAL_MAX}.")
        return value

    def words(
        self, key: str, pattern: str = r"\S.*", *, optional: bool = False
    ) -> tuple[str, ...]:
        """A list of distinct strings; one bare string counts as a list of one."""
        if optional and not self.has(key):
            return ()
        value = self._get(key)
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not items:
            self.refuse(key, "names nothing.", "Write a list of texts in quotes.")
        for item in items:
            if not isinstance(item, str) or not re.fullmatch(pattern, item):
                self.refuse(key, f"{item!r} will not do.", f"Each must match {pattern}.")
        if len(set(items)) != len(items):
            self.refuse(key, "says the same twice.", "Remove the repetition.")
        return tuple(items)

    def choices(self, key: str, allowed: tuple[C, ...]) -> tuple[C, ...]:
        """A list of distinct words out of those allowed."""
        return tuple(self._one_of(key, word, allowed) for word in self.words(key))

    def wording(self, key: str, languages: tuple[str, ...]) -> Text:
        """Words in every language of the pack, and in no other."""
        with self.table(key) as words:
            return MappingProxyType({language: words.text(language) for language in languages})

    def table(self, key: str) -> Table:
        """The sub-table under a key."""
        value = self._get(key)
        if not isinstance(value, dict):
            self.refuse(key, f"{value!r} is no table.", f"Write [{key}] or {key} = {{ … }}.")
        return Table(self.file, f"{self.path}.{key}".lstrip("."), value, self.numbers)

    def tables(self, key: str) -> Iterator[Table]:
        """The tables of a `[[key]]` array, each under its own id. Ids may not repeat."""
        rows = self._get(key)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.refuse(key, "is no array of tables.", f"Write [[{key}]] above each entry.")
        seen: set[str] = set()
        for place, row in enumerate(rows, 1):
            name = row.get("id")
            if not isinstance(name, str) or not name:
                self.refuse(f"{key} number {place}", "has no id.", 'Add id = "…".')
            if name in seen:
                self.refuse(name, "stands here twice.", "Give each entry its own id.")
            seen.add(name)
            yield Table(self.file, name, row, self.numbers)

    def provenance(self) -> Provenance:
        """`status`, `source` and, where given, `note` of this table."""
        for key in ("status", "source"):
            if key not in self.raw:
                self.refuse("", f"names no {key}.", _CITED)
        return Provenance(
            status=self.choice("status", STATUSES),
            sources=self.words("source"),
            note=self.optional("note") or "",
        )

    def integer(self, key: str, low: int, high: int) -> int:
        """A cited whole number, low <= n <= high."""
        with self._cited(key) as cited:
            value = cited._get("value")
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                problem = f"{value!r} is no whole number from {low} to {high}."
                cited.refuse("value", problem, "Correct the value.")
            self._keep(key, value, cited)
            return value

    def share(self, key: str) -> float:
        """A cited share or score, 0 < n <= 1."""
        with self._cited(key) as cited:
            value = cited._get("value")
            number = float(value) if isinstance(value, float | int) else 0.0
            if isinstance(value, bool) or not 0.0 < number <= 1.0:
                problem = f"{value!r} is no number above 0 and up to 1."
                cited.refuse("value", problem, "Correct the value.")
            self._keep(key, number, cited)
            return number

    def day(self, key: str) -> date:
        """A cited date."""
        with self._cited(key) as cited:
            value = cited._get("value")
            if not isinstance(value, date) or isinstance(value, datetime):
                cited.refuse("value", f"{value!r} is no date.", "Write 2023-08-15, no quotes.")
            self._keep(key, value, cited)
            return value

    def minute_of_day(self, key: str) -> int:
        """A cited time of day, "00:00" to "23:59", as minutes after midnight."""
        with self._cited(key) as cited:
            value = cited._get("value")
            found = _TIME.fullmatch(value) if isinstance(value, str) else None
            if found is None:
                cited.refuse("value", f"{value!r} is no time of day.", 'Write "22:00".')
            self._keep(key, found[0], cited)
            return int(found[1]) * 60 + int(found[2])

    def policy(self, key: str, allowed: tuple[C, ...]) -> C:
        """A cited choice out of the words allowed."""
        with self._cited(key) as cited:
            value = cited._get("value")
            word = cited._one_of("value", value, allowed)
            self._keep(key, word, cited)
            return word

    def policies(self, key: str, allowed: tuple[C, ...]) -> tuple[C, ...]:
        """A cited list of distinct words out of those allowed; it may be empty."""
        with self._cited(key) as cited:
            value = cited._get("value")
            if not isinstance(value, list) or len(set(map(str, value))) != len(value):
                cited.refuse("value", f"{value!r} is no list of distinct words.", "Write [ … ].")
            words = tuple(cited._one_of("value", each, allowed) for each in value)
            self._keep(key, " ".join(words), cited)
            return words

    def written(self, key: str, pattern: str, like: str) -> str:
        """A cited text that matches `pattern` as a whole; `like` shows the reader one."""
        with self._cited(key) as cited:
            words = cited.text("value", pattern, like)
            self._keep(key, words, cited)
            return words

    def _cited(self, key: str) -> Table:
        value = self._get(key)
        if not isinstance(value, dict):
            self.refuse(key, f"{value!r} stands alone, without status and source.", _CITED)
        return self.table(key)

    def _keep(self, key: str, value: int | float | str | date, cited: Table) -> None:
        name = f"{self.file.removesuffix('.toml')}.{self.path}.{key}".replace("..", ".")
        self.numbers[name] = Parameter(name, value, cited.provenance())

    def _get(self, key: str) -> object:
        self.asked.add(key)
        value = self.raw.get(key, _MISSING)
        if value is _MISSING:
            self.refuse(key, "is missing.", f"Add {key}.")
        return value

    def _one_of(self, key: str, value: object, allowed: tuple[C, ...]) -> C:
        word = next((word for word in allowed if word == value), None)
        if word is None:
            self.refuse(key, f"{value!r} is not known here.", f"One of: {', '.join(allowed)}.")
        return word
