"""What an operator declares of tests that were made elsewhere, or that do not apply.

    [training_data_by_human]
    sample = 4000
    good = 3950
    evidence = "labelling report of 2026-10-02, sha256 …"

    [training_data_by_machine]
    not_applicable = "The service calls a filed model and trains nothing."

It refuses to believe: what was declared is shown as declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from licet.base.tomlsource import TomlSource
from licet.base.trouble import BadInput
from licet.rulebook import Assessment
from licet.stats.share import Count


@dataclass(frozen=True, slots=True)
class Declared:
    """A count with its evidence, or the reason why there is none. `of_all`: how many there are
    in all, where a share of them must be sampled."""

    count: Count | None
    of_all: int | None
    evidence: str
    not_applicable: str


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sample: int | None = None
    good: int | None = None
    of_all: int | None = None
    evidence: str = ""
    not_applicable: str = ""


def parse_declared(name: str, text: str, asked: Assessment) -> Mapping[str, Declared]:
    """What is declared, by measure or bank. Raises BadInput with file and line."""
    source = TomlSource(name, text)
    found: dict[str, Declared] = {}
    for key, value in source.parse().items():
        if key not in asked.measures and key not in asked.banks:
            known = ", ".join((*asked.measures, *asked.banks))
            raise source.fault((key,), f"{key} is no clause of the pack.", f"One of: {known}.")
        try:
            row = msgspec.convert(value, _Row)
            found[key] = _declared(row)
        except (msgspec.ValidationError, BadInput) as error:
            hint = "Give sample, good and evidence, or not_applicable with the reason."
            raise source.fault((key,), f"{key}: {error}", hint) from None
    return found


def _declared(row: _Row) -> Declared:
    if row.not_applicable:
        if row.sample is not None or row.good is not None:
            raise BadInput("it applies or it does not.")
        return Declared(None, None, row.evidence, row.not_applicable)
    if row.sample is None or row.good is None or not row.evidence:
        raise BadInput("sample, good and evidence go together.")
    return Declared(Count(row.good, row.sample), row.of_all, row.evidence, "")
