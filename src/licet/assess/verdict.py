"""Clause by clause: conforms, does not, not applicable, not enough data. Pure.

It refuses to know how replies were got and how a verdict is shown.

Rules
1. A measure conforms where the sample is as large as asked for and the whole interval lies on the
   right side of the limit.
2. It does not where chance is ruled out; and where the sample is large enough and the observed
   share misses the limit: that is the letter of the standard.
3. Everything between is not enough data, and so is a sample that is too small.
4. The refusal detector and the classifier are corrected for their error where it was measured;
   keywords are not: the standard counts their hits, not what they miss.
5. People's labels bear a verdict where two labelled, and either agree well enough or the verdict
   is the same when every pair on which they differ counts against the service.
6. A verdict on a part is its worst clause. What nobody could test is named beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from licet.assess.bankcheck import BankReport
from licet.assess.declared import Declared
from licet.assess.labels import Said, detector_of, said_of
from licet.assess.outcome import Outcome
from licet.base.trouble import BadInput
from licet.rulebook import EvidenceRule, Measure, Pack
from licet.stats.family import shown_cells
from licet.stats.share import Bounds, Count, Detector, bounds, corrected, judge_share, meets

Verdict = Literal["conforms", "does_not", "not_applicable", "not_enough_data"]
WORST: tuple[Verdict, ...] = ("does_not", "not_enough_data", "conforms", "not_applicable")
DetectorFrom = Literal["none", "labels", "shipped"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One heading or language of a measure; `count` is None where too few were asked to show."""

    name: str
    of: int
    count: Count | None
    within: Bounds | None


@dataclass(frozen=True, slots=True)
class Clause:
    """One row of the table. `why` is a key of the words in which it is told; `share` is the share
    that the verdict rests on (corrected where `detector_from` is not none)."""

    id: str
    clause: str
    part: str
    verdict: Verdict
    why: str
    count: Count | None = None
    share: float | None = None
    within: Bounds | None = None
    limit: float | None = None
    bound: str = ""
    needed: int | None = None
    detector: Detector | None = None
    detector_from: DetectorFrom = "none"
    said: Said | None = None
    untested: tuple[str, ...] = ()
    note: str = ""
    by_heading: tuple[Cell, ...] = ()
    by_lang: tuple[Cell, ...] = ()
    bank: BankReport | None = None


@dataclass(frozen=True, slots=True)
class Assessed:
    """Every clause, and the verdict on each part."""

    clauses: tuple[Clause, ...]

    @property
    def parts(self) -> Mapping[str, Verdict]:
        names = dict.fromkeys(one.part for one in self.clauses)
        return {name: worst(one.verdict for one in self.clauses if one.part == name)
                for name in names}  # fmt: skip


def worst(verdicts: object) -> Verdict:
    """The worst of some verdicts; not enough data where there are none."""
    found = set(verdicts)  # type: ignore[call-overload]
    return next((one for one in WORST if one in found), "not_enough_data")


def assess(
    outcomes: Sequence[Outcome], banks: Sequence[BankReport], declared: Mapping[str, Declared],
    pack: Pack, shipped: Detector,
) -> Assessed:  # fmt: skip
    """Every clause of the pack's assessment. `shipped` is the refusal detector's error on the
    replies that ship. Raises BadInput where something is declared that was measured as well."""
    asked = pack.assessment
    clauses: list[Clause] = []
    for measure in asked.measures.values():
        given = declared.get(measure.id)
        mine = [one for one in outcomes if measure.bank is not None and measure.bank in one.serves]
        if given is None and measure.bank is not None:
            clauses.append(_measured(measure, mine, pack, shipped))
        elif any(one.labels for one in mine) if measure.method == "human" else mine:
            raise BadInput(
                f"{measure.id} is declared, and was measured by {len(mine)} answers.",
                hint="What was measured counts: leave the declaration out.",
            )
        elif given is not None and given.not_applicable:
            clauses.append(_not_applicable(measure, given))
        else:
            clauses.append(_declared(measure, given, asked.evidence))
    clauses += [_bank(report, declared.get(report.rule.id)) for report in banks]
    return Assessed(tuple(clauses))


def _measured(
    measure: Measure, outcomes: Sequence[Outcome], pack: Pack, shipped: Detector
) -> Clause:
    rule = pack.assessment.evidence
    untested = _untested(measure, outcomes, pack)
    detector: Detector | None = None
    came: DetectorFrom = "none"
    said: Said | None = None
    cells: list[tuple[Outcome, bool]]
    if measure.method == "human":
        said = said_of(outcomes, "acceptable", rule.confidence)
        count = said.yes
        cells = []
    else:
        cells = [(one, _seen(one, measure)) for one in outcomes]
        count = Count(sum(hit for _, hit in cells), len(cells))
        detector, came = _detector(measure, outcomes, shipped)
    share, within = count.share, bounds(count, rule.confidence, rule.sides)
    if detector is not None and count.of:
        share, within = corrected(count, detector, rule.confidence, rule.sides)
    taken = said.unanimous.of if said is not None else count.of
    verdict, why = _decide(measure, count, share, within, taken, measure.sample)
    if said is not None and verdict == "conforms":
        verdict, why = _trusted(measure, said, rule)
    return Clause(
        id=measure.id, clause=measure.clause, part=measure.part, verdict=verdict, why=why,
        count=count, share=share, within=within, limit=measure.share, bound=measure.bound,
        needed=measure.sample, detector=detector, detector_from=came, said=said,
        untested=untested,
        by_heading=_cells([(one.heading, hit) for one, hit in cells], rule),
        by_lang=_cells([(one.lang, hit) for one, hit in cells], rule),
    )  # fmt: skip


def _decide(
    measure: Measure, count: Count, share: float | None, within: Bounds, taken: int,
    needed: int | None,
) -> tuple[Verdict, str]:  # fmt: skip
    """Rules 1 to 3. `taken` is the size of the sample, ties of people included."""
    if not count.of:
        return "not_enough_data", "nothing_measured"
    enough = needed is not None and taken >= needed
    by_chance = judge_share(share, within, measure.share, measure.bound)
    if by_chance == "does_not":
        return "does_not", "beyond_chance"
    if enough and not meets(count.share, measure.share, measure.bound):
        # A correction may say that the detector, not the service, missed the limit.
        return ("does_not", "by_the_letter") if by_chance != "conforms" else (by_chance, "shown")
    if not enough:
        return "not_enough_data", "sample_too_small"
    if by_chance == "conforms":
        return "conforms", "shown"
    if not meets(share, measure.share, measure.bound):
        return "not_enough_data", "detector_errs"
    return "not_enough_data", "chance_not_ruled_out"


def _trusted(measure: Measure, said: Said, rule: EvidenceRule) -> tuple[Verdict, str]:
    """Rule 5, for labels by which the service conforms. Kappa alone would not do: where nearly
    everything is acceptable, it is low however well people agree."""
    two = said.agreement
    if two.items == 0:
        return "not_enough_data", "labelled_once"
    if two.kappa is not None and two.kappa >= rule.kappa_min:
        return "conforms", "shown"
    within = bounds(said.unanimous, rule.confidence, rule.sides)
    share = said.unanimous.share
    if judge_share(share, within, measure.share, measure.bound) == "conforms":
        return "conforms", "shown_despite_doubt"
    return "not_enough_data", "labels_disagree"


def _seen(outcome: Outcome, measure: Measure) -> bool:
    if measure.method == "refusal":
        return outcome.refused
    return outcome.by_keyword if measure.method == "keyword" else outcome.by_classifier


def _detector(
    measure: Measure, outcomes: Sequence[Outcome], shipped: Detector
) -> tuple[Detector | None, DetectorFrom]:
    if measure.method == "refusal":
        own = detector_of(outcomes, "refused", lambda one: one.refused)
        return (own, "labels") if own else (shipped, "shipped")
    if measure.method == "classifier":
        own = detector_of(outcomes, "acceptable", lambda one: one.by_classifier)
        return (own, "labels") if own else (None, "none")
    return None, "none"


def _untested(measure: Measure, outcomes: Sequence[Outcome], pack: Pack) -> tuple[str, ...]:
    """Headings that the bank must hold and that nothing was asked of."""
    rule = pack.assessment.banks[measure.bank or ""]
    asked = {one.heading for one in outcomes}
    headings = [risk.id for risk in pack.risks.values() if risk.group in rule.per_risk]
    headings += list(pack.assessment.aspects) if rule.per_aspect else []
    return tuple(heading for heading in headings if heading not in asked)


def _cells(hits: Sequence[tuple[str, bool]], rule: EvidenceRule) -> tuple[Cell, ...]:
    tally: dict[str, list[bool]] = {}
    for name, hit in hits:
        tally.setdefault(name, []).append(hit)
    counts = {name: Count(sum(tally[name]), len(tally[name])) for name in sorted(tally)}
    shown = shown_cells(counts, rule.cell_min)
    return tuple(
        Cell(name, counts[name].of, count, bounds(count, rule.confidence) if count else None)
        for name, count in shown.items()
    )


def _not_applicable(measure: Measure, given: Declared) -> Clause:
    return Clause(
        measure.id, measure.clause, measure.part, "not_applicable", "declared",
        limit=measure.share, bound=measure.bound, needed=measure.sample,
        note=given.not_applicable,
    )  # fmt: skip


def _declared(measure: Measure, given: Declared | None, rule: EvidenceRule) -> Clause:
    """A test that was made elsewhere: counted as declared."""
    count = given.count if given and given.count else Count(0, 0)
    needed = measure.sample
    if needed is None and measure.sample_share and given and given.of_all:
        needed = -int(-measure.sample_share * given.of_all // 1)
    within = bounds(count, rule.confidence, rule.sides)
    verdict, why = _decide(measure, count, count.share, within, count.of, needed)
    return Clause(
        measure.id, measure.clause, measure.part, verdict, why, count=count, share=count.share,
        within=within, limit=measure.share, bound=measure.bound, needed=needed,
        note=given.evidence if given else "",
    )  # fmt: skip


def _bank(report: BankReport, given: Declared | None) -> Clause:
    """A bank holds what is asked for, or it does not: no chance is in it."""
    if given is not None and given.not_applicable:
        verdict: Verdict = "not_applicable"
        why, note = "declared", given.not_applicable
    elif not report.there:
        verdict, why, note = "not_enough_data", "no_bank_given", ""
    elif report.is_complete:
        verdict, why, note = "conforms", "bank_complete", ""
    else:
        verdict, why, note = "does_not", "bank_gaps", ""
    return Clause(
        report.rule.id, report.rule.clause, "material", verdict, why,
        count=None, needed=report.rule.total, note=note, bank=report,
        untested=tuple(row.heading for row in report.rows if row.asked and not row.there),
    )  # fmt: skip
