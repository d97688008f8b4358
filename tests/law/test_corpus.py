"""What the pack says of shared training data is what its sources say."""

from __future__ import annotations

from typing import Any

import pytest

from kit.packs import GONE, PACK_ID, changed, shipped
from licet.base.trouble import BadInput, NotFound
from licet.rulebook import load_pack, parse_pack

PACK = load_pack(PACK_ID)
CORPUS = PACK.corpus


@pytest.mark.parametrize(
    ("kind", "evidence"),
    [
        ("open", ("licence",)),
        ("collected", ("record", "opt_out")),
        ("commercial", ("contract", "commitment")),
        ("user_input", ("authorisation",)),
    ],
)
def test_every_type_of_source_shows_its_evidence(kind: str, evidence: tuple[str, ...]) -> None:
    assert CORPUS.sources[kind].evidence == evidence


def test_a_source_is_rejected_above_a_twentieth() -> None:
    assert CORPUS.scan.reject_share == 0.05
    assert PACK.parameter("corpus.scan.reject_share").provenance.status == "secondary"


def test_samples_are_those_of_the_assessment() -> None:
    manual = PACK.assessment.measures[CORPUS.scan.manual]
    technical = PACK.assessment.measures[CORPUS.scan.technical]
    assert (manual.sample, manual.share) == (4000, 0.96)
    assert (technical.sample_share, technical.share) == (0.1, 0.98)


def test_who_is_known_gets_receipts_and_nobody_else_needs_a_token() -> None:
    assert [a.id for a in CORPUS.access.values() if a.receipts] == ["registered", "restricted"]
    assert not CORPUS.access["open"].needs_token
    assert CORPUS.access["restricted"].needs_grant


def test_no_reading_of_a_licence_passes_for_law() -> None:
    assert {one.provenance.status for one in CORPUS.licences.values()} == {"local-policy"}


@pytest.mark.parametrize(
    ("licence", "withheld"),
    [("CC-BY-NC-4.0", "commercial"), ("CC-BY-ND-4.0", "adapt"), ("LicenseRef-Contract", "share")],
)
def test_what_a_licence_withholds_is_not_allowed(licence: str, withheld: str) -> None:
    assert withheld not in CORPUS.licences[licence].allows


def test_a_regime_without_rules_for_shared_data_says_so() -> None:
    with pytest.raises(NotFound, match="no rules for shared training data"):
        _ = load_pack("eu-ai-act").corpus


def test_rules_for_shared_data_rest_on_the_assessment() -> None:
    documents = shipped()
    del documents["assessment.toml"]
    with pytest.raises(BadInput, match=r"assessment\.toml: is missing"):
        parse_pack(documents)


@pytest.mark.parametrize(
    ("path", "to", "said"),
    [
        (("source_type", "open", "source"), GONE, "open: names no source"),
        (("source_type", "open", "evidence"), ["faith"], "'faith' is not known"),
        (("licence", "MIT", "status"), GONE, "MIT: names no status"),
        (("licence", "MIT", "allows"), ["anything"], "not known here"),
        (("licence", "CC-BY-SA-4.0", "into"), GONE, "goes with asks"),
        (("licence", "CC-BY-SA-3.0", "into"), ["CC-BY-SA-5.0"], "stands nowhere"),
        (("access", "registered", "needs_token"), False, "nobody would be known"),
        (("basis", "consent", "source"), ["S999"], "source 'S999' does not exist"),
        (("scan", "manual"), "a_guess", "not known here"),
    ],
)
def test_a_pack_that_does_not_hold_together_is_refused(
    path: tuple[str, ...], to: Any, said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        parse_pack(changed("corpus.toml", *path, to=to))
