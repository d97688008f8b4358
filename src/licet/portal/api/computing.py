"""Computing power for programs: a supplier's pools, a customer's needs and jobs.

It refuses to know who gets what. Pages of the same: `portal.compute`.

Rules
1. A token is for one body as well: its digest stands in the address that the token names.
2. An acceptance that came before, with the same task, is answered as it was then.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from django.http import Http404, HttpRequest, HttpResponse

from licet.base.trouble import BadInput, Conflict, NotFound
from licet.compute.commons import Commons, Task
from licet.compute.jobbook import Row
from licet.compute.market import Asking
from licet.compute.model import NO_END_S, Need, Pool, Speed
from licet.compute.wording import LANGS
from licet.credentials.message import NotTaken
from licet.portal.accounts.models import Body
from licet.portal.api.endpoint import JSON
from licet.portal.compute.saying import say_answer
from licet.portal.compute.store import account_of, names, opened, rules

BODY_BYTES_MAX = 256 << 10
LIST_MAX = 200
Moment = datetime | None


class PoolBody(msgspec.Struct, forbid_unknown_fields=True):
    """A pool as its supplier says it; prices in fen for an accelerator-hour."""

    kind: str
    count: int
    memory_gib: int
    price_fen_hour: int
    region: str
    node: int = 1
    interconnect: str = ""
    opens: Moment = None
    closes: Moment = None
    origin: Literal["domestic", "foreign", "unknown"] = "unknown"
    attested: str = ""
    withdrawn: bool = False


class PoolPage(msgspec.Struct):
    """A pool, and how many of its accelerators are taken now."""

    id: str
    said: PoolBody
    taken: int


class PoolList(msgspec.Struct):
    """Pools of a supplier."""

    pools: list[PoolPage]


class SpeedBody(msgspec.Struct, forbid_unknown_fields=True):
    """Work a second of the whole gang; where it comes from."""

    value: float
    source: str
    basis: Literal["customer", "assumed"] = "customer"


class NeedBody(msgspec.Struct, forbid_unknown_fields=True):
    """A need: work in a unit of one's own, and a speed for each kind that will do."""

    work: float
    unit: str
    speeds: dict[str, SpeedBody]
    gang: int = 1
    memory_gib: int = 0
    interconnects: list[str] = []
    regions: list[str] = []
    start: Moment = None
    begin_by: Moment = None
    due: Moment = None
    budget_fen: int | None = None
    interruptible: bool = True
    domestic_only: bool = False


class PlaceBody(msgspec.Struct):
    """Where an offer would run, for how long and how much."""

    pool: str
    accelerator_hours: float
    fen: int


class NeedPage(msgspec.Struct):
    """A need and its answer: when, where, for how much, and why by language; or why not.
    `domestic_premium`: how much more work on domestic accelerators counted, as a part of it."""

    id: str
    state: Literal["answered", "accepted", "given_up"]
    feasible: bool
    policy: str
    start: Moment
    end: Moment
    fen: int | None
    places: list[PlaceBody]
    why: dict[str, list[str]]
    domestic_premium: float


class NeedList(msgspec.Struct):
    """Needs of a customer."""

    needs: list[NeedPage]


class TaskBody(msgspec.Struct, forbid_unknown_fields=True):
    """What is to run: a script of the shell, in a container image where one is named. `voucher`:
    empty: what was paid in advance."""

    script: str
    longest_s: int
    image: str = ""
    voucher: str = ""


class ToldBody(msgspec.Struct):
    """What the customer was told, and when."""

    at: datetime
    what: str


class JobPage(msgspec.Struct):
    """A job: its stage, how it ended, where; accelerator-seconds and fen once it is settled; the
    end of its log and the names of its results for its customer."""

    id: str
    stage: str
    ended: str | None
    pool: str
    attempt: int
    used_s: int
    fen: int
    log: str
    results: list[str]
    told: list[ToldBody]


class JobList(msgspec.Struct):
    """Jobs of a customer."""

    jobs: list[JobPage]


def pools(request: HttpRequest, now: datetime, body: Body) -> HttpResponse:
    """The pools of a supplier."""
    with _commons() as here:
        mine = [pool for pool in here.pools() if pool.supplier == account_of(body)]
        return _json(PoolList([_pool_page(here, pool) for pool in mine]))


def put_pool(request: HttpRequest, now: datetime, body: Body, pool: str) -> HttpResponse:
    """Register or change a pool."""
    said, me, at_s = _body(request, PoolBody), account_of(body), int(now.timestamp())
    with _commons() as here:
        known = next((one for one in here.pools() if one.id == pool), None)
        if known is None:
            with _sound():
                here.add_pool(_pool(pool, said), me, at_s)
        else:
            fixed = {"kind", "memory_gib", "region", "node", "interconnect", "origin", "attested"}
            for name in sorted(fixed):
                if getattr(known, name) != getattr(said, name):
                    raise NotTaken("bad-body", f"{name} of a pool does not change.",
                                   hint="Register another pool.")  # fmt: skip
            with _sound():
                here.change_pool(pool, me, at_s, count=said.count, price=said.price_fen_hour,
                                 from_s=_seconds(said.opens, 0), withdrawn=said.withdrawn,
                                 until_s=_seconds(said.closes, NO_END_S))  # fmt: skip
        made = next(one for one in here.pools() if one.id == pool)
        return _json(_pool_page(here, made))


def needs(request: HttpRequest, now: datetime, body: Body) -> HttpResponse:
    """The needs of a customer."""
    me = account_of(body)
    with _commons() as here:
        mine = [k.value for k in here.market.all(Asking) if k.value.need.account == me]
        return _json(NeedList([_need_page(here, one) for one in mine[-LIST_MAX:][::-1]]))


def ask(request: HttpRequest, now: datetime, body: Body) -> HttpResponse:
    """Answer a need."""
    said, at_s = _body(request, NeedBody), int(now.timestamp())
    with _commons() as here, _sound():
        made = here.ask(_need(said, account_of(body), at_s), at_s, secrets.token_bytes)
        return _json(_need_page(here, made), 201)


def need(request: HttpRequest, now: datetime, body: Body, need: str) -> HttpResponse:
    """A need of a customer."""
    with _commons() as here:
        return _json(_need_page(here, here.asking(need, account_of(body)).value))


def accept(request: HttpRequest, now: datetime, body: Body, need: str) -> HttpResponse:
    """Accept an answer (rule 2)."""
    said, me = _body(request, TaskBody), account_of(body)
    voucher = said.voucher or f"voucher:paid-{me}"
    task = Task(said.script, said.image, said.longest_s, voucher)
    with _commons() as here, _sound():
        row = here.book.find(need)
        asked = here.asking(need, me).value
        if asked.state == "accepted" and row is not None:
            if (row.command, row.image, row.longest_s, row.voucher) != (
                task.command(), said.image, said.longest_s, voucher,
            ):  # fmt: skip
                raise NotTaken("not-now", "it was accepted with another task.")
            return _json(_need_page(here, asked))
        return _json(_need_page(here, here.accept(need, me, task, int(now.timestamp()))))


def jobs(request: HttpRequest, now: datetime, body: Body) -> HttpResponse:
    """The jobs of a customer."""
    me = account_of(body)
    with _commons() as here:
        mine = [row for row in here.book.all() if row.need.account == me]
        return _json(JobList([_job_page(here, row, me) for row in mine[-LIST_MAX:][::-1]]))


def job(request: HttpRequest, now: datetime, body: Body, job: str) -> HttpResponse:
    """A job, for its customer or whoever supplies it."""
    me = account_of(body)
    with _commons() as here:
        return _json(_job_page(here, here.job(job, me), me, log=True))


def stop(request: HttpRequest, now: datetime, body: Body, job: str) -> HttpResponse:
    """Wish that a job end."""
    me = account_of(body)
    with _commons() as here:
        here.stop(job, me, int(now.timestamp()))
        return _json(_job_page(here, here.job(job, me), me))


@contextlib.contextmanager
def _commons() -> Iterator[Commons]:
    """The commons, for the block. Raises NotFound where none is shared."""
    try:
        rules()
    except Http404:
        raise NotFound("no computing power is shared here.") from None
    with opened() as here:
        yield here


@contextlib.contextmanager
def _sound() -> Iterator[None]:
    """What cannot be meant, or not now, as the door says it."""
    try:
        yield
    except NotTaken:
        raise
    except BadInput as unfit:
        raise NotTaken("bad-body", str(unfit)) from None
    except Conflict as other:
        raise NotTaken("not-now", str(other)) from None


def _body(request: HttpRequest, shape: Any) -> Any:
    """The body in its shape (rule 1). Raises NotTaken."""
    data = request.read(BODY_BYTES_MAX + 1)
    if len(data) > BODY_BYTES_MAX:
        raise NotTaken("too-large", f"more than {BODY_BYTES_MAX} bytes are not read.")
    if request.GET.get("sha256", "") != hashlib.sha256(data).hexdigest():
        raise NotTaken("bad-body", "`sha256` in the address is not that of the body.",
                       hint="The access token names the address with it.")  # fmt: skip
    try:
        return msgspec.json.decode(data, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as unfit:
        raise NotTaken("bad-body", f"the body is not of its shape: {unfit}.") from None


def _pool(name: str, said: PoolBody) -> Pool:
    return Pool(
        name, "", said.kind, said.count, said.node, said.memory_gib, said.price_fen_hour,
        said.region, said.interconnect, _seconds(said.opens, 0), _seconds(said.closes, NO_END_S),
        said.origin, said.attested, said.withdrawn,
    )  # fmt: skip


def _need(said: NeedBody, account: str, at_s: int) -> Need:
    speeds = {k: Speed(v.value, v.basis, v.source, at_s) for k, v in said.speeds.items()}
    due_s = None if said.due is None else _seconds(said.due, 0)
    begin_by_s = None if said.begin_by is None else _seconds(said.begin_by, 0)
    return Need(
        "", account, said.work, said.unit, speeds, said.gang, said.memory_gib,
        frozenset(said.interconnects), frozenset(said.regions), _seconds(said.start, 0), due_s,
        said.budget_fen, said.interruptible, said.domestic_only, begin_by_s,
    )  # fmt: skip


def _pool_page(here: Commons, pool: Pool) -> PoolPage:
    taken = sum(r.need.gang for r in here.book.all(settled=False)
                if r.pool == pool.id and r.stage == "released")  # fmt: skip
    said = PoolBody(
        pool.kind, pool.count, pool.memory_gib, pool.price, pool.region, pool.node,
        pool.interconnect, _at(pool.from_s), _at(pool.until_s), pool.origin, pool.attested,
        pool.withdrawn,
    )  # fmt: skip
    return PoolPage(pool.id, said, taken)


def _need_page(here: Commons, asked: Asking) -> NeedPage:
    said = {lang: say_answer(asked, here.pools(), names(), lang) for lang in LANGS}
    one, why = said["en"], {}
    for lang, words in said.items():
        why[lang] = [words.why, words.basis] if asked.offer else list(words.declined)
        why[lang] += [f"{pool}: {reasons}" for pool, reasons in words.unfit]
    return NeedPage(
        asked.id, asked.state, asked.offer is not None, asked.policy, one.start,
        one.end or one.soonest, one.price,
        [PlaceBody(pool, hours, fen) for pool, _, hours, fen in one.lines], why, asked.premium,
    )  # fmt: skip


def _job_page(here: Commons, row: Row, me: str, *, log: bool = False) -> JobPage:
    folder, mine = here.folder_of(row), row.need.account == me
    return JobPage(
        row.id, row.stage, row.ended, row.pool, row.attempt, row.used_s, row.owed,
        folder.log() if log and mine else "",
        [one.name for one in folder.results()] if log and mine else [],
        [ToldBody(datetime.fromtimestamp(one.at_s, UTC), one.what)
         for one in here.book.told(row.id)],
    )  # fmt: skip


def _seconds(said: Moment, default: int) -> int:
    if said is None:
        return default
    if said.tzinfo is None:
        raise NotTaken("bad-body", "a moment has an offset from UTC.",
                       hint="As in 2026-12-01T08:00:00+08:00.")  # fmt: skip
    return int(said.timestamp())


def _at(at_s: int) -> Moment:
    return None if at_s in (0, NO_END_S) else datetime.fromtimestamp(at_s, UTC)


def _json(value: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(value), status=status, content_type=JSON)
