"""Pairs out of other tools' files: Inspect `EvalLog` (.eval, .json), garak `report.jsonl`,
Moonshot result JSON. Their scores are left where they are: we score anew.

It refuses to run those tools or to need them.

Rules
1. The first answer to a question counts; how many more there were is told.
2. A file is read within limits, compressed ones too.
3. A file that is none of these is refused by what it lacks, not guessed at.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from licet.base.trouble import BadInput, TooMuch

FILE_BYTES_MAX = 512 << 20
SAMPLE_BYTES_MAX = 16 << 20
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LETTER = re.compile(r"[^\W\d_]")
_HAN_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Found:
    """A question and its answer in another tool's file; `stopped`: a filter stopped it."""

    prompt: str
    reply: str
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file holds: its kind, the pairs, and how many further answers were left out."""

    kind: str
    pairs: tuple[Found, ...]
    repeated: int


def import_pairs(name: str, data: bytes) -> Imported:
    """The pairs in a file of another tool. Raises BadInput for any other file, TooMuch for one
    beyond the limits."""
    if len(data) > FILE_BYTES_MAX:
        raise TooMuch(f"{name} is larger than {FILE_BYTES_MAX} bytes.")
    if data[:4] == b"PK\x03\x04":
        return _first("Inspect", _inspect_zip(name, data))
    first = data.lstrip()[:1]
    if name.endswith(".jsonl"):
        return _first("garak", _garak(name, data))
    if first == b"{":
        document = _decode(name, data)
        if isinstance(document.get("samples"), list):
            return _first("Inspect", map(_inspect_sample, document["samples"]))
        if isinstance(document.get("results"), dict):
            return _first("Moonshot", _moonshot(document["results"]))
    raise BadInput(
        f"{name} is no file that we can read pairs from.",
        hint="Give a journal, lines of captured pairs, an Inspect log, garak's report.jsonl or "
        "Moonshot's result file.",
    )


def is_garak(line: bytes) -> bool:
    """Whether a line is the first of garak's report.jsonl."""
    return b'"entry_type"' in line[:4096]


def language(text: str) -> str:
    """`zh` where at least a fifth of the letters are Han characters, else `en`."""
    letters = len(_LETTER.findall(text))
    return "zh" if len(_HAN.findall(text)) > letters * _HAN_SHARE else "en"


def _first(kind: str, found: Iterable[Found | None]) -> Imported:
    kept: dict[str, Found] = {}
    repeated = 0
    for one in found:
        if one is None or not one.prompt.strip():
            continue
        if one.prompt in kept:
            repeated += 1
        else:
            kept[one.prompt] = one
    return Imported(kind, tuple(kept.values()), repeated)


def _decode(name: str, data: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(
            f"{name} is not JSON: {error}.", hint="Was it written to its end?"
        ) from None


def _inspect_zip(name: str, data: bytes) -> Iterator[Found | None]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in sorted(archive.infolist(), key=lambda one: one.filename):
                if not re.fullmatch(r"samples/[^/]+\.json", entry.filename):
                    continue
                with archive.open(entry) as file:
                    sample = file.read(SAMPLE_BYTES_MAX + 1)
                if len(sample) > SAMPLE_BYTES_MAX:
                    raise TooMuch(f"{name}: {entry.filename} is too large.")
                yield _inspect_sample(_decode(f"{name}: {entry.filename}", sample))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        hint = "Write it as JSON: inspect log convert --to json."
        raise BadInput(f"{name} cannot be unpacked: {error}.", hint=hint) from None


def _inspect_sample(sample: Any) -> Found | None:
    """One sample of Inspect's EvalLog: `input`, and the first choice of `output`."""
    if not isinstance(sample, dict):
        return None
    given = sample.get("input")
    if isinstance(given, list):
        users = [m for m in given if isinstance(m, dict) and m.get("role") == "user"]
        given = _content(users[-1].get("content")) if users else ""
    output = sample.get("output")
    choices = output.get("choices") if isinstance(output, dict) else None
    if not isinstance(given, str) or not isinstance(choices, list) or not choices:
        return None
    choice = choices[0] if isinstance(choices[0], dict) else {}
    message = choice.get("message")
    reply = _content(message.get("content")) if isinstance(message, dict) else ""
    return Found(given, reply, choice.get("stop_reason") == "content_filter")


def _content(value: Any) -> str:
    """A message's text, whether it is a string or a list of parts."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return ""
    return "".join(
        part["text"]
        for part in value
        if isinstance(part, dict) and isinstance(part.get("text"), str)
    )


def _garak(name: str, data: bytes) -> Iterator[Found | None]:
    """garak's attempts that are complete (`status` 2), whose prompt is a string or turns."""
    seen = False
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        entry = _decode(f"{name}, line {number}", line)
        seen = seen or "entry_type" in entry
        if entry.get("entry_type") != "attempt" or entry.get("status") != 2:
            continue
        outputs = entry.get("outputs")
        for output in outputs if isinstance(outputs, list) else ():
            reply = output.get("text") if isinstance(output, dict) else output
            yield Found(
                _garak_prompt(entry.get("prompt")), reply if isinstance(reply, str) else ""
            )
    if not seen:
        raise BadInput(f"{name} is no report of garak.", hint="It has no entry_type.")


def _garak_prompt(prompt: Any) -> str:
    if isinstance(prompt, str):
        return prompt
    turns = prompt.get("turns") if isinstance(prompt, dict) else None
    for turn in reversed(turns if isinstance(turns, list) else []):
        if isinstance(turn, dict) and turn.get("role") == "user":
            content = turn.get("content")
            return str(content.get("text") or "") if isinstance(content, dict) else str(content)
    return ""


def _moonshot(results: Any) -> Iterator[Found | None]:
    """Every `prompt` with its `predicted_result`, wherever Moonshot nests them."""
    waiting: list[Any] = [results]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(reversed(value))
        elif isinstance(value, dict):
            prompt, reply = value.get("prompt"), value.get("predicted_result")
            if isinstance(reply, dict):
                reply = reply.get("response")
            if isinstance(prompt, str) and isinstance(reply, str):
                yield Found(prompt, reply)
            else:
                waiting.extend(reversed(list(value.values())))
