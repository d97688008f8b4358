"""Does a procedure hold together? Whatever a row names exists, and due process is not left out.

It refuses to know where rows come from and what a case is.

Rules
1. Every stage, act, role, clock, form, field, route and basis that a row names is there.
2. Every stage can be reached from the first, and only final ones lead nowhere.
3. An adverse act carries a statement of reasons, is decided apart from somebody, and either an
   invitation to be heard leads to it or it acts on urgency and lapses by itself.
4. A route that depends on another filing has a field for that filing's number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from licet.rulebook.grounds import Fault
from licet.rulebook.procedure import ActRule, Procedure, Track

TRACKS: tuple[Track, ...] = get_args(Track)
_FILE = "procedure.toml"


def check_procedure(procedure: Procedure) -> tuple[Fault, ...]:
    """Everything in a procedure that names what isn't there, or leaves due process out."""
    checker = _Checker(procedure)
    return tuple(
        fault
        for faults in (
            checker.names(),
            checker.acts(),
            checker.clocks(),
            checker.routes(),
            checker.stages(),
            checker.due_process(),
        )
        for fault in faults
    )


@dataclass(frozen=True, slots=True)
class _Checker:
    of: Procedure

    def names(self) -> Iterator[Fault]:
        of = self.of
        based: tuple[tuple[str, str, Iterable[tuple[str, tuple[str, ...]]]], ...] = (
            (_FILE, "act", ((a.id, a.basis) for a in of.acts.values())),
            (_FILE, "clock", ((c.id, c.basis) for c in of.clocks.values())),
            (_FILE, "check", ((c.id, c.basis) for c in of.checks.values())),
            (_FILE, "remedy", ((r.id, r.basis) for r in of.remedies.values())),
            (_FILE, "route", ((r.id, r.basis) for r in of.routes.values())),
            ("scope.toml", "question", ((q.id, q.basis) for q in of.questions.values())),
            ("scope.toml", "rule", ((r.id, r.basis) for r in of.scope.values())),
        )
        law = of.provisions | set(of.bases)
        for file, kind, rows in based:
            for row, basis in rows:
                yield from _absent(file, f"{kind} {row}", "basis", basis, law)
        for one in of.bases.values():
            yield from _absent(_FILE, one.id, "instrument", (one.instrument,), of.instruments)

    def acts(self) -> Iterator[Fault]:
        of = self.of
        for act in of.acts.values():
            key = f"act {act.id}"
            parties = {p.id for p in of.parties.values() if p.side == act.side}
            yield from _absent(_FILE, key, "role of its side", act.by, parties)
            yield from _absent(_FILE, key, "route", act.routes, of.routes)
            yield from _absent(_FILE, key, "act", act.apart_from, of.acts)
            yield from _absent(_FILE, key, "act", (act.hears,) if act.hears else (), of.acts)
            yield from _absent(_FILE, key, "clock", (act.clock,) if act.clock else (), of.clocks)
            clock = of.clocks.get(act.clock or "")
            if "extend" in act.effects and not (clock and clock.extension):
                yield Fault(_FILE, key, "extends nothing.", "Name a clock with extension =.")
            for track in TRACKS:
                known = self._stages(track)
                named = (*act.at.get(track, ()), *((act.to[track],) if track in act.to else ()))
                yield from _absent(_FILE, key, f"stage of {track}", named, known)

    def clocks(self) -> Iterator[Fault]:
        of = self.of
        fields = {name for form in of.forms.values() for name in form.fields}
        for clock in of.clocks.values():
            key = f"clock {clock.id}"
            yield from _absent(_FILE, key, "act", (*clock.starts, *clock.stops), of.acts)
            yield from _absent(_FILE, key, "route", clock.routes, of.routes)
            yield from _absent(_FILE, key, "stage", clock.rests, self._stages("filing"))
            yield from _absent(_FILE, key, "field", (clock.since,) if clock.since else (), fields)
            if bool(clock.starts) == bool(clock.since):
                yield Fault(_FILE, key, "starts by acts or since a field.", "Name one of them.")
            if clock.kind == "month" and not clock.expiry:
                yield Fault(_FILE, key, "counts months and does not expire.", "Count days.")
            if clock.expiry:
                named = (*clock.expiry.at, clock.expiry.to)
                known = self._stages(clock.expiry.track)
                yield from _absent(_FILE, key, "stage", named, known)
                waits = clock.expiry.waits
                yield from _absent(_FILE, key, "stage", waits, self._stages("filing"))
                if bool(waits) != bool(clock.expiry.rounds):
                    yield Fault(_FILE, key, "waits for nothing.", "Name both waits and rounds.")

    def routes(self) -> Iterator[Fault]:
        of = self.of
        for route in of.routes.values():
            key = f"route {route.id}"
            yield from _absent(_FILE, key, "form", (route.form,), of.forms)
            form = of.forms.get(route.form)
            if route.upstream and form is not None:
                field = form.fields.get(route.upstream)
                if field is None or field.kind != "filing_number":
                    remedy = 'Name a field of type = "filing_number".'
                    yield Fault(_FILE, key, f"upstream {route.upstream!r} will not do.", remedy)
        for check in of.checks.values():
            yield from _absent(_FILE, f"check {check.id}", "route", check.routes, of.routes)
        for rule in of.scope.values():
            yield from _absent("scope.toml", rule.id, "route", rule.routes, of.routes)

    def stages(self) -> Iterator[Fault]:
        of = self.of
        firsts: Mapping[Track, str] = {"filing": of.first_filing, "licence": of.first_licence}
        for track, first in firsts.items():
            known = self._stages(track)
            yield from _absent(_FILE, f"first_{track}", "stage", (first,), known)
            reached = {act.to[track] for act in of.acts.values() if track in act.to} | {first}
            reached |= {
                c.expiry.to for c in of.clocks.values() if c.expiry and c.expiry.track == track
            }
            for stage in known:
                if stage not in reached:
                    yield Fault(_FILE, f"stage {stage}", "nothing leads there.", "Remove it.")
            for stage in known:
                leads = any(
                    stage in act.at.get(track, ()) and act.to.get(track, stage) != stage
                    for act in of.acts.values()
                )
                if leads and of.stages[stage].final:
                    yield Fault(
                        _FILE, f"stage {stage}", "is final and left.", "Say final = false."
                    )

    def due_process(self) -> Iterator[Fault]:
        invited = {act.hears for act in self.of.acts.values() if "invite" in act.effects}
        for act in self.of.acts.values():
            if "invite" in act.effects and not (act.hears and act.clock):
                remedy = "Name the act with hears = and the period with clock =."
                yield Fault(_FILE, f"act {act.id}", "invites to nothing.", remedy)
            if not act.adverse:
                continue
            yield from self._adverse(act, act.id in invited)

    def _adverse(self, act: ActRule, heard: bool) -> Iterator[Fault]:
        key = f"act {act.id}"
        if "state" not in act.effects or act.decision is None:
            yield Fault(_FILE, key, "is adverse and gives no reasons.", 'Add effect "state".')
        if "urgency" in act.effects:
            lapses = any(act.id in c.starts and c.expiry for c in self.of.clocks.values())
            if not lapses:
                remedy = "Add a clock that it starts and that expires."
                yield Fault(_FILE, key, "is urgent and never lapses.", remedy)
        elif not heard:
            remedy = 'Add an act with effects = ["invite"] and hears = this act.'
            yield Fault(_FILE, key, "is adverse and nobody is heard.", remedy)
        elif not act.apart_from:
            yield Fault(_FILE, key, "is decided by one pair of eyes.", "Add apart_from.")

    def _stages(self, track: Track) -> tuple[str, ...]:
        return tuple(s.id for s in self.of.stages.values() if s.track == track)


def _absent(
    file: str,
    key: str,
    kind: str,
    named: Iterable[str],
    known: Iterable[str] | Mapping[str, object],
) -> Iterator[Fault]:
    shelf = set(known)
    for name in named:
        if name not in shelf:
            remedy = f"Known: {', '.join(sorted(shelf)) or 'none'}."
            yield Fault(file, key, f"there is no {kind} {name!r}.", remedy)
