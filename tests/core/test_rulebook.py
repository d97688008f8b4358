"""The rulebook reads strictly, cites honestly and says where a fault stands."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType, NoneType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.packs import GONE, PACK_ID, changed, shipped
from licet.base.trouble import BadInput, NotFound
from licet.rulebook import check_citations, installed_packs, load_pack, parse_pack

CITED = {"value": 0.5, "status": "local-policy", "source": "LICET", "note": "An example."}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of packs, to be broken."""
    with as_file(files("licet.rulebook") / "packs") as packs:
        shutil.copytree(packs, tmp_path, dirs_exist_ok=True)
    return tmp_path


def refusal(documents: dict[str, dict[str, Any]]) -> BadInput:
    with pytest.raises(BadInput) as refused:
        parse_pack(documents)
    assert refused.value.hint, "a refusal says what to do"
    return refused.value


def test_the_shipped_pack_is_installed_and_loads() -> None:
    assert PACK_ID in installed_packs()
    assert load_pack(PACK_ID) == parse_pack(shipped())


def unchangeable(value: Any) -> bool:
    """Whether nobody can change it, however deep."""
    if dataclasses.is_dataclass(value):
        frozen = type(value).__dataclass_params__.frozen
        return frozen and all(
            unchangeable(getattr(value, field.name)) for field in dataclasses.fields(value)
        )
    if isinstance(value, MappingProxyType):
        return all(unchangeable(one) for one in value.values())
    if isinstance(value, tuple | frozenset):
        return all(unchangeable(one) for one in value)
    return isinstance(value, str | int | float | dt.date | dt.time | NoneType)


@pytest.mark.parametrize("pack_id", installed_packs())
def test_a_shipped_pack_is_read_once_and_no_reader_can_change_it(pack_id: str) -> None:
    assert load_pack(pack_id) is load_pack(pack_id)
    assert unchangeable(load_pack(pack_id))


@pytest.mark.parametrize("name", ["moon-2040", "", "..", "cn-genai-2023/..", "/etc"])
def test_a_pack_that_is_not_there_is_not_found(name: str) -> None:
    with pytest.raises(NotFound, match="Installed: cn-genai-2023"):
        load_pack(name)


def test_packs_of_ones_own_load_from_their_folder(root: Path) -> None:
    assert load_pack(PACK_ID, root).digest == load_pack(PACK_ID).digest
    (root / PACK_ID).rename(root / "mine")
    with pytest.raises(BadInput, match=r"pack\.toml: id: .* lies in the folder 'mine'"):
        load_pack("mine", root)


def test_a_folder_that_is_none_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no folder"):
        load_pack(PACK_ID, tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"[lexical\n", "guard.toml, line 1"),
        (b"\xff\xfe", "guard.toml: is not UTF-8"),
        (b"#" * ((1 << 20) + 1), "guard.toml: is larger than 1 MiB"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(root: Path, text: bytes, told: str) -> None:
    (root / PACK_ID / "guard.toml").write_bytes(text)
    with pytest.raises(BadInput) as refused:
        load_pack(PACK_ID, root)
    assert refused.value.message.startswith(told)


def test_a_file_too_few_or_too_many_is_named(root: Path) -> None:
    (root / PACK_ID / "extra.toml").write_text("")
    with pytest.raises(BadInput, match=r"extra\.toml: is no file of a pack"):
        load_pack(PACK_ID, root)
    (root / PACK_ID / "extra.toml").rename(root / PACK_ID / "tiers.txt")
    (root / PACK_ID / "tiers.toml").unlink()
    with pytest.raises(BadInput, match=r"tiers\.toml: is missing"):
        load_pack(PACK_ID, root)


@pytest.mark.parametrize(
    ("file", "path", "told"),
    [
        ("pack.toml", ("colour",), "pack.toml: colour: unknown key"),
        ("provisions.toml", ("provision", "art14.1", "hours"), "art14.1.hours: unknown key"),
        ("provisions.toml", ("provision", "art9.1", "cite", "line"), "art9.1.cite.line: unknown"),
        ("risks.toml", ("risk", "A.1.a", "score"), "A.1.a.score: unknown key"),
        ("guard.toml", ("lexical", "fuzz"), "guard.toml: lexical.fuzz: unknown key"),
        ("guard.toml", ("judged", "tier", "unit"), "judged.tier.unit: unknown key"),
        ("guard.toml", ("audience", "minor", "age"), "audience.minor.age: unknown key"),
        ("categories.toml", ("category", "hate", "name", "fr"), "hate.name.fr: unknown key"),
    ],
)
def test_an_unknown_key_is_refused_by_name(file: str, path: tuple[str, ...], told: str) -> None:
    refused = refusal(changed(file, *path, to=1))
    assert told in refused.message
    assert refused.message.startswith(file)
    assert "Known keys here" in refused.hint


BROKEN: list[tuple[str, tuple[str | int, ...], Any, str]] = [
    ("pack.toml", ("version",), "1", "version"),
    ("pack.toml", ("languages",), [], "languages: names nothing"),
    ("pack.toml", ("title", "zh"), GONE, "title.zh: is missing"),
    ("pack.toml", ("title",), "Measures", "title: 'Measures' is no table"),
    ("provisions.toml", ("provision",), {}, "provision: is no array of tables"),
    ("provisions.toml", ("provision", 0, "id"), "art2.2", "art2.2: stands here twice"),
    ("provisions.toml", ("provision", 0, "id"), GONE, "provision number 1: has no id"),
    ("provisions.toml", ("provision", "art3", "deontic"), "wish", "art3.deontic: 'wish'"),
    ("provisions.toml", ("provision", "art3", "bearer"), ["king"], "art3.bearer: 'king'"),
    ("provisions.toml", ("provision", "art3", "action"), ["a", "a"], "says the same twice"),
    ("provisions.toml", ("provision", "art3", "action"), ["Do it"], "art3.action: 'Do it'"),
    ("provisions.toml", ("provision", "art3", "source"), GONE, "art3: names no source"),
    ("provisions.toml", ("provision", "art3", "status"), "sure", "art3.status: 'sure'"),
    ("provisions.toml", ("provision", "art3", "cite", "article"), 0, "cite.article: 0"),
    ("provisions.toml", ("provision", "art3", "cite", "article"), 2**53, "cite.article: 9007"),
    ("provisions.toml", ("provision", "art3", "cite", "article"), GONE, "article: is missing"),
    ("provisions.toml", ("provision", "art3", "paraphrase", "en"), " ", "paraphrase.en"),
    ("provisions.toml", ("provision", "art14.1", "clock", "source"), GONE, "names no source"),
    ("provisions.toml", ("provision", "art14.1", "clock", "due"), "soon", "clock.due: 'soon'"),
    ("provisions.toml", ("provision", "art14.1", "clock", "due"), "PT4H", "clock.kind"),
    ("provisions.toml", ("provision", "art14.1", "clock", "kind"), "calendar", "clock.kind"),
    ("risks.toml", ("risk", "A.1.a", "coverage"), "maybe", "A.1.a.coverage: 'maybe'"),
    ("risks.toml", ("risk", "A.1.a", "coverage"), GONE, "A.1.a.coverage: is missing"),
    ("risks.toml", ("risk", "A.1.a", "coverage"), "shipped", "A.1.a.categories"),
    ("risks.toml", ("risk", "A.1.a", "categories"), ["hate"], "A.1.a.categories"),
    ("categories.toml", ("category", "hate", "scored"), "yes", "hate.scored: 'yes'"),
    ("categories.toml", ("category", "hate", "scored"), False, "thresholds.hate: is no scored"),
    ("categories.toml", ("category", "operator", "scored"), True, "thresholds.operator: is miss"),
    ("retention.toml", ("retention", "ledger", "bound"), "about", "ledger.bound: 'about'"),
    ("tiers.toml", ("tier", "token", "id"), "letter", "letter.id: 'letter'"),
    ("guard.toml", ("thresholds", "gossip"), {"halt": CITED, "flag": CITED}, "thresholds.gossip"),
    ("guard.toml", ("thresholds", "hate"), GONE, "thresholds.hate: is missing"),
    ("guard.toml", ("audience", "default"), GONE, "audience.default: is missing"),
]


@pytest.mark.parametrize(("file", "path", "to", "told"), BROKEN)
def test_a_broken_pack_is_refused_with_file_and_key(
    file: str, path: tuple[str | int, ...], to: Any, told: str
) -> None:
    refused = refusal(changed(file, *path, to=to))
    assert told in refused.message
    assert ".toml: " in refused.message


LOOSE: list[tuple[str, tuple[str | int, ...], Any, str]] = [
    ("guard.toml", ("judged", "tier", "source"), ["LICET", "S99"], "source 'S99' does not exist"),
    ("guard.toml", ("judged", "tier", "source"), ["art99"], "source 'art99' does not exist"),
    ("guard.toml", ("judged", "tier", "note"), GONE, "our own choice gives no reason"),
    ("guard.toml", ("judged", "tier", "status"), "official", "'official' rests on ourselves"),
    ("guard.toml", ("judged", "tier", "source"), ["K", "LICET"], "cannot rest on K"),
    ("retention.toml", ("retention", "ledger", "days", "source"), "docs/a.md", "on ourselves"),
    ("retention.toml", ("retention", "ledger", "days", "source"), "art14.2", "no outside source"),
    ("provisions.toml", ("provision", "art13", "status"), "official", "rests on general knowl"),
    ("provisions.toml", ("provision", "art13", "note"), GONE, "does not say so"),
    ("provisions.toml", ("provision", "art13", "cite", "article"), 12, "not stand where it cites"),
    ("provisions.toml", ("provision", "art14.1", "cite", "paragraph"), 2, "not stand where it ci"),
    ("sources.toml", ("source", "S9", "id"), "S99", "source 'S9' does not exist"),
    ("risks.toml", ("risk", "A.1.f", "categories"), ["blasphemy"], "no category 'blasphemy'"),
    ("risks.toml", ("risk", "A.1.a", "id"), "B.1.a", "B.1.a: has no group"),
    ("risks.toml", ("group", "A.1", "provisions"), ["art1"], "provision 'art1' does not exist"),
    ("categories.toml", ("category", "hate", "provisions"), ["art88"], "'art88' does not exist"),
    ("retention.toml", ("retention", "ledger", "id"), "hate", "hate: names two things"),
]


@pytest.mark.parametrize(("file", "path", "to", "told"), LOOSE)
def test_a_statement_that_rests_on_nothing_is_refused(
    file: str, path: tuple[str | int, ...], to: Any, told: str
) -> None:
    assert told in refusal(changed(file, *path, to=to)).message


def test_a_source_that_nothing_cites_is_refused() -> None:
    documents = shipped()
    documents["sources.toml"]["source"].append({"id": "S99", "what": "A rumour", "quality": "low"})
    assert "sources.toml: S99: nothing cites it" in refusal(documents).message


def test_a_page_of_ours_may_carry_our_own_policy() -> None:
    pack = parse_pack(
        changed("guard.toml", "thresholds", "hate", "halt", "source", to="docs/a.md")
    )
    assert pack.parameter("guard.thresholds.hate.halt").provenance.sources == ("docs/a.md",)


def test_every_fault_of_a_pack_is_listed() -> None:
    pack = load_pack(PACK_ID)
    assert check_citations(pack) == ()
    bare = dataclasses.replace(pack, sources=MappingProxyType({}))
    faults = check_citations(bare)
    assert len(faults) > len(pack.provisions)
    assert all(fault.file and fault.key and fault.remedy for fault in faults)


def test_an_audience_may_set_a_threshold_of_its_own() -> None:
    own = {"sexual": {"halt": CITED, "flag": {**CITED, "value": 0.25}}}
    guard = parse_pack(changed("guard.toml", "audience", "minor", "thresholds", to=own)).guard
    assert guard.threshold("sexual", "minor").halt == 0.5
    assert guard.threshold("sexual", "minor").flag == 0.25
    assert guard.threshold("sexual") == load_pack(PACK_ID).guard.threshold("sexual")
    assert guard.threshold("violence", "minor") != guard.threshold("violence")


def test_an_audience_or_category_unknown_is_not_found() -> None:
    guard = load_pack(PACK_ID).guard
    with pytest.raises(NotFound, match="no audience 'dogs'"):
        guard.threshold("sexual", "dogs")
    with pytest.raises(NotFound, match="no threshold for 'operator'"):
        guard.threshold("operator")


@pytest.mark.parametrize("ask", ["provision", "risk", "parameter", "find"])
def test_an_id_unknown_is_not_found_and_says_where_to_look(ask: str) -> None:
    pack = load_pack(PACK_ID)
    with pytest.raises(NotFound) as missing:
        getattr(pack, ask)("art14.9")
    assert missing.value.hint


def test_a_near_miss_is_guessed() -> None:
    with pytest.raises(NotFound, match=r"Did you mean art14\.1"):
        load_pack(PACK_ID).provision("art.14.1")


def test_a_period_needs_to_say_calendar_or_working_time() -> None:
    documents = changed("provisions.toml", "provision", "art14.1", "clock", "due", to="PT4H")
    row = next(r for r in documents["provisions.toml"]["provision"] if r["id"] == "art14.1")
    row["clock"]["kind"] = "working"
    clock = parse_pack(documents).provision("art14.1").clock
    assert clock is not None
    assert (clock.due, clock.kind) == ("PT4H", "working")


def test_a_pack_may_end() -> None:
    end = {"value": dt.date(2030, 1, 1), "status": "official", "source": "S1"}
    assert parse_pack(changed("pack.toml", "in_force", "to", to=end)).in_force_to is not None
    early = {**end, "value": dt.date(2020, 1, 1)}
    refused = refusal(changed("pack.toml", "in_force", "to", to=early))
    assert "comes before" in refused.message


def test_the_digest_covers_content_and_not_its_order() -> None:
    documents = shipped()
    backwards = {
        name: dict(reversed(documents[name].items())) for name in reversed(list(documents))
    }
    digest = load_pack(PACK_ID).digest
    assert len(digest) == 64
    assert parse_pack(backwards).digest == digest


@settings(max_examples=20)
@given(halt=st.floats(0.5, 1.0), flag=st.floats(0.01, 0.5))
def test_any_change_of_a_number_changes_the_digest(halt: float, flag: float) -> None:
    documents = changed("guard.toml", "thresholds", "hate", "halt", "value", to=halt)
    documents["guard.toml"]["thresholds"]["hate"]["flag"]["value"] = flag
    pack = parse_pack(documents)
    same = (halt, flag) == (
        shipped()["guard.toml"]["thresholds"]["hate"]["halt"]["value"],
        shipped()["guard.toml"]["thresholds"]["hate"]["flag"]["value"],
    )
    assert (pack.digest == load_pack(PACK_ID).digest) == same
    assert pack.guard.threshold("hate").halt == pytest.approx(halt, abs=1e-6)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a document, outermost first."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in inside:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from paths(inner, (*path, key))


def outcome(documents: dict[str, dict[str, Any]]) -> BadInput | None:
    """The refusal, or None where the pack loads. Any other exception is a bug."""
    try:
        parse_pack(documents)
    except BadInput as refused:
        return refused
    return None


PLACES = [(file, path) for file, document in shipped().items() for path in paths(document)]
TOML_VALUES = st.recursive(
    st.one_of(
        st.none().map(lambda _: GONE),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(),
        st.text(max_size=12),
        st.dates(),
        st.times(),
        st.datetimes(),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=4,
)


@settings(max_examples=60)
@given(place=st.sampled_from(PLACES), value=TOML_VALUES)
def test_whatever_stands_in_a_pack_it_loads_or_is_refused(
    place: tuple[str, tuple[str | int, ...]], value: Any
) -> None:
    file, path = place
    refused = outcome(changed(file, *path, to=value))
    assert refused is None or (".toml: " in refused.message and refused.hint)


def test_values_cannot_be_changed_after_loading() -> None:
    pack = load_pack(PACK_ID)
    with pytest.raises(TypeError):
        pack.risks["A.9.z"] = pack.risk("A.1.a")  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        pack.guard.lexical.gap_characters_max = 0  # type: ignore[misc]
