"""`licet compute explain`: who gets what now and why so, or why a round of a desk went as it did.

Parse, call, render. It refuses to decide who gets what.

Exit codes: 0 done; 1 a round is not what its policy makes of it, or does not stand in the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import click

from licet.base.trouble import BadInput, NotFound
from licet.cli.compute_market import (
    at_option,
    lang_option,
    market_option,
    moment_of,
    pack_option,
    policy_of,
    policy_option,
    say_moment,
)
from licet.cli.ledger import lines_of
from licet.compute.decided import decode, differs, reasons
from licet.compute.explain import Reason, explain
from licet.compute.jobbook import JobBook
from licet.compute.marketfile import read_market
from licet.compute.project import seen
from licet.compute.wording import say_reason
from licet.ledger.entry import parse_entry

DIFFERS = 1
_SQLITE = b"SQLite format 3\0"


@click.command("explain")
@market_option
@policy_option
@pack_option
@lang_option
@at_option
@click.option("--round", "number", type=click.IntRange(1), metavar="N",
              help="Of a desk's book of jobs: this round; else the latest.")  # fmt: skip
@click.option("--ledger", "log", metavar="DIR|URL",
              help="With a book of jobs: the round must stand in this log.")  # fmt: skip
def explain_command(
    path: Path, policy: str, pack_id: str, lang: str, at: str | None, number: int | None,
    log: str | None,
) -> None:  # fmt: skip
    """Say what everything under way gets at this moment, by which rule, and whose claim stands
    before it. MARKET may be a desk's book of jobs: then a round is made again as it was decided;
    exit code 1: it comes out otherwise, or does not stand in the ledger."""
    if _is_book(path):
        _explain_round(path, number, log, lang)
        return
    if number is not None or log is not None:
        raise BadInput("--round and --ledger go with a book of jobs.", hint="Give jobs.db.")
    pools, _, under_way = read_market(path)
    left = {work.need.id: (work.need, work.left) for work in under_way}
    now, row = seen(left, pools, moment_of(at))
    found = explain(now, policy_of(policy, pack_id).shares(now))
    accounts = {n: need.account for n, (need, _) in enumerate(left.values())}
    _say({name: found[n] for name, n in row.items()}, [p.id for p in pools], accounts, lang)


def _is_book(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def _explain_round(path: Path, number: int | None, log: str | None, lang: str) -> None:
    with closing(JobBook(path)) as book:
        found = book.round(number)
    if found is None:
        raise NotFound("there is no such round.", hint="Leave --round out for the latest.")
    number, body = found
    kept = decode(body)
    asked, answer = kept.question, kept.answer
    click.echo(f"{number}  {say_moment(asked.at_s)}  {asked.policy}  "
               f"running {len(asked.running)}, waiting {len(asked.waiting)}, "
               f"placed {len(answer.placed)}  domestic +{asked.premium:.1%}")  # fmt: skip
    named, accounts = reasons(kept)
    _say(named, [pool.id for pool in asked.pools], accounts, lang, answer.placed)
    wrong = differs(kept)
    click.echo(f"made again: {'OTHERWISE for ' + ', '.join(wrong) if wrong else 'the same'}")
    stands = _stands(log, number, sha256(body).hexdigest()) if log else None
    if log:
        click.echo(f"ledger: {'NOT there' if stands is None else f'entry {stands}'}")
    if wrong or (log and stands is None):
        raise SystemExit(DIFFERS)


def _stands(log: str, number: int, digest: str) -> int | None:
    """The index of the entry about a round, None: there is none with this digest."""
    for index, line in lines_of(log):
        if b'"type":"compute.allocated"' in line:
            fields = parse_entry(line).pub
            if (fields.get("round"), fields.get("record_sha256")) == (number, digest):
                return index
    return None


def _say(
    found: Mapping[str, Reason], pools: Sequence[str], accounts: Mapping[int, str], lang: str,
    placed: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    for name, reason in found.items():
        share = ", ".join(
            f"{pool} {part:.0%}"
            for pool, part in zip(pools, reason.share, strict=True)
            if part > 0
        )
        begins = f"-> {placed[name]}  " if placed and name in placed else ""
        why = say_reason(reason, pools, accounts, lang)
        click.echo(f"{name}  {begins}{share or '—'}  {why}")
