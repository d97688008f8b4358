"""Pairs from whatever holds them: our journal, captured lines, other tools' files; and labels.

It refuses to know what pairs amount to.

Rules
1. The digest of a file is taken over the bytes that were read.
2. A journal is read with the banks that it was made from: an answer to an unknown question, or
   a bank that has changed since, is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from licet.assess.bank import Bank, Item
from licet.assess.captured import Label, Pair, places, read_pairs
from licet.assess.imports import FILE_BYTES_MAX, import_pairs, is_garak, language
from licet.assess.journal import read_journal
from licet.base.trouble import BadInput, NotFound

KINDS = {"journal": "our journal", "captured": "captured pairs"}


@dataclass(frozen=True, slots=True)
class Gathered:
    """Pairs, where they came from (`target`), the digest of the file (SHA-256, hex), and how many
    questions of the run stayed without an answer."""

    pairs: tuple[Pair, ...]
    target: Mapping[str, Any]
    sha256: str
    unanswered: int
    kind: str


def gather(path: Path, banks: Sequence[Bank], serves: tuple[str, ...] = ()) -> Gathered:
    """The pairs at `path`. `serves` is where a pair of another tool counts that stands in no bank.

    Raises NotFound, BadInput, Corrupt or TooMuch.
    """
    try:
        with path.open("rb") as file:
            first = file.readline(1 << 20)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise NotFound(f"there is no {path}.") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from None
    if first.startswith(b'{"journal"') or b'"journal":' in first[:4096]:
        return _from_journal(path, banks, digest)
    if path.suffix == ".jsonl" and not is_garak(first):
        with path.open("rb") as lines:
            pairs = tuple(read_pairs(lines, path.name, places(banks)))
        return Gathered(pairs, {"file": path.name}, digest, 0, KINDS["captured"])
    if path.stat().st_size > FILE_BYTES_MAX:
        raise BadInput(f"{path} is larger than {FILE_BYTES_MAX} bytes.", hint="Split it.")
    found = import_pairs(path.name, path.read_bytes())
    at = places(banks)
    pairs = tuple(
        _placed(one.prompt, one.reply, one.stopped, at, serves, path.name) for one in found.pairs
    )
    target = {"file": path.name, "tool": found.kind, "repeated": found.repeated}
    return Gathered(pairs, target, digest, 0, found.kind)


def add_labels(pairs: Iterable[Pair], path: Path) -> tuple[Pair, ...]:
    """The pairs with the labels in a file of lines, each `{"id", "by", "refused", "acceptable"}`.

    Raises BadInput for a label of an unknown pair, or of one that the same person has labelled.
    """
    by_id = {pair.id: pair for pair in pairs}
    decode = msgspec.json.Decoder(_LabelLine).decode
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            where = f"{path.name}, line {number}"
            if not line.strip():
                continue
            try:
                read = decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                hint = 'Write {"id": "…", "by": "…", "refused": true, "acceptable": true}.'
                raise BadInput(f"{where}: {error}.", hint=hint) from None
            pair = by_id.get(read.id)
            if pair is None:
                hint = "Labels bear the ids of the pairs that are scored with them."
                raise BadInput(f"{where}: there is no pair {read.id}.", hint=hint)
            if any(label.by == read.by for label in pair.labels):
                hint = "Keep the label that counts."
                raise BadInput(f"{where}: {read.by} labels {read.id} twice.", hint=hint)
            label = Label(read.by, read.refused, read.acceptable)
            by_id[read.id] = replace(pair, labels=(*pair.labels, label))
    return tuple(by_id.values())


class _LabelLine(msgspec.Struct, frozen=True):
    id: str
    by: str
    refused: bool | None = None
    acceptable: bool | None = None


def _from_journal(path: Path, banks: Sequence[Bank], digest: str) -> Gathered:
    head, answers = read_journal(path)
    known = {bank.id: bank.digest for bank in banks}
    for used in head.get("banks", ()):
        if known.get(used.get("id")) != used.get("sha256"):
            raise BadInput(
                f"{path.name} was made with another {used.get('id')}.",
                hint="Give the very bank that was asked with --bank.",
            )
    at = {item.id: (item, served) for item, served in places(banks).values()}
    pairs = []
    for answer in sorted(answers, key=lambda one: one.item):
        if answer.item not in at:
            raise BadInput(
                f"{path.name} answers {answer.item}, which no bank holds.",
                hint="Give the very bank that was asked with --bank.",
            )
        item, served = at[answer.item]
        pairs.append(_pair(item, served, answer.reply, answer.stopped))
    unanswered = max(0, int(head.get("items", 0)) - len(pairs))
    return Gathered(tuple(pairs), head.get("target", {}), digest, unanswered, KINDS["journal"])


def _placed(
    prompt: str, reply: str, stopped: bool, at: Mapping[str, tuple[Item, tuple[str, ...]]],
    serves: tuple[str, ...], name: str,
) -> Pair:  # fmt: skip
    if prompt in at:
        item, served = at[prompt]
        return _pair(item, served, reply, stopped)
    if not serves:
        raise BadInput(
            f"{name}: {prompt[:60]!r} stands in no bank.",
            hint="Say what such questions serve with --serves, or give their --bank.",
        )
    return _pair(Item(language(prompt), "", "", prompt), serves, reply, stopped)


def _pair(item: Item, serves: tuple[str, ...], reply: str, stopped: bool) -> Pair:
    return Pair(item.id, serves, item.heading, item.lang, item.text, reply, stopped)
