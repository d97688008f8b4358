"""Texts as lines of JSON, judged: bytes in, bytes out.

    in     {"id": "a", "text": "…", "role": "reply", "context": "…"}
    out    {"id": "a", "action": "pass", "score": 0.02, "categories": {…}, "findings": […]}
    or     {"id": "a", "error": {"code": "bad_input", "message": "…", "line": 7}}

It refuses to know files, processes and who asked.

Rules
1. Every line that is not blank has one line of answer, in the same order.
2. A line that cannot be used is answered by an error in its place, and the next one is judged.
3. What is kept of a line is bounded, whatever comes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from licet.cli.check_explain import reasons_as_object
from licet.gateway.dialects import json_strict
from licet.gateway.dialects.unreadable import Unreadable
from licet.guard.explaining import explain
from licet.guard.guarding import AUDIENCE, Guard
from licet.guard.verdict import Action, Verdict

Role = Literal["prompt", "reply", "comment"]
LINE_BYTES_MAX = 8 << 20
SHOWN_CHARACTERS_MAX = 40
_BOM = b"\xef\xbb\xbf"


class Asked(msgspec.Struct, frozen=True):
    """One line of input. Members that we do not know are passed over."""

    id: str | int
    text: str
    role: Role | None = None
    context: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """What a run of lines amounts to: the lines of answer, how many were halted, how many bad."""

    data: bytes
    halted: int = 0
    bad: int = 0


class Lines:
    """Cuts bytes into lines as they come. One that is too long ends at the limit and a byte."""

    def __init__(self, bytes_max: int = LINE_BYTES_MAX) -> None:
        self._keep = bytes_max + 1
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that end in `data`, without their ends."""
        *ended, rest = data.split(b"\n")
        lines = [self._take(part) for part in ended]
        self._hold(rest)
        return lines

    def finish(self) -> list[bytes]:
        """The last line, where nothing ended it."""
        return [self._take(b"")] if self._size else []

    def _take(self, part: bytes) -> bytes:
        if not self._size:
            return part[: self._keep]
        self._hold(part)
        line = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        return line

    def _hold(self, part: bytes) -> None:
        part = part[: self._keep - self._size]
        if part:
            self._parts.append(part)
            self._size += len(part)


class LineJudge:
    """Answers lines by one guard. `role` is that of a line which names none."""

    def __init__(
        self, guard: Guard, audience: str = AUDIENCE, role: Role = "prompt", *,
        explained: bool = False,
    ) -> None:  # fmt: skip
        self._guard = guard
        self._explained = explained
        self._audience = audience
        self._role: Role = role
        self._decode = msgspec.json.Decoder(Asked).decode
        self._encode = msgspec.json.Encoder().encode

    def answer(self, lines: Sequence[bytes], first: int) -> Answers:
        """The answers to `lines`, the first of which is line number `first` of the input."""
        out = []
        halted = bad = 0
        for number, line in enumerate(lines, first):
            if not line or line.isspace():
                continue
            try:
                asked = self._read(line, number)
                verdict, more = self._judge(asked)
                halted += verdict.action == "halt"
                answer = {"id": asked.id, **as_object(verdict), **more}
            except _Bad as fault:
                bad += 1
                answer = {"id": fault.id, "error": fault.as_object(number)}
            out.append(self._render(answer))
            out.append(b"\n")
        return Answers(b"".join(out), halted, bad)

    def _judge(self, asked: Asked) -> tuple[Verdict, dict[str, Any]]:
        """The verdict on a line's text, and what else its answer holds."""
        role, context = asked.role or self._role, asked.context or ""
        if not self._explained:
            verdict = self._guard.judge(
                asked.text, role, context, audience=self._audience, ranks=True
            )
            return verdict, {}
        reasons = explain(self._guard, asked.text, role, context, audience=self._audience)
        return reasons.verdict, {"explain": reasons_as_object(reasons, asked.text)}

    def action(self, line: bytes, number: int) -> tuple[str, Action]:
        """The id and what becomes of its text. Raises ValueError for a line that can't be used."""
        asked = self._read(line, number)
        role = asked.role or self._role
        verdict = self._guard.judge(
            asked.text, role, asked.context or "", audience=self._audience, ranks=True
        )
        return str(asked.id), verdict.action

    def _read(self, line: bytes, number: int) -> Asked:
        if number == 1:
            line = line.removeprefix(_BOM)
        if len(line) > LINE_BYTES_MAX:
            raise _Bad(None, "too_much", f"the line is longer than {LINE_BYTES_MAX} bytes")
        try:
            return self._decode(line)
        except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
            return _read_slowly(line)

    def _render(self, answer: dict[str, Any]) -> bytes:
        try:
            return self._encode(answer)
        except UnicodeEncodeError:  # an id that holds half a surrogate pair
            return json.dumps(answer).encode()


def as_object(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON holds it; scores to four places."""
    if not verdict.findings and not verdict.categories:
        return {"action": verdict.action, "score": round(verdict.score, 4),
                "categories": {}, "findings": []}  # fmt: skip
    return {
        "action": verdict.action,
        "score": round(verdict.score, 4),
        "categories": {name: round(score, 4) for name, score in verdict.categories.items()},
        "findings": [finding.as_object() for finding in verdict.findings],
    }


class _Bad(ValueError):
    """A line that cannot be used."""

    def __init__(self, line_id: str | int | None, code: str, message: str) -> None:
        super().__init__(message)
        self.id, self.code, self.message = line_id, code, message

    def as_object(self, number: int) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "line": number}


def _read_slowly(line: bytes) -> Asked:
    """The line where only half a surrogate pair stands against it, for models do split an emoji.

    Raises _Bad with the reason, and the id where that much could be read.
    """
    try:
        value = json_strict.load(line)
    except Unreadable as fault:
        raise _Bad(None, "bad_input", fault.message)
    if not isinstance(value, dict):
        wanted = "a line is an object with `id` and `text`"
        raise _Bad(None, "bad_input", f"{wanted}, and this one is {_named(value)}")
    for name, (wanted, fits) in _MEMBERS.items():
        held = value.get(name)
        if not fits(held):
            there = f"here it is {_named(held)}" if name in value else "this line has none"
            raise _Bad(_scalar(value), "bad_input", f"`{name}` is {wanted}, and {there}")
    return Asked(value["id"], value["text"], value.get("role"), value.get("context"))


def _is_id(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_role(value: Any) -> bool:
    return value is None or value in ("prompt", "reply", "comment")


def _is_text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


_MEMBERS: Mapping[str, tuple[str, Callable[[Any], bool]]] = MappingProxyType(
    {
        "id": ("a text or a whole number", _is_id),
        "text": ("a text", _is_text),
        "role": ("prompt, reply or comment", _is_role),
        "context": ("a text", _is_text_or_none),
    }
)
"""What a line may hold: in words, and whether a value is that."""


def _named(value: Any) -> str:
    """A value of JSON as people call it; of a text, its beginning."""
    if isinstance(value, str):
        return f"the text {json.dumps(value[:SHOWN_CHARACTERS_MAX], ensure_ascii=False)}"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, dict):
        return "an object"
    return (
        "a list" if isinstance(value, list) else f"the number {str(value)[:SHOWN_CHARACTERS_MAX]}"
    )


def _scalar(value: dict[str, Any]) -> str | int | None:
    found = value.get("id")
    return found if _is_id(found) else None
