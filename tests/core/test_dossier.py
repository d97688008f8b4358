"""Dossiers of models: versions that do not change, who sees what, and what they describe."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.base.trouble import Corrupt
from licet.cases import dossier
from licet.cases.dossier import Closed, Node, Version
from licet.rulebook import load_pack

RULES = load_pack("cn-genai-2023").supervision.dossier
assert RULES
FORM = RULES.form
SECTIONS = list(FORM.sections)
SEALED = {
    "annotation_rules": Closed("a" * 64, 1200, "rules.pdf"),
    "weights_sha256": Closed("b" * 64, 64),
}


def answers(**changed: Any) -> dict[str, Any]:
    told = {
        name: {"date": date(2026, 3, 9).isoformat(), "text": name, "long_text": f"{name}."}[
            one.kind
        ]
        for name, one in FORM.fields.items()
        if one.required and one.kind != "file"
    }
    return {**told, "snapshot_sha256": "c" * 64, **changed}


def version(number: int = 1, **changed: Any) -> Version:
    return Version("dossier_1", number, answers(**changed), SEALED)


def test_a_draft_is_whole_when_nothing_is_missing_open_or_sealed() -> None:
    assert dossier.lacking(FORM, answers(), SEALED) == ()
    lacks = dossier.lacking(FORM, answers(data_scale=""), {})
    assert [(one.field, one.code) for one in lacks] == [
        ("data_scale", "missing"), ("annotation_rules", "missing"),
    ]  # fmt: skip
    assert [one.code for one in dossier.unfit(FORM, {"snapshot_sha256": "x"})] == ["wrong_form"]


def test_what_is_sealed_stands_in_no_version() -> None:
    open_, closed = dossier.apart(FORM, answers(weights_sha256="d" * 64))
    assert closed == {"weights_sha256": "d" * 64}
    made = dossier.next_version(FORM, "dossier_1", None, answers(weights_sha256="d" * 64), SEALED)
    assert made.answers == open_
    assert b"d" * 64 not in made.to_bytes()


def test_a_version_comes_back_from_its_bytes_and_is_counted() -> None:
    first = dossier.next_version(FORM, "dossier_1", None, answers(), SEALED)
    assert dossier.read_version(first.to_bytes()) == first
    second = dossier.next_version(FORM, "dossier_1", first, answers(data_scale="More."), SEALED)
    assert (first.number, second.number) == (1, 2)
    assert first.sha256 != second.sha256
    assert dossier.is_new(second, first)
    assert not dossier.is_new(replace(first, number=2), first)


@given(st.binary(max_size=60))
def test_nonsense_is_no_version(data: bytes) -> None:
    with pytest.raises(Corrupt):
        dossier.read_version(data)
    with pytest.raises(Corrupt):
        dossier.read_version(version().to_bytes() + data[:1] + b" ")


def test_everybody_sees_what_is_theirs() -> None:
    one = version()
    seen = {
        to: {r.field.id: r.value for s in SECTIONS for r in dossier.rows(FORM, one, s, to)}
        for to in ("public", "regulator", "holder")
    }
    assert set(seen["public"]) == set(seen["regulator"]) == set(seen["holder"])
    assert seen["public"]["model_name"] == "model_name"
    assert seen["public"]["data_source"] is None
    assert seen["regulator"]["data_source"] == "data_source."
    assert all(seen[to]["annotation_rules"] is None for to in seen)
    row = next(r for r in dossier.rows(FORM, one, "annotation", "public") if r.closed)
    assert row.closed == SEALED["annotation_rules"]


def test_changes_are_shown_to_whom_they_concern() -> None:
    before = version()
    resealed = {**SEALED, "annotation_rules": Closed("e" * 64, 1300)}
    after = replace(version(2, data_scale="More.", model_name="New"), sealed=resealed)
    fields = {
        to: [one.field for one in dossier.changes(FORM, before, after, to)]
        for to in ("public", "regulator")
    }
    assert fields == {
        "public": ["model_name"], "regulator": ["model_name", "data_scale", "annotation_rules"],
    }  # fmt: skip
    assert dossier.changes(FORM, None, after, "regulator") == ()


def test_versions_stand_under_service_implementation_and_snapshot() -> None:
    versions = [
        version(1, service_name="S", implementation="I1"),
        version(2, service_name="S", implementation="I1", data_scale="More."),
        version(3, service_name="S", implementation="I1", snapshot_sha256="d" * 64),
        version(4, service_name="S", implementation="I2"),
    ]
    assert RULES
    assert dossier.tree(RULES, versions) == (
        Node("S", (1, 2, 3, 4), (
            Node("I1", (1, 2, 3), (Node("c" * 64, (1, 2)), Node("d" * 64, (3,)))),
            Node("I2", (4,), (Node("c" * 64, (4,)),)),
        )),
    )  # fmt: skip
