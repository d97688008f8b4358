"""What a model rests on: origins with evidence or unknown, trials, and CycloneDX both ways."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.base.trouble import BadInput
from licet.cases.dossier_bom import read_bom, write_bom
from licet.cases.dossier_chain import (
    KINDS,
    ROLES,
    Chain,
    Origin,
    Part,
    Trial,
    origins,
    read_chain,
    trials,
)
from licet.cases.dossier_schema import schema_faults

NOW = datetime(2026, 3, 9, 2, tzinfo=UTC)
SHA = "ab" * 32
FILE = f"""
[[part]]
ref = "model"
kind = "model"
name = "Morningstar 7B"
version = "2.1"
supplier = "Morningstar"
sha256 = "{SHA}"
needs = ["data", "chip"]
origin.design = {{ country = "CN", evidence = ["sha256:{SHA}"] }}

[[part.trial]]
on = 2026-02-01
instead = "Another model"
outcome = "degraded"
finding = "Two points lower on our bank."

[[part]]
ref = "data"
kind = "data"
name = "Corpus"
licence = "CC-BY-4.0"

[[part]]
ref = "chip"
kind = "chip"
name = "Accelerator"
origin.fabrication = {{ country = "unknown" }}
"""

_texts = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=30
).filter(lambda text: text.strip() and text.isprintable())
_evidence = st.lists(
    st.sampled_from([f"sha256:{SHA}", "https://example.org/a?b=c", "https://example.cn/é"[:-2]]),
    max_size=2,
).map(tuple)
_origins = st.dictionaries(
    st.sampled_from(ROLES),
    st.builds(Origin, st.sampled_from(["CN", "NL", "unknown"]), _evidence),
    max_size=5,
)
_trials = st.lists(
    st.builds(
        Trial, st.dates(date(2020, 1, 1), date(2030, 1, 1)), _texts,
        st.sampled_from(["works", "degraded", "fails"]), st.just("") | _texts, _evidence,
    ),
    max_size=3,
).map(tuple)  # fmt: skip


@st.composite
def chains(draw: st.DrawFn) -> Chain:
    refs = draw(st.lists(st.from_regex(r"[a-z][a-z0-9._-]{0,9}", fullmatch=True), min_size=1,
                         max_size=5, unique=True))  # fmt: skip
    return Chain(
        tuple(
            Part(
                ref, draw(st.sampled_from(KINDS)), draw(_texts), draw(st.just("") | _texts),
                draw(st.just("") | _texts), draw(st.just("") | _texts),
                draw(st.sampled_from(["", SHA])),
                tuple(sorted(draw(st.sets(st.sampled_from(refs), max_size=3)))),
                draw(_origins), draw(_trials),
            )
            for ref in refs
        )
    )  # fmt: skip


@given(chains())
def test_what_is_written_is_read_again(chain: Chain) -> None:
    data = write_bom(chain, NOW, "0.1")
    assert read_bom(data, "x") == chain
    assert write_bom(chain, NOW, "0.1") == data


@pytest.mark.parametrize("seed", range(5))
def test_what_is_written_obeys_the_official_schema(seed: int) -> None:
    pytest.importorskip("cyclonedx", reason="the extra `bom` is not installed")
    chain = read_chain(FILE.encode(), "chain.toml")
    parts = [Part(f"p{n}", KINDS[(n + seed) % 5], f"Part {n}") for n in range(seed * 3)]
    data = write_bom(Chain((*chain.part, *parts)), NOW, "0.1")
    assert schema_faults(data) == ()


def test_what_breaks_the_schema_is_said_with_its_place() -> None:
    pytest.importorskip("cyclonedx", reason="the extra `bom` is not installed")
    good = json.loads(write_bom(read_chain(FILE.encode(), "x"), NOW, "0.1"))
    wrong: list[tuple[Any, str]] = [
        ({**good, "specVersion": "1.6"}, "specVersion 1.7"),
        ({**good, "components": [{"type": "magic", "name": "x"}]}, "components/0/type"),
        ({**good, "extra": 1}, "extra"),
    ]
    for document, said in wrong:
        faults = schema_faults(json.dumps(document).encode())
        assert any(said in fault for fault in faults), faults
    assert schema_faults(b"\xff") == ("it is not UTF-8",)
    assert schema_faults(b" " * (6 << 20)) == ("it is larger than 5 MiB",)


def test_what_is_not_said_is_unknown_and_nothing_is_added_up() -> None:
    model, data, chip = read_chain(FILE.encode(), "chain.toml").part
    assert [(o.role, o.country) for o in origins(model)] == [
        ("design", "CN"), ("supply", "unknown"), ("ip", "unknown"), ("hosting", "unknown"),
    ]  # fmt: skip
    assert origins(model)[0].evidence == (f"sha256:{SHA}",)
    assert {o.country for o in origins(data)} == {"unknown"}
    assert [o.role for o in origins(chip)] == ["design", "fabrication", "supply", "ip"]
    assert trials(model)[0].outcome == "degraded"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "chip"', 'kind = "magic"', "magic"),
        ('ref = "chip"', 'ref = "data"', "same ref"),
        ('needs = ["data", "chip"]', 'needs = ["nothing"]', "which is no part"),
        ('country = "CN"', 'country = "China"', "no country"),
        (f"sha256:{SHA}", "trust me", "evidence"),
        ('outcome = "degraded"', 'outcome = "0.93"', "0.93"),
        ('instead = "Another model"', 'instead = " "', "put in its place"),
        ("origin.design", "origin.karma", "no role"),
        ("on = 2026-02-01", 'on = "soon"', "date"),
        ('name = "Corpus"', 'name = ""', "no name"),
        ('name = "Corpus"', 'name = "Corpus"\nscore = 3', "score"),
    ],
)
def test_what_cannot_be_meant_is_refused(old: str, new: str, said: str) -> None:
    assert old in FILE
    with pytest.raises(BadInput, match=said):
        read_chain(FILE.replace(old, new, 1).encode(), "chain.toml")


def test_a_document_of_others_is_read_as_far_as_it_goes() -> None:
    document = {
        "bomFormat": "CycloneDX", "specVersion": "1.7",
        "components": [
            {"type": "library", "name": "numbers", "licenses": [{"expression": "MIT"}],
             "components": [{"type": "firmware", "name": "deep", "manufacturer": {"name": "M"}}]},
            {"type": "file", "name": "readme"},
        ],
        "dependencies": [{"ref": "elsewhere", "dependsOn": ["gone"]}],
    }  # fmt: skip
    chain = read_bom(json.dumps(document).encode(), "theirs")
    assert [(p.ref, p.kind, p.name) for p in chain.part] == [
        ("part-1", "framework", "numbers"), ("part-2", "platform", "deep"),
    ]  # fmt: skip
    assert chain.part[0].licence == "MIT"
    assert chain.part[1].supplier == "M"
    assert chain.left_out == ("readme",)


@given(
    st.binary(max_size=60) | st.just(b'{"bomFormat": "CycloneDX", "components": [{"type": 3}]}')
)
def test_nonsense_is_no_document(data: bytes) -> None:
    with pytest.raises(BadInput):
        read_bom(data, "x")
