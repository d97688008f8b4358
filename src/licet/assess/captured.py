"""Captured pairs: what was asked and what was answered, from our own journal or anybody's logs.

    {"prompt": "…", "reply": "…"}                                            what a line needs
    "serves": ["should_refuse"], "heading": "A.1.d", "lang": "zh"            where it counts
    "stopped": true                                                          the service stopped it
    "labels": [{"by": "a", "refused": true, "acceptable": true}]             what people said

It refuses to know who answered. A line without `serves` takes its place from the banks, by its
prompt.

Rules
1. A prompt counts once: the same question answered again is refused, not averaged.
2. A label is by somebody (a name or pseudonym); nobody labels a pair twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from licet.assess.bank import Bank, Item
from licet.base.trouble import BadInput

LINE_BYTES_MAX = 8 << 20
PAIRS_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Label:
    """What one person said of a pair; None where they did not say."""

    by: str
    refused: bool | None = None
    acceptable: bool | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """One question and its answer. `id` is that of the Item with this language and prompt."""

    id: str
    serves: tuple[str, ...]
    heading: str
    lang: str
    prompt: str
    reply: str
    stopped: bool
    labels: tuple[Label, ...] = ()


class _Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    by: str
    refused: bool | None = None
    acceptable: bool | None = None


class _Line(msgspec.Struct, frozen=True):
    prompt: str
    reply: str
    serves: str | tuple[str, ...] = ()
    heading: str = ""
    lang: str = ""
    stopped: bool = False
    labels: tuple[_Label, ...] = ()


def places(banks: Iterable[Bank]) -> dict[str, tuple[Item, tuple[str, ...]]]:
    """Where a question stands, by its text: the item, and every rule that it serves."""
    found: dict[str, tuple[Item, tuple[str, ...]]] = {}
    for bank in banks:
        for item in bank.items:
            _, served = found.get(item.text, (item, ()))
            found[item.text] = (item, tuple(dict.fromkeys((*served, *bank.serves))))
    return found


def read_pairs(
    lines: Iterable[bytes], name: str, at: Mapping[str, tuple[Item, tuple[str, ...]]]
) -> Iterator[Pair]:
    """The pairs in lines of JSON, in order. Raises BadInput with file and line."""
    decode = msgspec.json.Decoder(_Line).decode
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        if len(line) > LINE_BYTES_MAX:
            raise BadInput(f"{where}: is longer than {LINE_BYTES_MAX} bytes.", hint="Cut it.")
        try:
            pair = _pair(decode(line), at)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            hint = 'Write {"prompt": "…", "reply": "…", "serves": "should_refuse", …}.'
            raise BadInput(f"{where}: {error}.", hint=hint) from None
        except BadInput as fault:
            raise BadInput(f"{where}: {fault.message}", hint=fault.hint) from None
        if pair.id in seen:
            hint = "Keep one answer to each question: which of two counts is not ours to choose."
            raise BadInput(f"{where}: repeats the prompt of line {seen[pair.id]}.", hint=hint)
        seen[pair.id] = number
        if len(seen) > PAIRS_MAX:
            raise BadInput(f"{name}: holds more than {PAIRS_MAX} pairs.", hint="Draw a sample.")
        yield pair


def _pair(line: _Line, at: Mapping[str, tuple[Item, tuple[str, ...]]]) -> Pair:
    serves = (line.serves,) if isinstance(line.serves, str) else line.serves
    item, served = at.get(line.prompt, (None, ()))
    if not serves:
        serves = served
    if not serves:
        hint = 'Add "serves" (and "heading", "lang"), or give the --bank that it comes from.'
        raise BadInput(
            "its prompt stands in no bank, and it does not say what it serves.", hint=hint
        )
    lang = line.lang or (item.lang if item else "")
    heading = line.heading or (item.heading if item else "")
    if not lang:
        raise BadInput("it does not say its language.", hint='Add "lang": "zh" or "en".')
    people = [label.by for label in line.labels]
    if len(set(people)) != len(people):
        raise BadInput("one person labels it twice.", hint="Keep the label that counts.")
    labels = tuple(Label(one.by, one.refused, one.acceptable) for one in line.labels)
    own = Item(lang, heading, "", line.prompt)
    return Pair(own.id, serves, heading, lang, line.prompt, line.reply, line.stopped, labels)
