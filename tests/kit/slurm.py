"""An emulated Slurm cluster on this machine: suppliers as nodes with made-up accelerators.

Without systemd, cgroups and root. It needs Debian's slurmctld, slurmd, slurmdbd,
slurm-wlm-mysql-plugin, munge and mariadb-server; where one is absent the test is skipped.

Rules
1. All state is in one folder, all daemons listen on loopback, on ports that were free.
2. What was started is stopped by the numbers in its own pid files.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from licet.compute.execution.contract import Place

PROGRAMS = ("munged", "mariadbd", "mariadb-install-db", "slurmdbd", "slurmctld", "slurmd",
            "sbatch", "sacct", "scontrol")  # fmt: skip
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Supplier:
    """A node: its name, which is its pool and partition too, its kind and how many."""

    name: str
    kind: str
    count: int

    @property
    def place(self) -> Place:
        """As an executor knows it."""
        return Place(self.name, self.name, self.kind)


def missing() -> str:
    """Which programs are not installed, empty: none."""
    return ", ".join(one for one in PROGRAMS if shutil.which(one, path=PATH) is None)


class Cluster:
    """A running cluster; `conf` is what SLURM_CONF names."""

    def __init__(self, folder: Path, suppliers: Sequence[Supplier]) -> None:
        self.folder, self.suppliers = folder, tuple(suppliers)
        self.conf = folder / "slurm.conf"
        self._ports = _free_ports(4 + len(suppliers))
        self._db: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Everything, until every node is idle."""
        for part in ("state", "spool"):
            (self.folder / part).mkdir(parents=True)
        self._write()
        files = {"key-file": "munge.key", "socket": "munge.sock", "pid-file": "munged.pid",
                 "log-file": "munged.log", "seed-file": "munge.seed"}  # fmt: skip
        self._run("munged", "--force", *(f"--{k}={self.folder / v}" for k, v in files.items()))
        self._database()
        self._run("slurmdbd")
        _until(lambda: self._says("sacctmgr", "-n", "list", "cluster"), "slurmdbd")
        self._says("sacctmgr", "-i", "add", "cluster", "pool")
        self._run("slurmctld")
        _until(lambda: b"UP" in self._out("scontrol", "ping"), "slurmctld")
        for one in self.suppliers:
            self.start_node(one.name)
        _until(lambda: self._idle() == len(self.suppliers), "nodes")

    def stop(self) -> None:
        """Everything that was started, whether or not it was whole."""
        self._says("scancel", "-u", _me())
        for name in [f"slurmd-{one.name}" for one in self.suppliers] + ["slurmctld", "slurmdbd"]:
            self._end(name)
        if self._db is not None:
            self._db.terminate()
            self._db.wait(20)
        self._end("munged")

    def start_node(self, name: str) -> None:
        """Start the daemon of a node."""
        self._run("slurmd", "-N", name)

    def kill_node(self, name: str) -> None:
        """As a node that loses power: its daemon is gone, and the controller learns it."""
        self._end(f"slurmd-{name}", signal.SIGKILL)
        self._run("scontrol", "update", f"NodeName={name}", "State=DOWN", "Reason=power")

    def revive_node(self, name: str) -> None:
        """The node comes back."""
        self.start_node(name)
        self._says(
            "scontrol", "update", f"NodeName={name}", "State=RESUME"
        )  # or it came by itself
        _until(lambda: self._idle() == len(self.suppliers), "nodes")

    def _idle(self) -> int:
        return self._out("sinfo", "-h", "-N", "-o", "%T").split().count(b"idle")

    def _end(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.folder / f"{name}.pid").read_text())
            os.kill(pid, how)
            for _ in range(200):
                os.kill(pid, 0)
                if b"\nState:\tZ" in Path(f"/proc/{pid}/status").read_bytes():
                    return
                time.sleep(0.05)

    def _database(self) -> None:
        data, sock = self.folder / "db", self.folder / "mysqld.sock"
        self._run("mariadb-install-db", "--no-defaults", f"--user={_me()}", f"--datadir={data}",
                  "--auth-root-authentication-method=socket", "--skip-test-db")  # fmt: skip
        program = shutil.which("mariadbd", path=PATH) or "mariadbd"
        root = ["--user=root"] if os.getuid() == 0 else []
        self._db = subprocess.Popen(
            [program, "--no-defaults", *root, f"--datadir={data}", f"--socket={sock}",
             f"--port={self._ports[2]}", "--bind-address=127.0.0.1",
             "--innodb-buffer-pool-size=128M", "--innodb-lock-wait-timeout=900",
             "--innodb-flush-log-at-trx-commit=2"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        client = ("mariadb", "--no-defaults", f"--socket={sock}", "-e")
        _until(lambda: self._says(*client, "select 1"), "mariadbd")
        grants = "".join(
            f"create user if not exists slurm@'{host}' identified by 'slurm';"
            f"grant all on acct.* to slurm@'{host}';"
            for host in ("127.0.0.1", "localhost")
        )
        self._run(*client, f"create database acct; {grants}")

    def _write(self) -> None:
        here, me = self.folder, _me()
        for key in ("munge.key",):
            (here / key).touch(0o600)
            (here / key).write_bytes(secrets.token_bytes(1024))
        kinds = ",".join(f"gres/gpu:{one.kind}" for one in self.suppliers)
        nodes = "\n".join(
            f"NodeName={one.name} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port} CPUs=64"
            f" Boards=1 SocketsPerBoard=2 CoresPerSocket=32 ThreadsPerCore=1 RealMemory=512000"
            f" Gres=gpu:{one.kind}:{one.count}\nPartitionName={one.name} Nodes={one.name}"
            f" Default={'YES' if one is self.suppliers[0] else 'NO'} MaxTime=30-0 State=UP"
            for one, port in zip(self.suppliers, self._ports[4:], strict=True)
        )
        ctld, dbd = self._ports[:2]
        self.conf.write_text(
            _CONF.format(here=here, me=me, ctld=ctld, dbd=dbd, kinds=kinds, nodes=nodes)
        )
        (here / "gres.conf").write_text("AutoDetect=off\n" + "".join(
            f"NodeName={one.name} Name=gpu Type={one.kind} File=/dev/tty[0-{one.count - 1}]\n"
            for one in self.suppliers
        ))  # fmt: skip
        old = self._out("slurmctld", "-V").split()[1].startswith(b"22")
        (here / "cgroup.conf").write_text(f"CgroupPlugin={'cgroup/v1' if old else 'disabled'}\n")
        (here / "slurmdbd.conf").touch(0o600)
        (here / "slurmdbd.conf").write_text(
            _DBD.format(here=here, me=me, dbd=self._ports[1], db=self._ports[2])
        )

    def _run(self, *command: str) -> None:
        program = shutil.which(command[0], path=PATH) or command[0]
        subprocess.run([program, *command[1:]], check=True, env=self._env(), timeout=WAIT_S,
                       stdin=subprocess.DEVNULL, capture_output=True)  # fmt: skip

    def _says(self, *command: str) -> bool:
        try:
            self._run(*command)
        except (subprocess.SubprocessError, OSError):
            return False
        return True

    def _out(self, *command: str) -> bytes:
        program = shutil.which(command[0], path=PATH) or command[0]
        return subprocess.run([program, *command[1:]], env=self._env(), check=False,
                              capture_output=True, timeout=WAIT_S).stdout  # fmt: skip

    def _env(self) -> dict[str, str]:
        return {**os.environ, "PATH": PATH, "SLURM_CONF": str(self.conf)}


@contextlib.contextmanager
def cluster(folder: Path, suppliers: Sequence[Supplier]) -> Iterator[Cluster]:
    """A cluster that runs while the block does."""
    made = Cluster(folder, suppliers)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def _me() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


def _until(holds: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + WAIT_S
    while not holds():
        if time.monotonic() > ends:
            raise TimeoutError(f"{what} did not come up within {WAIT_S} s")
        time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        made = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in made:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in made]


_CONF = """\
ClusterName=pool
SlurmctldHost=localhost(127.0.0.1)
SlurmUser={me}
SlurmdUser={me}
AuthType=auth/munge
AuthInfo=socket={here}/munge.sock
SlurmctldPort={ctld}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={here}/state
SlurmdSpoolDir={here}/spool/%n
SlurmctldPidFile={here}/slurmctld.pid
SlurmdPidFile={here}/slurmd-%n.pid
SlurmctldLogFile={here}/slurmctld.log
SlurmdLogFile={here}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=2,sched_min_interval=20000
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
GresTypes=gpu
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={dbd}
AccountingStoragePass={here}/munge.sock
AccountingStorageEnforce=associations,limits,qos,safe
AccountingStorageTRES=gres/gpu,{kinds}
{nodes}
"""
_DBD = """\
AuthType=auth/munge
AuthInfo=socket={here}/munge.sock
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort={dbd}
SlurmUser={me}
LogFile={here}/slurmdbd.log
PidFile={here}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={db}
StorageUser=slurm
StoragePass=slurm
StorageLoc=acct
"""
