"""`licet fairness decisions`: a table of decisions, group by group.

Parse, call, render. It refuses to say that a difference is unlawful.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from licet.assess.fairness.decisions import (
    STAGES,
    GroupRate,
    Stage,
    audit_decisions,
    read_decisions,
)
from licet.cli.bank import pack_option
from licet.rulebook import load_pack

CALLED = 1


@click.command()
@click.argument("path", metavar="FILE",
                type=click.Path(exists=True, dir_okay=False, path_type=Path))  # fmt: skip
@click.option("--by", "grounds", multiple=True, required=True, metavar="COLUMN",
              help="A column that names groups; may be repeated.")  # fmt: skip
@click.option("--stage", type=click.Choice(STAGES), default="service", show_default=True,
              help="Of the model's life that the table comes from.")  # fmt: skip
@pack_option
def decisions(path: Path, grounds: tuple[str, ...], stage: Stage, pack_id: str) -> None:
    """Compare who was given what, by group; exit code 1: groups differ.

    FILE is CSV with a heading: outcome (1 or 0), truth (1 or 0, where it is known: what should
    have been given), and a column for each --by. The same serves labels of training data, what a
    model generates, and what a service decides.
    """
    rule = load_pack(pack_id).assessment.evidence
    with path.open(encoding="utf-8-sig", newline="") as lines:
        table = read_decisions(lines, path.name, grounds)
    rows = audit_decisions(table, rule)
    click.echo(f"stage: {stage}; {len(table.outcomes)} rows")
    for line in _table(rows):
        click.echo(line)
    if any(row.called for row in rows):
        raise SystemExit(CALLED)


def _table(rows: Sequence[GroupRate]) -> list[str]:
    line = "{:<12} {:<14} {:<16} {:>7} {:>7} {:>15} {:>7} {:>9} {:>8}".format
    out = [line("ground", "group", "rate", "of", "share", "interval", "others", "p (Holm)", "")]
    for row in rows:
        if row.hidden or row.within is None:
            out.append(line(row.ground, row.group, row.rate, "—", "—", "too few", "—", "—", ""))
            continue
        reach = f"{row.within.low:.1%}–{row.within.high:.1%}"
        out.append(
            line(row.ground, row.group, row.rate, row.of, f"{row.share:.1%}", reach,
                 f"{row.others:.1%}", f"{row.p_family:.4f}", "DIFFERS" if row.called else "")
        )  # fmt: skip
    return out
