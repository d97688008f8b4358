"""Computing power in the portal of a test: pools, a customer that paid, needs, jobs.

It refuses to know what pages say of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

from kit.compute_world import World
from licet.base.clock import SystemClock
from licet.compute.claims import apply
from licet.compute.commons import Commons, Task, paid
from licet.compute.market import Asking, Dispute
from licet.compute.model import Need, Pool, Speed
from licet.compute.vouchers import Application
from licet.rulebook import load_pack

POOL = Pool("north-1", "", "h20", 8, 1, 96, 3600, "north", origin="domestic", attested="doc 1")
NEED = Need("", "own", 10.0, "steps", {"h20": Speed(1.0, "customer", "own run", 0)})
PROGRAMME = load_pack("cn-genai-2023").compute.programmes["beijing_etown"]


def now_s() -> int:
    """This second."""
    return int(SystemClock().now().timestamp())


@contextmanager
def commons() -> Iterator[Commons]:
    """The commons of the portal that the test has open."""
    from licet.portal.compute.store import opened

    with opened() as found:
        yield found


def stocked(here: Commons, supplier: str = "own", customer: str = "own") -> None:
    """A pool of one body, and money of another."""
    here.add_pool(POOL, supplier, now_s())
    here.pay_in(customer, 1_000_000, f"paper-{customer}", now_s())


def asked(here: Commons, need: Need = NEED) -> Asking:
    """A need that was answered."""
    return here.ask(need, now_s(), secrets.token_bytes)


def running(here: Commons, script: str = "true") -> str:
    """A job that was accepted; its id."""
    one = asked(here)
    task = Task(script, "", 600, paid(one.need.account))
    done = here.accept(one.id, one.need.account, task, now_s())
    assert done.state == "accepted", done
    return one.id


def ended(here: Commons, job: str) -> None:
    """Let what was accepted run to its end, in a world of its own."""
    world = World({pool.id: pool.count for pool in here.pools()}, took_s=100)
    for _ in range(3):
        here.tick(world, now_s())
    assert here.job(job).stage == "settled"


def claimed(here: Commons, contract: str = "K-1", firm: str = "own") -> str:
    """An application for a voucher that meets everything; its id."""
    met = dict.fromkeys(PROGRAMME.requires, True)
    name = f"v-{secrets.token_hex(5)}"
    made = Application(name, firm, "other", contract, date(2026, 3, 1), 1_000_000, met)
    return apply(here.market, PROGRAMME, made, now_s()).id


def objected(here: Commons, job: str, account: str = "own") -> str:
    """An objection to a job; its id."""
    made = Dispute(f"d-{secrets.token_hex(5)}", job, account, "The bill is too high.")
    here.market.put(made, account, now_s())
    return made.id


def compute_places() -> dict[str, dict[str, str]]:
    """What the places of the addresses of computing power are filled with, all of `own`."""
    with commons() as here:
        stocked(here)
        here.add_pool(replace(POOL, id="north-2"), "other", now_s())
        job = running(here)
        left = here.folder / "jobs" / f"{job}-1" / "results"
        left.mkdir(parents=True)
        (left / "a.txt").write_text("42")
        return {
            "compute-file": {"kind": "csv"}, "compute-pool": {"pool_id": "north-1"},
            "compute-need": {"need_id": asked(here).id}, "compute-job": {"job_id": job},
            "compute-result": {"job_id": job, "name": "a.txt"},
            "api-pool": {"pool": "north-1"}, "api-job": {"job": job}, "api-stop": {"job": job},
            "api-need": {"need": job}, "api-accept": {"need": job},
            "compute-claim": {"claim_id": claimed(here)},
            "compute-dispute": {"dispute_id": objected(here, job)},
        }  # fmt: skip
