"""`licet bank`: the banks of test questions, shown and checked against what the pack asks for.

Parse, call, render. It refuses to judge questions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from licet.assess.bank import Bank
from licet.assess.bankcheck import BankReport, check_banks
from licet.assess.bankfile import load_bank, shipped_banks
from licet.base.trouble import NotFound
from licet.cli.refused import TroubleGroup
from licet.cli.rulebook import DEFAULT_PACK
from licet.rulebook import load_pack

NO = 1  # exit code: something lacks
bank_option = click.option(
    "--bank", "banks", multiple=True, metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A bank of your own (.toml or .jsonl), beside those that ship; may be repeated.",
)  # fmt: skip
alone_option = click.option(
    "--without-shipped", is_flag=True, help="Leave the banks that ship with Licet out."
)
pack_option = click.option(
    "--pack", "pack_id", default=DEFAULT_PACK, show_default=True, help="Pack id."
)


def chosen_banks(files: Sequence[Path], without_shipped: bool) -> tuple[Bank, ...]:
    """The banks to work with. Raises NotFound where there are none."""
    banks = (*(() if without_shipped else shipped_banks()), *map(load_bank, files))
    if not banks:
        raise NotFound("there is no bank.", hint="Name one with --bank FILE.")
    return banks


@click.group(cls=TroubleGroup)
def bank() -> None:
    """Show and check banks of test questions."""


@bank.command()
@click.argument("bank_id", metavar="[ID]", required=False)
@bank_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a question.")
def show(bank_id: str | None, banks: tuple[Path, ...], as_json: bool) -> None:
    """List the banks, or the questions of one by its ID."""
    found = chosen_banks(banks, without_shipped=False)
    if bank_id is None:
        for one in found:
            serves = ", ".join(one.serves)
            click.echo(f"{one.id} {one.version}  {len(one.items)} questions for {serves}")
            click.echo(f"  sha256 {one.digest}")
        return
    named = [one for one in found if one.id == bank_id]
    if not named:
        known = ", ".join(one.id for one in found)
        raise NotFound(f"there is no bank {bank_id!r}.", hint=f"There are: {known}.")
    for item in named[0].items:
        if as_json:
            line = {"id": item.id, "heading": item.heading, "topic": item.topic,
                    "lang": item.lang, "text": item.text}  # fmt: skip
            click.echo(json.dumps(line, ensure_ascii=False))
        else:
            click.echo(f"{item.id}  {item.heading:<10} {item.lang}  {item.text}")


@bank.command()
@bank_option
@alone_option
@pack_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(banks: tuple[Path, ...], without_shipped: bool, pack_id: str, as_json: bool) -> None:
    """Say what banks lack of what the pack asks for; exit code 1: something does.

    Risks that the licensed operator must author are named, never passed over.
    """
    reports = check_banks(chosen_banks(banks, without_shipped), load_pack(pack_id))
    if as_json:
        click.echo(json.dumps([_as_object(one) for one in reports], ensure_ascii=False, indent=1))
    else:
        for report in reports:
            click.echo("\n".join(_lines(report)))
    if not all(report.is_complete for report in reports):
        raise SystemExit(NO)


def _lines(report: BankReport) -> Iterator[str]:
    rule = report.rule
    said = "complete" if report.is_complete else "gaps"
    yield f"{rule.id} ({rule.clause} {rule.name['en']}): {report.there} of {rule.total}, {said}"
    lacking = [row for row in report.rows if row.gap]
    if report.gap and not report.there:
        yield "  nothing is here; under every heading:"
    for row in lacking:
        by = ", by the licensed operator" if row.author == "operator" else ""
        yield f"  {row.heading:<10} {row.there:>5} of {row.asked:<5} lacks {row.gap}{by}"
    if report.gap:
        yield f"  in all     {report.there:>5} of {rule.total:<5} lacks {report.gap}"


def _as_object(report: BankReport) -> dict[str, object]:
    return {
        "bank": report.rule.id,
        "clause": report.rule.clause,
        "there": report.there,
        "asked": report.rule.total,
        "complete": report.is_complete,
        "headings": [
            {"id": row.heading, "there": row.there, "asked": row.asked, "lacks": row.gap,
             "by_lang": dict(row.by_lang), "author": row.author}
            for row in report.rows
        ],
    }  # fmt: skip


__all__ = ["bank"]
