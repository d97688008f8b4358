"""What follows after a halt, as data: proceedings with stages, acts and clocks, and their numbers.

It refuses to know files, events and the people who act; `licet.cases.proceedings` obeys what
stands here.

Rules
1. A proceeding has one track. Its kinds are closed (KINDS); stages, acts, clocks and forms of each
   are rows of a pack, a file a kind: `incident.toml`, `correction.toml` and so on.
2. An act brings the answers to one form, or nothing; code knows effects and no act's name.
3. A clock binds a side to act, or ends a stage by itself (`expires`). Its length is a Parameter of
   the pack. Which clock of several runs may hang on what is known of the matter (`when`).
4. A machine may do only what a row gives to the side `machine`; `check_supervision` refuses a
   pack in which such a row restricts a person for longer than its ladder lets a machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from licet.rulebook.grounds import Provenance, Text
from licet.rulebook.procedure import Form
from licet.rulebook.workdays import Calendar

ProceedingKind = Literal["incident", "correction", "measure", "complaint", "order", "dossier"]
Desk = Literal["provider", "authority", "public", "independent", "machine"]
"""Where somebody stands. `public` is the one person or body whom the matter is about;
`independent` an outside body that holds a share of keys; `machine` acts without anybody."""
TimeUnit = Literal["minute", "hour", "working", "calendar"]
ProceedingEffect = Literal[
    "impose",  # takes a step of the ladder, within its bounds
    "restore",  # undoes the step that was taken: it counts no more
    "candidate",  # names what shall be served instead; whatever was proven is proven no more
    "prove",  # records a proof of the candidate, and of nothing else
    "proven",  # only what its own proof bears out
    "override",  # acts against the proof, with the reason recorded
    "scope",  # names cases, accounts or sections, never a topic
    "share",  # gives one share of a key, once a person
    "open",  # opens what the order names, once enough shares were given
    "tell",  # lets the provider know of it
    "version",  # publishes a version, which lies beside the proceeding
    "overdue",  # open to its side only once the other side is late, or has answered
]

KINDS: tuple[ProceedingKind, ...] = get_args(ProceedingKind)
DESKS: tuple[Desk, ...] = get_args(Desk)


@dataclass(frozen=True, slots=True)
class ProceedingRole:
    """A role: which side it stands on and what it is called."""

    id: str
    side: Desk
    name: Text


@dataclass(frozen=True, slots=True)
class ProceedingStage:
    """A stage. `turn`: whose turn it is, or None. `final`: nothing leads out of it."""

    id: str
    name: Text
    meaning: Text
    turn: Desk | None
    final: bool


@dataclass(frozen=True, slots=True)
class ProceedingAct:
    """Something that can be done in a proceeding.

    `opens`: begins one. `at`: the stages in which it can be done. `to`: the stage it leads to;
    `returns`: back to the stage before; neither: no change. `form` and `needs`: what it brings and
    which of the form's answers it can't do without (`whole`: all that the form requires);
    `continues`: what earlier acts brought to that form counts as well. `once`: at most once in a
    proceeding. `after`: one of these acts was done before. `apart_from`: acts
    whose doer may not do this one.
    """

    id: str
    name: Text
    done: Text
    side: Desk
    by: tuple[str, ...]
    opens: bool
    at: tuple[str, ...]
    to: str | None
    returns: bool
    once: bool
    form: str | None
    needs: tuple[str, ...]
    whole: bool
    continues: bool
    effects: tuple[ProceedingEffect, ...]
    after: tuple[str, ...]
    apart_from: tuple[str, ...]
    basis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProceedingClock:
    """A period. It starts with an act of `starts`, at the moment named by the fact `since` where
    that is given and known; `when` says for which facts; in a stage of `rests` it stands still.

    `expires`: the stage that an end by itself leads to, by the stage it is met in. `until`: a fact
    that names an earlier last moment or day; `length` bounds it.
    """

    id: str
    kind: ProceedingKind
    name: Text
    bearer: Desk
    when: Mapping[str, tuple[str, ...]]
    starts: tuple[str, ...]
    since: str | None
    stops: tuple[str, ...]
    rests: tuple[str, ...]
    length: int
    unit: TimeUnit
    until: str | None
    expires: Mapping[str, str]
    basis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProceedingRules:
    """Everything that `licet.cases.proceedings` needs to know of one kind of proceeding."""

    kind: ProceedingKind
    pack: str
    name: Text
    time_zone: str
    calendar: Calendar
    roles: Mapping[str, ProceedingRole]
    stages: Mapping[str, ProceedingStage]
    acts: Mapping[str, ProceedingAct]
    clocks: Mapping[str, ProceedingClock]
    forms: Mapping[str, Form]
    ladder: LadderRules | None
    order: OrderRules | None


@dataclass(frozen=True, slots=True)
class Grade:
    """How grave an incident is. `rank` 1 is the mildest; `persons_min`: from so many persons whose
    data leaked a machine proposes this grade; None where the number of persons says nothing."""

    id: str
    name: Text
    meaning: Text
    rank: int
    persons_min: int | None
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class GroupingRules:
    """How halts become incidents: the same family within `window_minutes` of the last one is one
    incident, at most `halts_max`; a category of `alone` is grave, and a reply halted in it stands
    alone. `prompts`: categories in which a refused prompt is unlawful use, so counted as well."""

    window_minutes: int
    halts_max: int
    alone: frozenset[str]
    prompts: frozenset[str]


@dataclass(frozen=True, slots=True)
class IncidentRules:
    """Grades in the order of their rank, the grade that a machine proposes, and grouping."""

    grades: Mapping[str, Grade]
    proposed: str
    proposed_alone: str
    grouping: GroupingRules


@dataclass(frozen=True, slots=True)
class ProofRules:
    """When a correction is proven. Shares are upper bounds that must lie at or below.

    `confidence`: of every bound, one-sided. `alpha`: McNemar's two-sided level.
    `held_out_min` and so on: fewer items are "not enough data".
    """

    confidence: float
    alpha: float
    held_out_min: int
    regression_min: int
    benign_min: int
    regressions_share_max: float
    over_block_share_max: float


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One step. `told`: with what the notice to the person begins. `alone`: a machine may take it
    without a person. `effect`: what a gateway does; `per_minute`: how many requests it serves
    where that is `slow`, None where it is not."""

    id: str
    name: Text
    told: Text
    meaning: Text
    rank: int
    alone: bool
    hours_max: int
    effect: Literal["none", "slow", "stop"]
    per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class LadderRules:
    """Measures against a person: the steps, and how many stops call for the next one.

    Stops that lie `memory_days` back, and the measures that followed, count no more. `reasons`:
    what a person is told where so many in a `row`, or on a `day`, called for it (`{count}`).
    `spared`: categories that are held against nobody. Counts of measures below `small_cell` are
    not published.
    """

    steps: Mapping[str, LadderStep]
    consecutive: int
    per_day: int
    memory_days: int
    reasons: Mapping[Literal["row", "day"], Text]
    spared: frozenset[str]
    small_cell: int


@dataclass(frozen=True, slots=True)
class OrderRules:
    """Orders of access: how many sides must give a share to open an identity (of three that hold
    one), how many people at the authority to open a section, how many names one order may hold,
    and which sections of a dossier are sealed."""

    shares_needed: int
    section_shares_needed: int
    names_max: int
    sections: frozenset[str]


@dataclass(frozen=True, slots=True)
class DossierRules:
    """The dossier of a model: the form of a version; the fields that tell one service, one
    implementation and one snapshot from another, outermost first; the field whose file is the
    supply chain, empty where a regime asks for none."""

    form: Form
    levels: tuple[str, ...]
    chain: str


@dataclass(frozen=True, slots=True)
class Supervision:
    """What a pack says of what follows after a halt. A regime may leave out any part."""

    proceedings: Mapping[ProceedingKind, ProceedingRules]
    incident: IncidentRules | None
    proof: ProofRules | None
    ladder: LadderRules | None
    order: OrderRules | None
    dossier: DossierRules | None

    @property
    def shelves(self) -> tuple[Mapping[str, SupervisionEntry], ...]:
        """Everything that bears an id: `incident.clock.report`, `grade.larger`, `step.warn`."""
        clocks = {
            f"{rules.kind}.clock.{clock.id}": clock
            for rules in self.proceedings.values()
            for clock in rules.clocks.values()
        }
        grades = self.incident.grades if self.incident else {}
        steps = self.ladder.steps if self.ladder else {}
        return (
            clocks,
            {f"grade.{grade}": grades[grade] for grade in grades},
            {f"step.{step}": steps[step] for step in steps},
        )


SupervisionEntry = ProceedingClock | Grade | LadderStep
