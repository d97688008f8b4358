"""The law as data: packs of TOML, loaded and checked. It knows no code that obeys them.

    pack = load_pack("cn-genai-2023")
    pack.provision("art14.1").clock.due          # "promptly"
    pack.guard.threshold("sexual", "minor").halt
    pack.parameter("guard.judged.tier").provenance.status

`strict` reads a TOML table, `parse` makes the Pack, `cite` asks what each statement rests on,
`load` touches the disk.
"""

from licet.rulebook.assessment import (
    Aspect,
    Assessment,
    Attestation,
    BankRule,
    EvidenceRule,
    Measure,
)
from licet.rulebook.cite import (
    Citation,
    check_citations,
    citations_in,
    unknown_citations,
)
from licet.rulebook.computing import ComputeRules
from licet.rulebook.corpus import CorpusRules, ScanRule
from licet.rulebook.grounds import Fault, Parameter, Provenance
from licet.rulebook.labels import LabelCheck, LabelRules
from licet.rulebook.load import cited_in, installed_packs, load_pack
from licet.rulebook.minors import MinorsRules
from licet.rulebook.model import (
    Category,
    Clock,
    EncoderSettings,
    GuardSettings,
    JudgedSettings,
    LexicalSettings,
    Pack,
    Provision,
    Retention,
    Risk,
    Threshold,
)
from licet.rulebook.parse import parse_pack
from licet.rulebook.procedure import Procedure
from licet.rulebook.publishing import StatusListRule

__all__ = [
    "Aspect",
    "Assessment",
    "Attestation",
    "BankRule",
    "Category",
    "Citation",
    "Clock",
    "ComputeRules",
    "CorpusRules",
    "EncoderSettings",
    "EvidenceRule",
    "Fault",
    "GuardSettings",
    "JudgedSettings",
    "LabelCheck",
    "LabelRules",
    "LexicalSettings",
    "Measure",
    "MinorsRules",
    "Pack",
    "Parameter",
    "Procedure",
    "Provenance",
    "Provision",
    "Retention",
    "Risk",
    "ScanRule",
    "StatusListRule",
    "Threshold",
    "check_citations",
    "citations_in",
    "cited_in",
    "installed_packs",
    "load_pack",
    "parse_pack",
    "unknown_citations",
]
