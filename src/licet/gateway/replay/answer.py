"""One answer of the replay upstream, as a value. It refuses to know files and dialects.

Rules
1. An answer's `text` is never empty; without offered tools an answer is its text alone.
2. The arguments of a tool call are the text of one JSON object, kept as written.
3. Unknown keys are refused: a misspelt `keyword` would be an answer that nobody can ask for.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from typing import Any, Literal

from licet.base.trouble import BadInput

Lang = Literal["en", "zh"]

_ID = re.compile(r"(en|zh)-[a-z0-9]+(-[a-z0-9]+)*")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEYS = frozenset(
    {"id", "lang", "title", "keywords", "unlawful", "reasoning", "preface", "text", "tool_call"}
)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function that the model asks for: its name and the text of a JSON object."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says: reasoning if asked for, tool calls if their tools are offered
    (after `preface`), else the text. `unlawful` marks the ones that a guard must halt."""

    id: str
    lang: Lang
    title: str
    keywords: tuple[str, ...]
    text: str
    unlawful: bool = False
    reasoning: str = ""
    preface: str = ""
    tool_calls: tuple[ToolCall, ...] = ()


def parse_answer(source: str, name: str) -> Answer:
    """The answer in the TOML text `source`. Raises BadInput: `name`, key and cure."""
    try:
        table = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{name}: {error}", hint="Write it as TOML; see its neighbours.") from None
    for key in table.keys() - _KEYS:
        raise BadInput(f"{name}: unknown key {key!r}", hint=f"Known keys: {sorted(_KEYS)}.")
    identity = _string(table, "id", name)
    lang = identity[:2]
    if not _ID.fullmatch(identity) or lang != table.get("lang"):
        raise BadInput(
            f"{name}: id {identity!r} does not fit lang {table.get('lang')!r}",
            hint="An id is the language and lower-case words joined by '-', as en-river-walk.",
        )
    keywords = table.get("keywords", [])
    if not isinstance(keywords, list) or not all(isinstance(k, str) and k for k in keywords):
        raise BadInput(f"{name}: keywords", hint="Give a list of words of the prompts it answers.")
    unlawful = table.get("unlawful")
    if not isinstance(unlawful, bool):
        raise BadInput(f"{name}: unlawful", hint="Say true or false.")
    return Answer(
        id=identity,
        lang="zh" if lang == "zh" else "en",
        title=_string(table, "title", name),
        keywords=tuple(keywords),
        text=_string(table, "text", name),
        unlawful=unlawful,
        reasoning=_string(table, "reasoning", name, required=False),
        preface=_string(table, "preface", name, required=False),
        tool_calls=tuple(_tool_call(call, name) for call in table.get("tool_call", [])),
    )


def _string(table: dict[str, Any], key: str, name: str, *, required: bool = True) -> str:
    value = table.get(key, "")
    if not isinstance(value, str) or (required and not value.strip()):
        raise BadInput(f"{name}: {key} must be text", hint=f"Write {key} = '''…'''.")
    return value.strip("\n")


def _tool_call(call: Any, name: str) -> ToolCall:
    if not isinstance(call, dict) or call.keys() != {"name", "arguments"}:
        raise BadInput(f"{name}: tool_call", hint="A [[tool_call]] has a name and arguments.")
    title, arguments = call["name"], _string(call, "arguments", name)
    if not isinstance(title, str) or not _NAME.fullmatch(title):
        raise BadInput(f"{name}: tool_call name {title!r}", hint="Letters, digits, _ and -.")
    try:
        fits = isinstance(json.loads(arguments), dict)
    except ValueError:
        fits = False
    if not fits:
        raise BadInput(f"{name}: arguments of {title}", hint="Write the text of a JSON object.")
    return ToolCall(title, arguments)
