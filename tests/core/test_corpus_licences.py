"""Nothing is allowed that anybody down the chain forbids, and a refusal shows who does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.corpus import RULES
from licet.corpus.licences import Link, conflicts, terms

TABLE = RULES.licences


def made(licence: str, *inputs: Link | str, name: str = "new") -> Link:
    links = (Link(f"in{n}", i) if isinstance(i, str) else i for n, i in enumerate(inputs))
    return Link(name, licence, tuple(links))


@pytest.mark.parametrize(
    ("own", "inputs"),
    [
        ("CC-BY-4.0", ["CC0-1.0"]),
        ("CC-BY-4.0", ["MIT", "CC-BY-4.0"]),
        ("CC-BY-SA-4.0", ["CC-BY-SA-3.0", "CC-BY-4.0"]),
        ("CC-BY-NC-SA-4.0", ["CC-BY-NC-4.0"]),
        ("CC-BY-ND-4.0", ["CC-BY-ND-4.0"]),  # a copy, under its own licence
        ("LicenseRef-Contract", ["LicenseRef-Contract"]),
        ("LicenseRef-Platform-Use", ["LicenseRef-Platform-Use"]),
        ("ODbL-1.0", ["ODbL-1.0", "PDDL-1.0"]),
    ],
)
def test_licences_that_agree(own: str, inputs: list[str]) -> None:
    assert conflicts(made(own, *inputs), TABLE) == ()


@pytest.mark.parametrize(
    ("own", "inputs", "code"),
    [
        ("CC0-1.0", ["CC-BY-4.0"], "drops_attribution"),
        ("CC-BY-4.0", ["CC-BY-NC-4.0"], "grants_more"),
        ("CC-BY-4.0", ["CC-BY-SA-4.0"], "share_alike"),
        ("CC-BY-SA-4.0", ["ODbL-1.0"], "share_alike"),
        ("CC-BY-4.0", ["CC-BY-ND-4.0"], "no_adaptation"),
        ("CC-BY-ND-4.0", ["CC-BY-ND-4.0", "CC0-1.0"], "no_adaptation"),
        ("CC-BY-4.0", ["LicenseRef-Contract"], "grants_more"),
        ("CC-BY-4.0", ["somebody's"], "unknown"),
        ("CC-BY-NC-SA-4.0", ["CC-BY-SA-4.0"], "share_alike"),
    ],
)
def test_licences_that_conflict(own: str, inputs: list[str], code: str) -> None:
    assert code in {one.code for one in conflicts(made(own, *inputs), TABLE)}


def test_a_refusal_names_the_path_down_to_who_forbids() -> None:
    old = made("CC-BY-NC-4.0", name="old/web")
    between = made("CC-BY-NC-4.0", old, name="mid/clean")
    found = conflicts(made("CC-BY-4.0", between, name="new/chat"), TABLE)
    assert [one.path for one in found] == [("new/chat", "mid/clean", "old/web")]
    assert found[0].said("en") == (
        "new/chat → mid/clean → old/web: CC-BY-4.0 allows what CC-BY-NC-4.0 does not: "
        "commercial use"
    )
    assert "商业使用" in found[0].said("zh")


LICENCES = st.sampled_from([*TABLE, "unheard-of"])
CHAINS = st.recursive(
    st.builds(Link, st.text("abc", min_size=1, max_size=3), LICENCES),
    lambda inner: st.builds(
        Link, st.text("abc", min_size=1, max_size=3), LICENCES,
        st.lists(inner, max_size=3).map(tuple),
    ),
    max_leaves=8,
)  # fmt: skip


def everybody(link: Link) -> list[Link]:
    return [link, *(one for inner in link.inputs for one in everybody(inner))]


@given(CHAINS)
def test_rights_only_shrink_down_the_chain_and_debts_only_grow(link: Link) -> None:
    within = terms(link, TABLE)
    for one in everybody(link):
        licence = TABLE.get(one.licence)
        assert within.allows <= (licence.allows if licence else frozenset())
        assert within.asks >= (licence.asks if licence else frozenset())
        if licence and "attribution" in licence.asks:
            assert one.name in within.credit


@given(CHAINS)
def test_without_conflict_nobody_gets_what_an_input_withholds(link: Link) -> None:
    if conflicts(link, TABLE):
        return
    for one in link.inputs:
        withheld = {"use", "share", "commercial"} - terms(one, TABLE).allows
        assert not TABLE[link.licence].allows & withheld


@given(CHAINS)
def test_every_conflict_begins_here_and_ends_at_an_input(link: Link) -> None:
    for one in conflicts(link, TABLE):
        assert one.path[0] == link.name
        assert one.said("zh") != one.said("en")
