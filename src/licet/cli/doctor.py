"""`licet doctor`: look at everything that a gateway stands on, and say what to do.

Parse, call, render. It refuses to know what well and unwell are; `doctor_here`,
`doctor_guard`, `doctor_stores`, `doctor_measures`, `doctor_reach` and `doctor_judges` look.

Exit codes: 0 nothing is bad (it may warn); 1 something is.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass

import click

from licet.base.clock import SystemClock
from licet.base.trouble import BadInput, Trouble
from licet.cli.doctor_scene import Check, Finding, Scene, State
from licet.cli.home import Home, home_option
from licet.gateway.config import Config, load_config

NO = 1
_MARKS: Mapping[State, str] = {"ok": "✓", "warn": "!", "bad": "✗"}
_PLAIN_MARKS: Mapping[State, str] = {"ok": "+", "warn": "!", "bad": "x"}
Found = tuple[str, Finding]

_HERE, _GUARD = "licet.cli.doctor_here", "licet.cli.doctor_guard"
_JUDGES = "licet.cli.doctor_judges"
_STORES, _REACH = "licet.cli.doctor_stores", "licet.cli.doctor_reach"
_LICENCE, _MEASURES = "licet.cli.doctor_licence", "licet.cli.doctor_measures"


@dataclass(frozen=True, slots=True)
class Look:
    """One check by name and place. It is loaded when it is made: where a library is broken, the
    checks that need it say so and the others are made all the same."""

    name: str
    module: str
    function: str

    def __call__(self, scene: Scene) -> Finding:
        check: Check = getattr(importlib.import_module(self.module), self.function)
        return check(scene)


CHECKS = (
    Look("python", _HERE, "check_python"),
    Look("form", _HERE, "check_form"),
    Look("libraries", _HERE, "check_libraries"),
    Look("locale", _HERE, "check_locale"),
    Look("clock", _HERE, "check_clock"),
    Look("home", _HERE, "check_home"),
    Look("signing keys", _HERE, "check_signing_keys"),
    Look("disk", _HERE, "check_disk"),
    Look("shipped", _GUARD, "check_shipped"),
    Look("bundle", _GUARD, "check_bundle"),
    Look("api keys", _STORES, "check_api_keys"),
    Look("ledger", _STORES, "check_ledger"),
    Look("training data", _STORES, "check_training_data"),
    Look("licence", _LICENCE, "check_licence"),
    Look("measures", _MEASURES, "check_measures"),
    Look("port", _REACH, "check_port"),
    Look("limits", _REACH, "check_limits"),
    Look("minors", _REACH, "check_minors"),
    Look("upstreams", _REACH, "check_upstreams"),
    Look("judges", _JUDGES, "check_judges"),
)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@home_option
def doctor(as_json: bool, home: Home) -> None:
    """Look for what is wrong here, and say what to do."""
    encoding = sys.stdout.encoding or "ascii"
    configured, config = _configuration(home)
    scene = Scene(home, config, SystemClock().now(), os.environ, encoding)
    found = [("configuration", configured), *examine(scene, CHECKS)]
    well = all(finding.state != "bad" for _, finding in found)
    if as_json:
        rows = [{"name": name, **asdict(finding)} for name, finding in found]
        click.echo(json.dumps({"ok": well, "checks": rows}, ensure_ascii=False))
    else:
        click.echo("\n".join(_rendered(found, encoding)))
    if not well:
        raise SystemExit(NO)


def examine(scene: Scene, looks: Sequence[Look]) -> list[Found]:
    """What each check found, in order. They run side by side; none can end another."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        running = [(look.name, pool.submit(look, scene)) for look in looks]
    return [(name, _finding(done)) for name, done in running]


def _finding(done: Future[Finding]) -> Finding:
    fault = done.exception()
    if fault is None:
        return done.result()
    if isinstance(fault, Trouble):
        return Finding("bad", fault.message, fault.hint)
    if isinstance(fault, ImportError):
        return Finding("bad", f"a library cannot be loaded: {fault}", "Install Licet again.")
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
