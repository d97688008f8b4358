"""`licet compute bill`: a supplier's bill against a book of jobs.

Parse, call, render. It refuses to pay.

Exit codes: 0 all is agreed; 1 there are differences.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from licet.base.trouble import BadInput
from licet.cli.compute_market import moment_of
from licet.compute.bills import BILL_BYTES_MAX, Line, compare, ended_s, read_bill, settled_lines
from licet.compute.jobbook import JobBook
from licet.compute.wording import BILL, LANGS

DIFFERS = 1
_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("path", metavar="BOOK", type=_file)
@click.argument("csv", metavar="BILL", type=_file)
@click.option("--supplier", required=True, metavar="NAME", help="Whose bill it is.")
@click.option("--since", metavar="MOMENT", help="Only jobs that ended then or later.")
@click.option("--until", metavar="MOMENT", help="Only jobs that ended before.")
@click.option("--lang", type=click.Choice(LANGS), default="en", show_default=True,
              help="Language of what is said.")  # fmt: skip
def bill(
    path: Path, csv: Path, supplier: str, since: str | None, until: str | None, lang: str
) -> None:
    """Compare a supplier's bill (CSV: job, pool, accelerator_s, fen) with what was metered and
    settled, line by line; exit code 1: they differ."""
    if csv.stat().st_size > BILL_BYTES_MAX:
        raise BadInput(f"{csv.name} is larger than {BILL_BYTES_MAX} bytes.", hint="Split it.")
    billed = read_bill(csv.read_bytes())
    low = moment_of(since) if since else 0
    high = moment_of(until) if until else 2**53
    with closing(JobBook(path)) as book:
        rows = book.all(settled=True)
        ended = [row.id for row in rows if low <= ended_s(book.told(row.id)) < high]
        ours, lost = settled_lines(book.all(), supplier, ended)
    found = compare(billed, ours, lost)
    for one in found.differences:
        sides = "  ".join(f"{side} {_say(line)}" for side, line in
                          (("bill", one.billed), ("ours", one.ours)))  # fmt: skip
        click.echo(f"{one.job:<16} {BILL[one.what][lang]}  {sides}")
    click.echo(f"bill {found.billed_fen / 100:.2f}  ours {found.ours_fen / 100:.2f}  "
               f"agreed {found.agreed_fen / 100:.2f} CNY")  # fmt: skip
    if found.differences:
        raise SystemExit(DIFFERS)


def _say(line: Line | None) -> str:
    return "—" if line is None else f"{line.pool} {line.accelerator_s} s {line.fen / 100:.2f}"
