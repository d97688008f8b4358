"""One contract for whoever runs jobs: processes of this machine, and a real Slurm where it is.

The Slurm is an emulated cluster on this machine (kit.slurm): its control is real, its accelerators
are not.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from kit.slurm import Cluster, Supplier, cluster, missing
from licet.base.trouble import BadInput, NotFound, Unavailable
from licet.compute.execution.container import JOB_PATH, find_runtime
from licet.compute.execution.contract import OVER, Executor, Seen, Spec
from licet.compute.execution.local import SUPERVISE, LocalExecutor
from licet.compute.execution.slurm import SlurmExecutor, commands

SUPPLIERS = (Supplier("sup-a", "h20", 4), Supplier("sup-b", "ascend910b", 2))
WAIT_S = 30.0
# What stands for Apptainer: it says what it was asked, then runs what comes after the image.
CONTAINERS = """#!/bin/sh
echo "$@" >asked
while [ "${1#docker://}" = "$1" ]; do shift; done
shift
exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Rig:
    """An executor, its folder, and its cluster if it has one."""

    executor: Executor
    folder: Path
    cluster: Cluster | None


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if missing():
        pytest.skip(f"Slurm's programs are not all installed: {missing()}")
    with cluster(tmp_path_factory.mktemp("slurm"), SUPPLIERS) as made:
        yield made


@pytest.fixture(params=["local", "slurm"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    runtime = tmp_path / "apptainer"
    runtime.write_text(CONTAINERS)
    runtime.chmod(0o700)
    if request.param == "local":
        pools = {one.name: one.count for one in SUPPLIERS}
        local = LocalExecutor(pools, tmp_path / "jobs", runtime=str(runtime))
        return Rig(local, tmp_path / "jobs", None)
    made: Cluster = request.getfixturevalue("slurm")
    places = [one.place for one in SUPPLIERS]
    there = SlurmExecutor(places, tmp_path, commands(made.conf), runtime=str(runtime))
    return Rig(there, tmp_path, made)


def spec(name: str, script: str = "true", gang: int = 1, longest_s: int = 60) -> Spec:
    return Spec(name, "acme", ("sh", "-c", script), gang, longest_s)


def until(rig: Rig, job: str, holds: Callable[[Seen], bool]) -> Seen:
    ends = time.monotonic() + WAIT_S
    while True:
        seen = rig.executor.look([job]).get(job)
        if seen is not None and holds(seen):
            return seen
        assert time.monotonic() < ends, f"{job} is {seen}"
        time.sleep(0.2)


def over(seen: Seen) -> bool:
    return seen.state in OVER and seen.end_s is not None


def test_a_job_waits_until_it_is_released_runs_once_and_is_metered(rig: Rig) -> None:
    path = rig.folder / "ran"
    job = spec("once", f"echo x >>{path}; sleep 2", gang=2)
    rig.executor.submit(job)
    rig.executor.submit(job)
    assert until(rig, "once", lambda s: s.state == "held").pool is None
    rig.executor.release("once", "sup-a")
    rig.executor.release("once", "sup-a")
    seen = until(rig, "once", over)
    rig.executor.submit(job)
    rig.executor.release("once", "sup-a")
    assert (seen.state, seen.code, seen.pool) == ("ended", 0, "sup-a")
    assert path.read_text() == "x\n"
    assert seen.start_s is not None
    assert seen.end_s is not None
    (used,) = rig.executor.meter(["once"])
    assert used.pool == "sup-a"
    assert used.accelerator_s == 2 * (seen.end_s - seen.start_s)
    assert used.accelerator_s >= 2 * 2


def test_a_job_that_fails_says_how(rig: Rig) -> None:
    rig.executor.submit(spec("bad", "exit 3"))
    rig.executor.release("bad", "sup-b")
    seen = until(rig, "bad", over)
    assert (seen.state, seen.code) == ("failed", 3)


def test_what_it_prints_is_kept(rig: Rig) -> None:
    rig.executor.submit(spec("talks", "echo 你好"))
    rig.executor.release("talks", "sup-a")
    until(rig, "talks", over)
    assert (rig.folder / "talks" / "output.txt").read_text("utf-8") == "你好\n"


def test_a_job_with_an_image_runs_in_a_container_in_its_own_folder(rig: Rig) -> None:
    job = replace(spec("boxed", "echo in; exit 4"), image="registry.example/team/train:1.2")
    rig.executor.submit(job)
    rig.executor.release("boxed", "sup-a")
    seen = until(rig, "boxed", over)
    assert (seen.state, seen.code) == ("failed", 4)
    home = rig.folder / "boxed"
    assert (home / "output.txt").read_text() == "in\n"
    assert (home / "asked").read_text() == (
        "exec --containall --pwd /job --bind .:/job docker://registry.example/team/train:1.2"
        " sh -c echo in; exit 4\n"
    )


@pytest.mark.parametrize("image", ["team/train", "--help", "a b"])
def test_an_image_that_nothing_runs_or_that_is_none_is_refused(tmp_path: Path, image: str) -> None:
    bare = LocalExecutor({"p": 1}, tmp_path, runtime="")
    there = LocalExecutor({"p": 1}, tmp_path, runtime="apptainer")
    for executor in (bare,) if image == "team/train" else (bare, there):
        with pytest.raises(BadInput, match="image"):
            executor.submit(replace(spec("no"), image=image))
    assert bare.look(["no"]) == {}


def test_what_runs_images_is_looked_for_where_jobs_look() -> None:
    def found(*names: str) -> str:
        return find_runtime(
            lambda name, path: name if name in names and path == JOB_PATH else None
        )

    assert found() == ""
    assert found("singularity") == "singularity"
    assert found("singularity", "apptainer") == "apptainer"


def test_no_pool_has_more_than_it_has(rig: Rig) -> None:
    rig.executor.submit(spec("first", "sleep 3", gang=2))
    rig.executor.submit(spec("second", "sleep 1", gang=1))
    for job in ("first", "second"):
        rig.executor.release(job, "sup-b")
    until(rig, "first", lambda s: s.state == "running")
    assert rig.executor.look(["second"])["second"].state == "queued"
    first, second = until(rig, "first", over), until(rig, "second", over)
    assert first.end_s is not None
    assert second.start_s is not None
    assert second.start_s >= first.end_s


@pytest.mark.parametrize("when", ["held", "running"])
def test_a_job_can_be_taken_back(rig: Rig, when: str) -> None:
    name = f"back-{when}"
    rig.executor.submit(spec(name, "sleep 60"))
    if when == "running":
        rig.executor.release(name, "sup-a")
        until(rig, name, lambda s: s.state == "running" and s.start_s is not None)
        time.sleep(0.5)
    rig.executor.cancel(name)
    assert until(rig, name, lambda s: s.state in OVER).state == "cancelled"
    rig.executor.cancel(name)
    if when == "held":
        assert sum(one.accelerator_s for one in rig.executor.meter([name])) == 0


def test_a_script_cannot_ask_for_more_than_was_allocated(rig: Rig) -> None:
    """The hole of untyped or foreign requests: lines of #SBATCH in what a customer brings."""
    script = rig.folder / "greedy.sh"
    asks = "".join(f"#SBATCH {one}\n" for one in ("--gres=gpu:h20:4", "-C h20", "-w sup-a"))
    script.write_text(f"#!/bin/sh\n{asks}sleep 2\n")
    script.chmod(0o755)
    rig.executor.submit(Spec("greedy", "acme", (str(script),), 1, 60))
    rig.executor.release("greedy", "sup-b")
    seen = until(rig, "greedy", over)
    assert (seen.state, seen.pool) == ("ended", "sup-b")
    assert seen.start_s is not None
    assert seen.end_s is not None
    used = rig.executor.meter(["greedy"])
    assert [(one.pool, one.accelerator_s) for one in used] == [
        ("sup-b", seen.end_s - seen.start_s)
    ]


def test_room_is_what_answers(rig: Rig) -> None:
    assert rig.executor.room() == {"sup-a": 4, "sup-b": 2}


def test_what_is_not_there_is_refused(rig: Rig) -> None:
    assert rig.executor.look(["nobody"]) == {}
    assert rig.executor.meter(["nobody"]) == ()
    with pytest.raises(NotFound):
        rig.executor.release("nobody", "sup-a")
    rig.executor.submit(spec("lost-way"))
    with pytest.raises(BadInput):
        rig.executor.release("lost-way", "sup-z")


@pytest.mark.parametrize("bad", [
    {"id": "A b"}, {"id": ""}, {"account": "--x"}, {"command": ()}, {"command": ("a\0",)},
    {"gang": 0}, {"longest_s": 0}, {"longest_s": 10**9},
])  # fmt: skip
def test_a_job_of_nonsense_is_refused(bad: dict[str, object]) -> None:
    good = {"id": "j", "account": "a", "command": ("true",), "gang": 1, "longest_s": 5}
    with pytest.raises(BadInput):
        Spec(**{**good, **bad})  # type: ignore[arg-type]


def test_a_local_job_ends_at_its_longest_time(tmp_path: Path) -> None:
    rig = Rig(LocalExecutor({"p": 1}, tmp_path), tmp_path, None)
    rig.executor.submit(spec("long", "sleep 60", longest_s=1))
    rig.executor.release("long", "p")
    assert until(rig, "long", over).state == "timed_out"


def test_a_local_job_that_was_never_born_is_lost_and_not_started_again(tmp_path: Path) -> None:
    rig = Rig(LocalExecutor({"p": 1}, tmp_path), tmp_path, None)
    rig.executor.submit(spec("ghost", f"echo x >>{tmp_path}/ran"))
    (tmp_path / "ghost" / "run").mkdir()
    rig.executor.release("ghost", "p")
    os.utime(tmp_path / "ghost" / "run", (0, 0))
    assert rig.executor.look(["ghost"])["ghost"].state == "lost"
    late = ["/bin/sh", "-c", SUPERVISE, "60", "sh", "-c", f"echo x >>{tmp_path}/ran"]
    subprocess.run(late, cwd=tmp_path / "ghost", check=True)  # its process, born too late
    assert rig.executor.look(["ghost"])["ghost"].state == "lost"
    assert not (tmp_path / "ran").exists()


def test_jobs_go_on_when_whoever_started_them_is_gone(tmp_path: Path) -> None:
    LocalExecutor({"p": 1}, tmp_path).submit(spec("goes-on", "sleep 1"))
    LocalExecutor({"p": 1}, tmp_path).release("goes-on", "p")
    rig = Rig(LocalExecutor({"p": 1}, tmp_path), tmp_path, None)
    assert until(rig, "goes-on", over).state == "ended"


def test_of_two_that_were_submitted_by_mistake_one_runs(slurm: Cluster, tmp_path: Path) -> None:
    run = commands(slurm.conf)
    rig = Rig(SlurmExecutor([s.place for s in SUPPLIERS], tmp_path, run), tmp_path, slurm)
    job = spec("twin", f"echo x >>{tmp_path}/ran; sleep 1")
    rig.executor.submit(job)
    run(["sbatch", "--hold", "--job-name", "twin", "--comment", "gang=1", "--time", "1", "--chdir",
         str(tmp_path / "twin"), str(tmp_path / "run.sh"), *job.command])  # fmt: skip
    rig.executor.release("twin", "sup-a")
    until(rig, "twin", lambda s: s.state in {"ended", "cancelled"})
    time.sleep(1.5)
    assert (tmp_path / "ran").read_text() == "x\n"


def test_slurm_holds_the_limits_of_an_account_too(slurm: Cluster, tmp_path: Path) -> None:
    places = [one.place for one in SUPPLIERS]
    executor = SlurmExecutor(places, tmp_path, commands(slurm.conf), accounts=True)
    rig = Rig(executor, tmp_path, slurm)
    executor.limit("fenced", 1, 10)
    executor.limit("fenced", 1, 10)
    for name, gang in (("within", 1), ("beyond", 2)):
        executor.submit(Spec(name, "fenced", ("sleep", "1"), gang, 60))
        executor.release(name, "sup-a")
    assert until(rig, "within", over).state == "ended"
    assert executor.look(["beyond"])["beyond"].state == "queued"
    executor.limit("fenced", None, 1)
    time.sleep(3)
    assert executor.look(["beyond"])["beyond"].state == "queued", "two for a minute are too long"
    executor.limit("fenced", None, 3)
    assert until(rig, "beyond", over).state == "ended", "2 minutes, beside 1 s that was used"


def test_a_node_that_dies_loses_the_job_and_its_room(slurm: Cluster, tmp_path: Path) -> None:
    executor = SlurmExecutor([s.place for s in SUPPLIERS], tmp_path, commands(slurm.conf))
    rig = Rig(executor, tmp_path, slurm)
    executor.submit(spec("dies", "sleep 60"))
    executor.release("dies", "sup-b")
    until(rig, "dies", lambda s: s.state == "running" and s.start_s is not None)
    slurm.kill_node("sup-b")
    assert until(rig, "dies", over).state == "lost"
    assert executor.room() == {"sup-a": 4, "sup-b": 0}
    slurm.revive_node("sup-b")


def test_a_slurm_that_does_not_answer_is_said_to_be_so(tmp_path: Path) -> None:
    if missing():
        pytest.skip(f"Slurm's programs are not all installed: {missing()}")
    executor = SlurmExecutor([], tmp_path, commands(tmp_path / "no.conf", deadline_s=1))
    with pytest.raises(Unavailable):
        executor.room()
