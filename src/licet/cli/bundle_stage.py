"""`licet bundle stage|shadow|promote|drop`: try a bundle beside the one that serves.

Parse, call, render. It refuses to know how a shadow judges; the running gateway does that.

Exit codes: 1 of `shadow`: the shadow has failed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from licet.base.clock import SystemClock
from licet.base.trouble import NotFound
from licet.cli.home import Home, home_option
from licet.gateway.bundlefile import CURRENT, STAGED, load_bundle, load_bytes, save_bundle
from licet.gateway.bundlekey import load_trusted_keys
from licet.gateway.shadowbook import ShadowSummary, read_differences, read_summary
from licet.guard.bundle import make_guard, read_bundle

NO = 1
RULES_SHOWN = 10
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
@home_option
def stage(file: Path, home: Home) -> None:
    """Try FILE in the shadow: a running gateway judges by it too, without acting."""
    data = load_bytes(file)
    opened = read_bundle(data, load_trusted_keys(home.keys))
    make_guard(opened, today=SystemClock().now().date())  # fit to judge, or refused here
    save_bundle(home.create().bundles / STAGED, data)
    click.echo(f"staged     {opened.name} ({opened.digest})")
    click.echo("A running gateway tries it within a second; nothing is halted or passed by it.")
    click.echo("See what it would change: licet bundle shadow")


@click.command()
@click.option("--last", default=10, show_default=True, metavar="N", help="Differences to list.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@home_option
def shadow(last: int, as_json: bool, home: Home) -> None:
    """Show what the staged bundle would have done otherwise, so far."""
    summary = read_summary(home.shadow)
    if summary is None:
        raise NotFound(
            f"no bundle was tried in {home.root}.", hint="Try one: licet bundle stage FILE"
        )
    differences = read_differences(home.shadow, last) if last > 0 else []
    if as_json:
        shown = {**asdict(summary), "differences": differences}
        click.echo(json.dumps(shown, ensure_ascii=False))
    else:
        click.echo("\n".join(_summary(summary)))
        for one in differences:
            old, new = (" ".join(side) for side in (one["old"], one["new"]))
            click.echo(f"  {one['hour']}  {one['role']}  {one['digest'][:12]}  {old} → {new}")
    if summary.state == "failed":
        raise SystemExit(NO)


@click.command()
@home_option
def promote(home: Home) -> None:
    """Serve under the staged bundle from now on."""
    opened = load_bundle(_staged(home), load_trusted_keys(home.keys))
    save_bundle(home.bundles / CURRENT, load_bytes(_staged(home)))
    _staged(home).unlink()
    click.echo(f"promoted   {opened.name} ({opened.digest})")
    click.echo("A running gateway takes it up within a second.")


@click.command()
@home_option
def drop(home: Home) -> None:
    """Try the staged bundle no longer."""
    _staged(home).unlink()
    click.echo("dropped; what serves has not changed")


def _staged(home: Home) -> Path:
    path = home.bundles / STAGED
    if not path.exists():
        raise NotFound(
            f"no bundle is staged in {home.root}.", hint="Stage one: licet bundle stage FILE"
        )
    return path


def _summary(summary: ShadowSummary) -> Iterator[str]:
    yield f"staged     {summary.staged}"
    yield f"against    {summary.current}"
    yield f"state      {summary.state}, since {summary.since}"
    yield f"texts      {summary.texts}, {summary.texts - summary.same} fare otherwise"
    yield f"not tried  {summary.dropped} for want of time, {summary.failed} failed"
    for kind, count in sorted(summary.kinds.items(), key=lambda one: -one[1]):
        yield f"  {kind}: {count}"
    busiest = sorted(summary.rules.items(), key=lambda one: -one[1])
    yield from (f"  {rule}: {count}" for rule, count in busiest[:RULES_SHOWN])
