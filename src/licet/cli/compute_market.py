"""`licet compute needs`, `offers`, `jobs`: what pools and needs come to.

Parse, call, render. It refuses to decide who gets what.

Exit codes: 0 done; 1 a need cannot be met as it stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from licet.base.clock import SystemClock
from licet.base.trouble import BadInput
from licet.cli.rulebook import DEFAULT_PACK
from licet.compute.answer import Declined, Offer, answer
from licet.compute.jobbook import JobBook
from licet.compute.marketfile import read_market
from licet.compute.model import unfit
from licet.compute.policies import POLICIES
from licet.compute.round import Policy
from licet.compute.wording import BASIS, DECLINED, LANGS, UNFIT, say_reason
from licet.rulebook import load_pack

DECLINES = 1


def policy_of(name: str, pack_id: str) -> Policy:
    """A policy by its name, with the numbers of a pack."""
    return POLICIES[name](load_pack(pack_id).compute.sharing)


market_option = click.argument(
    "path", metavar="MARKET", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
policy_option = click.option("--policy", type=click.Choice(list(POLICIES)), default="promise",
                             show_default=True,
                             help="By which rule it is decided who goes first.")  # fmt: skip
pack_option = click.option("--pack", "pack_id", default=DEFAULT_PACK, show_default=True,
                           help="Its [sharing] sets the policies' numbers.")  # fmt: skip
lang_option = click.option("--lang", type=click.Choice(LANGS), default="en", show_default=True,
                           help="Language of reasons.")  # fmt: skip
at_option = click.option("--at", metavar="MOMENT",
                   help="As if it were then, with its offset from UTC; else now.")  # fmt: skip


@click.command()
@market_option
@lang_option
@at_option
def needs(path: Path, lang: str, at: str | None) -> None:
    """Say of each need on which pools it could run, and why not on the others."""
    pools, wanted, _ = read_market(path)
    now_s = moment_of(at)
    for need in wanted:
        click.echo(f"{need.id}  {need.work:g} {need.unit} ({need.account})")
        for pool in pools:
            reasons = [UNFIT[why][lang] for why in unfit(need, pool, now_s)]
            speed = need.speeds.get(pool.kind)
            basis = "" if speed is None else f"{speed.value:g}/s {BASIS[speed.basis][lang]}"
            click.echo(f"  {pool.id:<16} {'; '.join(reasons) or basis}")


@click.command()
@market_option
@policy_option
@pack_option
@lang_option
@at_option
def offers(path: Path, policy: str, pack_id: str, lang: str, at: str | None) -> None:
    """Answer each need before it queues: when it would run, where, for how much, and why so; or
    why it cannot. Each is answered as if it came alone; exit code 1: one cannot be met."""
    pools, wanted, under_way = read_market(path)
    now_s, declined = moment_of(at), False
    accounts = {n: one.need.account for n, one in enumerate(under_way)}
    for need in wanted:
        found = answer(need, under_way, pools, policy_of(policy, pack_id), now_s)
        declined |= isinstance(found, Declined)
        names = [pool.id for pool in pools]
        if isinstance(found, Offer):
            lines = _offer(found, names, accounts | {len(under_way): need.account}, lang)
        else:
            lines = _declined(found, lang)
        click.echo("\n".join(lines))
    if declined:
        raise SystemExit(DECLINES)


@click.command()
@click.argument("path", metavar="BOOK",
                type=click.Path(exists=True, dir_okay=False, path_type=Path))  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="A line of JSON for each job.")
def jobs(path: Path, as_json: bool) -> None:
    """List the jobs of a book: how far each has come, where, on which attempt, and what its
    customer was told."""
    with closing(JobBook(path)) as book:
        for row in book.all():
            told = [one.what for one in book.told(row.id)]
            if as_json:
                shown = {"id": row.id, "account": row.need.account, "stage": row.stage,
                         "pool": row.pool, "attempt": row.attempt, "ended": row.ended,
                         "owed_fen": row.owed, "told": told}  # fmt: skip
                click.echo(json.dumps(shown, ensure_ascii=False))
                continue
            how, where = row.ended or row.stage, row.pool or "—"
            click.echo(f"{row.id:<16} {row.need.account:<16} {how:<10} {where:<12} "
                       f"{row.attempt:>3}  {', '.join(told)}")  # fmt: skip


def _offer(offer: Offer, pools: list[str], accounts: dict[int, str], lang: str) -> Iterator[str]:
    start, end = say_moment(offer.start_s), say_moment(offer.end_s)
    yield f"{offer.need}  {start} – {end}  {offer.price / 100:.2f} CNY"
    yield f"  {BASIS[offer.basis][lang]}"
    for line in offer.lines:
        hours = line.accelerator_s / 3600
        yield f"  {line.pool:<16} {hours:.2f} h  {line.price / 100:.2f} CNY"
    yield f"  {say_reason(offer.reason, pools, accounts, lang)}"


def _declined(found: Declined, lang: str) -> Iterator[str]:
    yield f"{found.need}  {'; '.join(DECLINED[why][lang] for why in found.why)}"
    if found.soonest_s is not None and found.price is not None:
        yield f"  {say_moment(found.soonest_s)}  {found.price / 100:.2f} CNY"
    for need in found.delayed:
        yield f"  > {need}"
    if "no_pool" in found.why:
        for pool, reasons in found.unfit.items():
            yield f"  {pool:<16} {'; '.join(UNFIT[why][lang] for why in reasons)}"


def say_moment(at_s: int) -> str:
    """A moment as it is printed, in UTC."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(at: str | None) -> int:
    """A moment as typed, None: now, in seconds since 1970. Raises BadInput without offset."""
    if at is None:
        return int(SystemClock().now().timestamp())
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise BadInput(f"{at!r} is no moment.", hint="As in 2026-12-01T08:00:00Z.") from None
    if moment.tzinfo is None:
        raise BadInput(f"{at} has no offset from UTC.", hint="As in 2026-12-01T08:00:00Z.")
    return int(moment.timestamp())
