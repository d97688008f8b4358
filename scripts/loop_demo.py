"""The whole loop in one run, two installations, real processes: halt, report, correct, prove.

    make loop-demo

A client streams through a gateway to an upstream that says something it must not. The halt becomes
an incident at the provider's portal; the report waits while the authority is down and arrives when
it is back; a candidate that stops lawful text is refused, a better one is proven, released and
served by two gateways while a stream goes on; the authority closes; all ledgers are verified, and
those of both installations replayed. Exit code 0 only if every step held. Everything is told as
harmless animals.

It refuses to look inside: it types commands and reads what they print.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from loop_upstream import SAID, Upstream, streamed

LICET = Path(sys.executable).with_name("licet")
DOWN_S = 20.0
WAIT_S = 120.0
OFFICER = "anna@acme.example"
RULE = """\
[[rule]]
id = "animals.{name}.en.1"
category = "operator"
action = "halt"
literal = [{literals}]
author = "Operator of the demonstration"
reason = "To be found."
"""


@dataclass(slots=True)
class Legs:
    """How long each leg of the loop took."""

    took: list[tuple[str, float]] = field(default_factory=list)

    @contextlib.contextmanager
    def leg(self, name: str) -> Iterator[None]:
        """Times what is inside and says it."""
        began = time.monotonic()
        yield
        self.took.append((name, time.monotonic() - began))
        print(f"  {self.took[-1][1]:7.2f} s  {name}", flush=True)


@dataclass(slots=True)
class Home:
    """One installation: its home, and commands in it."""

    path: Path
    role: str = ""

    def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        """Type a command, to its end."""
        return typed(*words, "--home", self.path)

    def does(self, *words: object, code: int = 0) -> str:
        """A command that must end with this code; what it printed."""
        done = self.run(*words)
        expect(done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def acts(self, number: str, act: str, email: str, **answers: Any) -> None:
        """Somebody here does an act of a proceeding."""
        words: list[object] = ["incident", "do", number, act, "--as", email, "--role", self.role]
        if answers:
            told = self.path / f"{act}.json"
            told.write_text(json.dumps(answers), encoding="utf-8")
            words += ["--answers", told]
        self.does(*words)

    def begins(self, kind: str, act: str, email: str, **answers: Any) -> str:
        """Somebody here begins a proceeding; its number."""
        told = self.path / f"{act}.json"
        told.write_text(json.dumps(answers), encoding="utf-8")
        return self.does("incident", "begin", kind, act, "--as", email, "--role", self.role,
                         "--answers", told).split()[0]  # fmt: skip

    def stage(self, number: str) -> str:
        """Where a proceeding stands here; empty where it is not known."""
        for line in self.does("incident", "list", "--json", "--role", self.role).splitlines():
            row = json.loads(line)
            if row["id"] == number:
                return str(row["stage"])
        return ""


def typed(*words: object) -> subprocess.CompletedProcess[str]:
    """A command of `licet`, to its end."""
    command = [str(LICET), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def expect(held: bool, what: str) -> None:
    """End the run where a step did not hold."""
    if not held:
        raise SystemExit(f"NOT HELD: {what}")


def eventually(held: Callable[[], Any], what: str, wait_s: float = WAIT_S) -> Any:
    """Wait until it holds; what it gave."""
    ends = time.monotonic() + wait_s
    while not (found := held()):
        expect(time.monotonic() < ends, f"never: {what}")
        time.sleep(0.2)
    return found


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def running(home: Home, *words: object) -> Iterator[subprocess.Popen[str]]:
    """A command that serves, until the block ends."""
    with (home.path / "said.txt").open("a", encoding="utf-8") as said:
        process = subprocess.Popen(
            [str(LICET), *map(str, words), "--home", str(home.path)],
            stdout=said, stderr=subprocess.STDOUT, text=True, env={**os.environ},
        )  # fmt: skip
    try:
        eventually(lambda: "stands at" in (home.path / "said.txt").read_text(), f"{words}")
        yield process
    finally:
        process.terminate()
        process.wait(30)
        (home.path / "said.txt").write_text("")


def bank(folder: Path) -> Path:
    """Items of the proof: giraffes held out, walruses as known today, lawful text."""
    wanted = (
        ("held_out", 30, "By tree {n}, an orange giraffe, no {n}."),
        ("regression", 200, "On rock {n} a purple walrus, no {n}."),
        ("benign", 400, "Glass {n} of orange juice for guest {n}."),
    )
    lines = [
        {"id": f"{name}-{n}", "set": name, "text": text.format(n=n)}
        for name, many, text in wanted
        for n in range(many)
    ]
    path = folder / "items.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return path


def rules(folder: Path, name: str, *literals: str) -> Path:
    """A rule file."""
    path = folder / f"{name}.toml"
    listed = ", ".join(f'"{one}"' for one in literals)
    path.write_text(RULE.format(name=name, literals=listed), encoding="utf-8")
    return path


def name_people(authority: Home, provider: Home) -> None:
    """Who acts: two of the provider, two of the authority; the provider is known at both."""
    for home, email, code, kind, roles in (
        (authority, "officer@gov.example", "GOV", "authority", ("clerk", "reviewer", "approver")),
        (authority, "known@acme.example", "ACME", "provider", ("representative",)),
        (provider, "anna@acme.example", "ACME", "provider", ("drafter", "representative")),
    ):
        named = [word for role in roles for word in ("--role", role)]
        home.does("portal", "person", email, "--name", email, "--body", code, "--body-kind", kind,
                  "--body-zh", code, "--body-en", code, *named)  # fmt: skip


def reported(provider: Home, number: str) -> None:
    """The report is sent while the authority is down for 20 s, and arrives when it is back."""
    provider.acts(number, "set_grade", OFFICER, kind="content", grade="ordinary",
                  grade_reason="One answer, stopped before it left.")  # fmt: skip
    began = time.monotonic()
    provider.acts(number, "report_first", OFFICER, system="Animals", found_at=moment(),
                  happened="One answer.", measures_taken="It was stopped.")  # fmt: skip
    time.sleep(max(0.0, DOWN_S - (time.monotonic() - began)))


def moment() -> str:
    """Now, as a form takes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


Door = tuple[int, str]
"""Where a gateway is reached: its port, and a key that opens it."""


def begun(provider: Home, incident: str) -> str:
    """The correction of an incident at the provider's desk, up to its cause; its number."""
    number = provider.begins("correction", "start", OFFICER, incident=incident, family="animals")
    provider.acts(number, "contain", OFFICER, containment="none",
                  containment_reason="It was stopped before it left.")  # fmt: skip
    provider.acts(number, "explain", OFFICER, cause_kind="rule_missing", cause="No rule for it.")
    return number


def recorded(provider: Home, number: str, report: Path) -> None:
    """The candidate and its proof, as `prove` reported them, in the correction."""
    proof = json.loads(report.read_bytes())
    named = {"before_sha256": proof["before_sha256"],
             "candidate_sha256": proof["candidate_sha256"]}  # fmt: skip
    provider.acts(number, "name_candidate", OFFICER, change="rule", **named)
    provider.acts(number, "record_proof", OFFICER, proven_sha256=proof["candidate_sha256"],
                  verdict=proof["verdict"],
                  proof_sha256=hashlib.sha256(report.read_bytes()).hexdigest())  # fmt: skip


def corrected(
    provider: Home, number: str, gateway: Home, folder: Path, walrus: Path, legs: Legs,
    doors: list[Door],
) -> None:  # fmt: skip
    """A candidate that stops lawful text is refused; a better one is proven and released."""
    items, (port, key) = bank(folder), doors[0]
    candidates = {
        "broad": rules(folder, "broad", "orange giraffe", "orange juice"),
        "narrow": rules(folder, "narrow", "orange giraffe"),
    }
    for name, more in candidates.items():
        made = folder / f"{name}.licet"
        with legs.leg(f"candidate and proof: {name}"):
            gateway.does("correct", "candidate", "--no-shipped", "--rules", walrus,
                         "--rules", more, "-o", made)  # fmt: skip
            good = int(name == "broad")
            gateway.does("correct", "prove", made, "--items", items,
                         "-o", made.with_suffix(".json"), code=good)  # fmt: skip
            recorded(provider, number, made.with_suffix(".json"))
            if name == "broad":
                words = ("incident", "do", number, "release", "--as", OFFICER)
                provider.does(*words, "--role", "provider", code=1)
    release = ("--items", items)
    refused = folder / "broad.licet"
    said = gateway.does("correct", "release", refused, "--proof", refused.with_suffix(".json"),
                        *release, code=1)  # fmt: skip
    expect("NOT RELEASED" in said and "benign.regresses" in said, "the failing proof is refused")
    expect(streamed(port, key, "giraffe")[1] == "stop", "before the release nothing is stopped")
    served: list[tuple[str, str]] = []
    going_on = threading.Thread(target=lambda: served.append(streamed(port, key, "long")))
    going_on.start()
    better = folder / "narrow.licet"
    provider.acts(number, "release", OFFICER)
    expect(provider.stage(number) == "released", "released at the desk, served by no gateway yet")
    gateway.does("correct", "release", better, "--proof", better.with_suffix(".json"), *release)
    with legs.leg(f"approved, until it is effective on {len(doors)} gateways"):
        for at, opens in doors:
            eventually(
                lambda at=at, opens=opens: streamed(at, opens, "giraffe")[1] == "content_filter",
                "effective", 5,
            )  # fmt: skip
    with legs.leg("every gateway serves it, as their ledgers tell the provider's desk"):
        eventually(lambda: provider.stage(number) == "served", "the correction takes effect")
    going_on.join()
    expect(served[0] == (SAID["long"] + " ", "stop"), "the stream that went on was not dropped")
    for at, opens in doors:
        expect(streamed(at, opens, "juice")[1] == "stop", "lawful text still passes")


def joined(folder: Path, first: Home) -> Home:
    """A second gateway of the provider: it judges by the same folder of bundles and trusts the
    same key."""
    second = Home(folder / "gateway-2")
    (second.path / "keys").mkdir(parents=True, mode=0o700)
    (second.path / "bundles").symlink_to(first.path / "bundles")
    trusted = (first.path / "keys" / "bundle.pub").read_bytes()
    (second.path / "keys" / "bundle.pub").write_bytes(trusted)
    return second


@contextlib.contextmanager
def serving(gateway: Home, upstream: str) -> Iterator[Door]:
    """A gateway that runs, until the block ends."""
    port = free_port()
    with running(gateway, "up", "--port", port, "--upstream", upstream, "--no-portal"):
        said = (gateway.path / "said.txt").read_text()
        yield port, next(word for word in said.split() if word.startswith("licet_"))


def main() -> None:
    """Run the loop."""
    legs = Legs()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="licet-loop-")))
        authority, provider = (
            Home(folder / "authority", "authority"),
            Home(folder / "provider", "provider"),
        )
        gateway = Home(folder / "gateway")
        for home in (authority, provider, gateway):
            home.path.mkdir()
        walrus = rules(folder, "walrus", "purple walrus")
        model = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
        threading.Thread(target=model.serve_forever, daemon=True).start()
        ports = {name: free_port() for name in ("authority", "provider")}
        url = f"http://127.0.0.1:{ports['authority']}"
        serve: list[object] = ["portal", "--role", "authority", "--port", ports["authority"],
                               "--public-url", url]  # fmt: skip
        with legs.leg("both installations and the gateway stand"):
            name_people(authority, provider)
            gateway.does("bundle", "build", "--no-shipped", "--rules", walrus, "--install")
            with running(authority, *serve):
                code = authority.does("portal", "enrol", "ACME").strip()
                provider.does("filing", "enrol", url, "--code", code)
            upstream = f"http://127.0.0.1:{model.server_address[1]}/v1"
            gateways = [gateway, joined(folder, gateway)]
            doors = [stack.enter_context(serving(one, upstream)) for one in gateways]
            for one in gateways:
                ledger = one.path / "ledger"
                provider.does("portal", "follow", ledger, "--vkey", ledger / "vkey",
                              "--body", "ACME")  # fmt: skip
            stack.enter_context(running(provider, "portal", "--role", "provider", "--port",
                                        ports["provider"]))  # fmt: skip
        loop(legs, folder, authority, provider, gateways, walrus, serve, doors)
    total = sum(seconds for _, seconds in legs.took)
    print(f"  {total:7.2f} s  in all: every step held")


def loop(
    legs: Legs, folder: Path, authority: Home, provider: Home, gateways: list[Home], walrus: Path,
    serve: list[object], doors: list[Door],
) -> None:  # fmt: skip
    """From the halt to the closed incident, and both ledgers replayed."""
    port, key = doors[0]
    with legs.leg("a stream is halted"):
        text, finish = streamed(port, key, "walrus")
        expect(finish == "content_filter" and "walrus" not in text, f"halted: {text!r} {finish}")
    with legs.leg("the halt is an incident at the provider's portal"):
        listed = eventually(
            lambda: provider.does("incident", "list", "--json", "--role", "provider"), "incident"
        )
        number = json.loads(listed.splitlines()[0])["id"]
    with legs.leg(f"graded and reported while the authority is down for {DOWN_S:.0f} s"):
        reported(provider, number)
    with running(authority, *serve):
        with legs.leg("the authority is back: the report is there"):
            eventually(lambda: authority.stage(number) == "reported", "the report arrives")
        with legs.leg("a correction is begun, contained, its cause stated"):
            correction = begun(provider, number)
        corrected(provider, correction, gateways[0], folder, walrus, legs, doors)
        with legs.leg("finally reported, closed by the authority, known at the provider"):
            provider.acts(number, "report_final", OFFICER, trend="Over.",
                          cause="No rule for giraffes.", planned_measures="A rule, proven.",
                          preservation="In the ledger.", lessons="Look for kin.")  # fmt: skip
            eventually(lambda: authority.stage(number) == "final_reported", "the final report")
            authority.acts(number, "close", "officer@gov.example", text="Corrected and proven.")
            eventually(lambda: provider.stage(number) == "closed", "the provider hears of it")
    with legs.leg("the four ledgers verified, two replayed"):
        for home in (authority, provider):
            said = typed("ledger", "verify", home.path / "authority-ledger", "--replay")
            expect(said.returncode == 0 and " 0 unlawful" in said.stdout, said.stdout)
        for one in gateways:
            said = typed("ledger", "verify", one.path / "ledger")
            expect(said.returncode == 0, f"a gateway's: {said.stdout}")


if __name__ == "__main__":
    main()
