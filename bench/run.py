"""`make bench`: ours beside nothing, nginx, bare uvicorn and LiteLLM, on one mock, in one table.

    python bench/run.py [--only licet,nginx] [--seconds 5] [--quick] [--no-install]

Prints the table and writes every figure to bench/results/. README.md says how to read it. Ends
with 0 when a table could be printed; a missed aim is shown, not punished.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

import contenders
import table
from contenders import Absent, Contender, Found
from measure import Bench, Figures
from procs import cores, free_port, lift_file_limit, started

HERE = Path(__file__).resolve().parent
RULES = 10_000
LITELLM_PHRASES = (2, 1_000)


def wanted(chosen: argparse.Namespace, mock_port: int, work: Path) -> list[Found]:
    """Everyone who was asked for, found or not; `direct` always, since others are compared."""
    only = set(chosen.only.split(",")) if chosen.only else {"nginx", "uvicorn", "licet", "litellm"}
    out: list[Found] = [contenders.direct(mock_port)]
    if "nginx" in only:
        out.append(contenders.nginx(mock_port, work))
    if "uvicorn" in only:
        out.append(contenders.uvicorn(mock_port))
    if "licet" in only:
        out.append(contenders.licet(mock_port, work, chosen.rules))
    if "litellm" in only:
        for count in LITELLM_PHRASES:
            out.append(contenders.litellm(mock_port, work, count, not chosen.no_install))
            if isinstance(out[-1], Absent):
                break
    return out


def run(chosen: argparse.Namespace) -> int:
    """Measure whom was asked for and print the table."""
    lift_file_limit()
    if shutil.which("wrk") is None:
        print("wrk is not installed (apt-get install wrk): no figures per request\n")
    measured: list[Figures] = []
    absent: list[Absent] = []
    with tempfile.TemporaryDirectory(prefix="licet-bench-") as folder:
        work, port = Path(folder), free_port()
        argv = [sys.executable, str(HERE / "mock_upstream.py"), "--port", str(port)]
        with started(argv, cores()[1], work / "mock.log") as mock:
            bench = Bench(chosen.seconds, chosen.tries, mock)
            for found in wanted(chosen, port, work):
                if isinstance(found, Contender):
                    print(f"measuring {found.name} ...", file=sys.stderr, flush=True)
                    measured.append(bench.measure(found, work))
                else:
                    absent.append(found)
    print(table.render(measured, absent))
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    target = results / f"{time.strftime('%Y%m%dT%H%M%S')}.json"
    about = {"python": platform.python_version(), "machine": platform.platform()}
    figures = [one.as_json() for one in measured]
    target.write_text(json.dumps(about | {"figures": figures}, indent=1), encoding="utf-8")
    print(f"\nAll figures: {target.relative_to(HERE.parent)}")
    return 0


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="ours beside nginx and LiteLLM")
    options.add_argument("--only", default="", help="of nginx,uvicorn,licet,litellm")
    options.add_argument("--seconds", type=float, default=5, help="a load")
    options.add_argument("--tries", type=int, default=2, help="where others disturb")
    options.add_argument("--rules", type=int, default=RULES)
    options.add_argument("--no-install", action="store_true", help="do not install a peer")
    options.add_argument("--quick", action="store_true", help="2 s a load, once")
    given = options.parse_args()
    if given.quick:
        given.seconds, given.tries = 2, 1
    sys.exit(run(given))
