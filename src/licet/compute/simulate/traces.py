"""Recorded demand and measured speeds, read from files that others published.

It refuses to ship any of them: whoever simulates brings the files. Nothing that a file does not
say is made up; what must be assumed is an argument.
"""

from __future__ import annotations

import ast
import csv
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from licet.base.trouble import BadInput
from licet.compute.placing import Nodes
from licet.compute.simulate.demand import Cluster, Job, Speeds

FILE_BYTES_MAX = 64 << 20
_GAVEL = "Give simulation_throughputs.json of Gavel's repository."
_PHILLY = "Give philly.csv: timestamp, duration, num_gpus, gpu_time, cluster."
_OPENB = "Give the lists of nodes and pods of Alibaba's cluster-trace-gpu-v2023."


def gavel_speeds(path: Path, kinds: tuple[str, ...]) -> dict[tuple[str, int], Speeds]:
    """Steps a second of each (model, gang) on `kinds`, from Gavel's file of throughputs.

    Raises BadInput where the file is another.
    """
    try:
        table = json.loads(_read(path))
        names = [name for name in table[kinds[0]] if all(name in table[kind] for kind in kinds)]
        return {
            ast.literal_eval(name): tuple(float(table[kind][name]["null"]) for kind in kinds)
            for name in names
        }
    except (KeyError, ValueError, SyntaxError, TypeError) as error:
        raise BadInput(f"{path.name} cannot be used: {error!r}.", hint=_GAVEL) from None


def philly_jobs(path: Path, count: int) -> list[Job]:
    """The first `count` jobs of Microsoft's Philly record, on one kind of speed 1: its work is the
    seconds that it ran. An account is a virtual cluster.

    Raises BadInput where the file is another.
    """
    out, accounts = list[Job](), dict[str, int]()
    try:
        rows = sorted(csv.DictReader(_read(path).splitlines()), key=lambda row: row["timestamp"])
        began: datetime | None = None
        for row in rows[:count]:
            at = datetime.fromisoformat(row["timestamp"])
            began = began or at
            account = accounts.setdefault(row["cluster"], len(accounts))
            work = float(row["duration"])
            if work > 0:
                arrives_s = (at - began).total_seconds()
                out.append(Job(arrives_s, int(row["num_gpus"]), work, (1.0,), account=account))
    except (KeyError, ValueError, TypeError) as error:
        raise BadInput(f"{path.name} cannot be used: {error!r}.", hint=_PHILLY) from None
    return out


def openb_cluster(path: Path) -> Cluster:
    """The accelerators of Alibaba's record, by model. Raises BadInput where it is another file."""
    kinds: dict[str, list[int]] = {}
    try:
        for row in csv.DictReader(_read(path).splitlines()):
            if int(row["gpu"]):
                kinds.setdefault(row["model"], []).append(int(row["gpu"]))
    except (KeyError, ValueError, TypeError) as error:
        raise BadInput(f"{path.name} cannot be used: {error!r}.", hint=_OPENB) from None
    names = tuple(sorted(kinds))
    return Cluster(names, tuple(Nodes(sum(kinds[name]), max(kinds[name])) for name in names))


def openb_jobs(
    path: Path, cluster: Cluster, speed: Mapping[str, float], count: int
) -> Iterator[Job]:
    """Pods that ask for whole accelerators and ended, the first `count` of the record, with the
    models that they allow. The record has no speeds: `speed` says what is assumed of each model
    (1 where it says nothing), and work is seconds at speed 1.

    Raises BadInput where the file is another.
    """
    try:
        rows = list(csv.DictReader(_read(path).splitlines()))
        rows.sort(key=lambda row: float(row["creation_time"]))
        taken = 0
        for row in rows:
            gang = int(row["num_gpu"])
            if not gang or int(row["gpu_milli"]) < 1000 or not row["scheduled_time"]:
                continue
            work = float(row["deletion_time"]) - float(row["scheduled_time"])
            allowed = set(filter(None, row["gpu_spec"].split("|")))
            speeds = tuple(
                speed.get(kind, 1.0) if not allowed or kind in allowed else 0.0
                for kind in cluster.kinds
            )
            if work > 0 and taken < count:
                taken += 1
                yield Job(float(row["creation_time"]), gang, work, speeds)
    except (KeyError, ValueError, TypeError) as error:
        raise BadInput(f"{path.name} cannot be used: {error!r}.", hint=_OPENB) from None


def _read(path: Path) -> str:
    if path.stat().st_size > FILE_BYTES_MAX:
        raise BadInput(f"{path.name} is larger than {FILE_BYTES_MAX} bytes.", hint="Cut it.")
    return path.read_text("utf-8")
