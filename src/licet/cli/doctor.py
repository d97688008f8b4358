"""`licet doctor`: look at everything that a gateway stands on, and say what to do.

Parse, call, render. It refuses to know what well and unwell are; `doctor_here` and
`doctor_reach` look.

Exit codes: 0 nothing is bad (it may warn); 1 something is.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from functools import partial

import click

from licet.base.clock import SystemClock
from licet.base.trouble import BadInput, Trouble
from licet.cli.doctor_here import (
    check_api_keys,
    check_bundle,
    check_clock,
    check_disk,
    check_home,
    check_ledger,
    check_libraries,
    check_locale,
    check_python,
    check_shipped,
    check_signing_keys,
)
from licet.cli.doctor_reach import check_port, check_redis, check_upstream
from licet.cli.doctor_scene import Check, Finding, Scene, State
from licet.cli.home import Home, home_option
from licet.gateway.config import Config, load_config
from licet.gateway.limits_store import REDIS_SCHEMES

NO = 1
_MARKS: Mapping[State, str] = {"ok": "✓", "warn": "!", "bad": "✗"}
_PLAIN_MARKS: Mapping[State, str] = {"ok": "+", "warn": "!", "bad": "x"}
Found = tuple[str, Finding]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("python", check_python),
    ("libraries", check_libraries),
    ("locale", check_locale),
    ("clock", check_clock),
    ("home", check_home),
    ("signing keys", check_signing_keys),
    ("shipped", check_shipped),
    ("bundle", check_bundle),
    ("api keys", check_api_keys),
    ("ledger", check_ledger),
    ("disk", check_disk),
    ("port", check_port),
)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@home_option
def doctor(as_json: bool, home: Home) -> None:
    """Look for what is wrong here, and say what to do."""
    encoding = sys.stdout.encoding or "ascii"
    configured, config = _configuration(home)
    scene = Scene(home, config, SystemClock().now(), os.environ, encoding)
    found = [("configuration", configured), *examine(scene, checks_of(scene))]
    well = all(finding.state != "bad" for _, finding in found)
    if as_json:
        rows = [{"name": name, **asdict(finding)} for name, finding in found]
        click.echo(json.dumps({"ok": well, "checks": rows}, ensure_ascii=False))
    else:
        click.echo("\n".join(_rendered(found, encoding)))
    if not well:
        raise SystemExit(NO)


def checks_of(scene: Scene) -> tuple[tuple[str, Check], ...]:
    """The checks that make sense here, by name, in the order in which they are shown."""
    if scene.config is None:
        return CHECKS
    counters: list[tuple[str, Check]] = []
    if scene.config.limits.url.startswith(REDIS_SCHEMES):
        counters.append(("limits", check_redis))
    upstreams = [
        (f"upstream {upstream.name}", partial(check_upstream, upstream))
        for upstream in scene.config.upstream
    ]
    return (*CHECKS, *counters, *upstreams)


def examine(scene: Scene, checks: Sequence[tuple[str, Check]]) -> list[Found]:
    """What each check found, in order. They run side by side; none can end another."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        running = [(name, pool.submit(check, scene)) for name, check in checks]
    return [(name, _finding(done)) for name, done in running]


def _finding(done: Future[Finding]) -> Finding:
    fault = done.exception()
    if fault is None:
        return done.result()
    if isinstance(fault, Trouble):
        return Finding("bad", fault.message, fault.hint)
    return Finding(
        "bad", f"could not be looked at: {type(fault).__name__}: {fault}", "Please report this."
    )


def _configuration(home: Home) -> tuple[Finding, Config | None]:
    try:
        if not home.config.exists():
            return Finding("warn", "there is none yet", "`licet up` writes a first one."), None
        config = load_config(home.config)
    except BadInput as trouble:
        return Finding("bad", trouble.message, trouble.hint), None
    except OSError as error:
        return Finding("bad", f"{home.config}: {error.strerror}", "Check who owns it."), None
    return Finding("ok", str(home.config)), config


def _rendered(found: Sequence[Found], encoding: str) -> Iterator[str]:
    marks = _MARKS if encoding.lower().startswith("utf") else _PLAIN_MARKS
    width = max(len(name) for name, _ in found)
    for name, finding in found:
        yield f"{marks[finding.state]} {name.ljust(width)}  {finding.said}"
        if finding.hint:
            yield f"  {' ' * width}  {finding.hint}"
