"""What a pack is made of: frozen values and nothing else.

It refuses to know files, TOML and whoever obeys the law. How a regime licenses is in `procedure`.

Rules
1. A number, date or threshold never stands alone: `Pack.parameters` holds its Provenance by key.
2. Text is a mapping from language to words; every language of the pack is there.
3. A paraphrase is ours; nothing in a pack passes for the official text.
4. A pack has its provisions and sources, and either or both of two chapters: what the guard judges
   by (risks, categories, retention, tiers, guard), how the regime licenses (`procedure`). A third,
   what holds for minors (`minors`), needs both; what a service is assessed by (`assessment`) and
   how generated content is labelled (`labels`) need the first. What is asked of shared training
   data (`corpus`) needs the assessment, what follows after a halt (`supervision`) the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Literal, TypeVar

from licet.base.trouble import NotFound
from licet.rulebook.assessment import Assessment, AssessmentEntry, Bound
from licet.rulebook.computing import ComputeRules
from licet.rulebook.computing import Entry as ComputeEntry
from licet.rulebook.corpus import CorpusRules
from licet.rulebook.corpus import Entry as CorpusEntry
from licet.rulebook.grounds import Cite, Parameter, Provenance, Source, Text
from licet.rulebook.labels import Entry as LabelsEntry
from licet.rulebook.labels import LabelRules
from licet.rulebook.minors import Entry as MinorsEntry
from licet.rulebook.minors import MinorsRules
from licet.rulebook.procedure import Entry as ProcedureEntry
from licet.rulebook.procedure import Procedure
from licet.rulebook.proceeding import (
    ProceedingKind,
    ProceedingRules,
    Supervision,
    SupervisionEntry,
)

Deontic = Literal["obligation", "prohibition", "permission", "power", "right", "definition"]
Coverage = Literal["shipped", "operator-authored", "assessment-only"]
PicturesUnclassified = Literal["refuse", "operator"]
TierName = Literal["token", "clause", "whole"]
Role = Literal["prompt", "reply", "comment"]
K = TypeVar("K", bound=str)
V = TypeVar("V")
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Clock:
    """When a duty falls due after `start`.

    `due` is `promptly`, `as_published`, `as_ordered` or an ISO 8601 period (`P10D`, `PT4H`);
    `kind` says calendar or working time and is None where no period is stated.
    """

    start: str
    due: str
    kind: Literal["calendar", "working"] | None
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Provision:
    """One rule of the instrument: who must, may or must not do what, towards whom, and when."""

    id: str
    cite: Cite
    deontic: Deontic
    bearers: tuple[str, ...]
    counterparty: str | None
    trigger: str
    actions: tuple[str, ...]
    clock: Clock | None
    paraphrase: Text
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class RiskGroup:
    """A heading of the standard's annex and how many risks the standard lists under it."""

    id: str
    name: Text
    provisions: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Risk:
    """One risk of the standard, and what covers it; `categories` only where that is shipped."""

    id: str
    group: str
    name: Text
    coverage: Coverage
    categories: tuple[str, ...]
    reason: Text


@dataclass(frozen=True, slots=True)
class RiskCatalogue:
    """The standard that lists the risks, its groups, and how well its wording is confirmed."""

    standard: str
    annex: str
    replaces: str
    groups: Mapping[str, RiskGroup]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Category:
    """Something the guard may find. `reason` is what a refused person reads.

    `scored` says whether thresholds apply; `risks` are those it serves, in the standard's order.
    """

    id: str
    name: Text
    reason: Text
    provisions: tuple[str, ...]
    roles: tuple[Role, ...]
    scored: bool
    risks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Retention:
    """How many days a kind of record is kept, at least or at most."""

    id: str
    name: Text
    bound: Bound
    days: int
    provisions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tier:
    """What a judged stream may release before, or only after, it is judged, and whether pictures
    may be served that no classifier has looked at."""

    id: TierName
    name: Text
    meaning: Text
    pictures_unclassified: PicturesUnclassified


@dataclass(frozen=True, slots=True)
class LexicalSettings:
    """How rules match: letters and characters, counted after folding."""

    short_literal_letters: int
    gap_characters_max: int
    pattern_characters_max: int
    within_characters_max: int
    disguises: tuple[str, ...]
    """How long literals may be disguised and are found all the same, by name."""
    seam_characters: int


@dataclass(frozen=True, slots=True)
class JudgedSettings:
    """How judged rules walk along a stream, in characters."""

    tier: TierName
    stride_characters: int
    window_characters: int
    clause_characters_max: int
    late_characters_max: int


@dataclass(frozen=True, slots=True)
class Threshold:
    """Scores from which a category is flagged and halted: 0 < flag <= halt <= 1."""

    halt: float
    flag: float


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """When the encoder is asked, and from which of its scores on a text is flagged and halted.

    It is asked where the classifier's harm is in [doubt_low, doubt_high]. `audiences`: its
    threshold by audience, then by group (role and script, such as `prompt.han`), one for every
    category.
    """

    doubt_low: float
    doubt_high: float
    audiences: Mapping[str, Mapping[str, Threshold]]


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """Everything the guard takes from the law: matching, judging, thresholds by audience."""

    lexical: LexicalSettings
    judged: JudgedSettings
    audiences: Mapping[str, Mapping[str, Threshold]]
    encoder: EncoderSettings

    @property
    def thresholds(self) -> Mapping[str, Threshold]:
        """Thresholds by category for the audience `default`."""
        return self.audiences["default"]

    def threshold(self, category: str, audience: str = "default") -> Threshold:
        """The threshold of a scored category for an audience. Raises NotFound."""
        known = self.audiences.get(audience)
        if known is None:
            raise NotFound(
                f"the pack has no audience {audience!r}.",
                hint=f"Known: {', '.join(self.audiences)}.",
            )
        if category not in known:
            raise NotFound(
                f"the pack has no threshold for {category!r}.",
                hint=f"Scored categories: {', '.join(known)}.",
            )
        return known[category]


Entry = (
    Provision
    | RiskGroup
    | Risk
    | Category
    | Retention
    | Tier
    | Source
    | Parameter
    | AssessmentEntry
    | ProcedureEntry
    | MinorsEntry
    | SupervisionEntry
    | LabelsEntry
    | CorpusEntry
    | ComputeEntry
)


@dataclass(frozen=True, slots=True)
class Pack:
    """One regime as data. `digest` is SHA-256 (hex) over its canonical content (RFC 8785)."""

    id: str
    version: str
    title: Text
    issued_by: Text
    official_pages: tuple[str, ...]
    languages: tuple[str, ...]
    time_zone: str
    promulgated: date
    in_force_from: date
    in_force_to: date | None
    digest: str
    provisions: Mapping[str, Provision]
    standard: RiskCatalogue | None
    risks: Mapping[str, Risk]
    categories: Mapping[str, Category]
    retention: Mapping[str, Retention]
    tiers: Mapping[str, Tier]
    sources: Mapping[str, Source]
    parameters: Mapping[str, Parameter]
    judging: GuardSettings | None
    assessing: Assessment | None
    licensing: Procedure | None
    youth: MinorsRules | None
    following: Supervision | None
    labelling: LabelRules | None
    sharing: CorpusRules | None
    computing: ComputeRules | None

    @property
    def guard(self) -> GuardSettings:
        """What the guard judges by. Raises NotFound for a regime that judges no text."""
        return self._chapter(self.judging, "settings for a guard")

    @property
    def catalogue(self) -> RiskCatalogue:
        """The standard that lists the risks. Raises NotFound for a regime without one."""
        return self._chapter(self.standard, "catalogue of risks")

    @property
    def assessment(self) -> Assessment:
        """What a service is assessed by. Raises NotFound for a regime that asks for nothing."""
        return self._chapter(self.assessing, "security assessment")

    @property
    def procedure(self) -> Procedure:
        """How the regime licenses. Raises NotFound for one that does not."""
        return self._chapter(self.licensing, "procedure of licensing")

    @property
    def minors(self) -> MinorsRules:
        """What holds for minors. Raises NotFound for a regime that says nothing of them."""
        return self._chapter(self.youth, "rules for minors")

    @property
    def supervision(self) -> Supervision:
        """What follows after a halt. Raises NotFound for a regime that says nothing of it."""
        return self._chapter(self.following, "chapter on what follows after a halt")

    def proceeding(self, kind: ProceedingKind) -> ProceedingRules:
        """One kind of proceeding. Raises NotFound for a regime without it."""
        return _known(self.supervision.proceedings, kind, f"proceeding of {self.id}")

    @property
    def labels(self) -> LabelRules:
        """How generated content is labelled. Raises NotFound for a regime that asks for none."""
        return self._chapter(self.labelling, "rules for labels")

    @property
    def corpus(self) -> CorpusRules:
        """What is asked of shared training data. Raises NotFound for a regime that is silent."""
        return self._chapter(self.sharing, "rules for shared training data")

    @property
    def compute(self) -> ComputeRules:
        """Programmes for computing power. Raises NotFound for a regime that has none."""
        return self._chapter(self.computing, "programmes for computing power")

    def _chapter(self, chapter: C | None, what: str) -> C:
        if chapter is None:
            raise NotFound(f"the pack {self.id} has no {what}.", hint="Name another pack.")
        return chapter

    def provision(self, provision_id: str) -> Provision:
        """The provision `artN` or `artN.K`. Raises NotFound."""
        return _known(self.provisions, provision_id, f"provision of {self.id}")

    def risk(self, risk_id: str) -> Risk:
        """The risk `A.1.a`. Raises NotFound."""
        return _known(self.risks, risk_id, f"risk of {self.id}")

    def parameter(self, key: str) -> Parameter:
        """The number, date or choice behind a key, with its provenance. Raises NotFound."""
        return _known(self.parameters, key, f"parameter of {self.id}")

    @property
    def shelves(self) -> tuple[Mapping[str, Entry], ...]:
        """Everything in the pack that bears an id. No id stands on two shelves."""
        return (
            self.provisions,
            self.risks,
            self.standard.groups if self.standard else {},
            self.categories,
            self.retention,
            self.tiers,
            self.sources,
            self.parameters,
            *(self.assessing.shelves if self.assessing else ()),
            *(self.licensing.shelves if self.licensing else ()),
            *(self.youth.shelves if self.youth else ()),
            *(self.following.shelves if self.following else ()),
            *(self.labelling.shelves if self.labelling else ()),
            *(self.sharing.shelves if self.sharing else ()),
            *(self.computing.shelves if self.computing else ()),
        )

    def find(self, entry_id: str) -> Entry:
        """Whatever bears this id: provision, risk, category, parameter … Raises NotFound."""
        for shelf in self.shelves:
            if entry_id in shelf:
                return shelf[entry_id]
        raise NotFound(
            f"the pack {self.id} holds nothing named {entry_id!r}.",
            hint="`licet rulebook show` lists what it holds.",
        )

    def article(self, number: int) -> tuple[Provision, ...]:
        """Every provision of an article, in order; empty where the pack has none."""
        return tuple(p for p in self.provisions.values() if p.cite.article == number)


def _known(shelf: Mapping[K, V], key: K, kind: str) -> V:
    if key not in shelf:
        near = get_close_matches(key, shelf, n=3, cutoff=0.5)
        hint = f"Did you mean {', '.join(near)}?" if near else "`licet rulebook show` lists them."
        raise NotFound(f"there is no {kind} named {key!r}.", hint=hint)
    return shelf[key]
