"""Computing power in a browser: figures for everybody; a supplier's pools; a customer's need,
answer, job, results and bill; vouchers; the operator's policy, tried before it is switched."""

from __future__ import annotations

import inspect
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from kit.commons import (
    POOL,
    asked,
    claimed,
    commons,
    ended,
    now_s,
    objected,
    running,
    stocked,
)
from kit.compute_world import World
from kit.portal import person, portal
from kit.visitors import signed_in
from licet.compute.commons import paid
from licet.compute.market import Asking

POOL_FORM = {
    "id": "south-1", "kind": "ascend-910b", "count": "16", "node": "8", "memory_gib": "64",
    "interconnect": "hccs", "price": "9.00", "region": "南区", "origin": "domestic",
    "attested": "证明 17",
}  # fmt: skip
NEED_FORM = {
    "unit": "steps", "work": "10", "speed-h20": "1", "basis": "customer", "source": "own run",
    "gang": "1", "memory_gib": "0", "interruptible": "on",
}  # fmt: skip
TASK_FORM = {"script": "echo 42", "image": "", "longest": "0.1", "voucher": paid("own")}


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal() as client:
        yield client


def page(browser: Any, address: str, status: int = 200) -> str:
    answer = browser.get(address)
    assert answer.status_code == status, address
    text: str = answer.content.decode()
    return text


def staff(code: str = "own") -> Any:
    return signed_in(person("provider", f"staff@{code}.example", ("representative",), code))


def officer() -> Any:
    return signed_in(person("authority", "officer@cac.example", ("reviewer",), "cac"))


def test_figures_are_for_everybody_and_open_data(browser: Any) -> None:
    assert "No pool was registered yet" in page(browser, "/en/compute/")
    assert 'href="/en/compute/"' in page(browser, "/en/")
    staff()
    with commons() as here:
        stocked(here)
        ended(here, running(here))
    said = page(browser, "/en/compute/")
    assert "100 % was domestic" in said
    assert "own" not in re.sub(r"[Oo]wn [a-z]+|download|known", "", said), "no account is named"
    rows = page(browser, "/compute.csv").splitlines()
    assert rows[0] == "what,kind,value,unit"
    assert "ended,,1,jobs" in rows
    assert json.loads(page(browser, "/compute.json"))["policy"] == "promise"
    page(browser, "/compute.xml", 404)


def test_a_supplier_registers_a_pool_and_says_what_is_there(browser: Any) -> None:
    mine = staff()
    for wrong, said in (
        ({"id": "A b"}, "id"), ({"attested": ""}, "document that attests"), ({"count": "0"}, "1"),
        ({"closes": "2026-01-01T00:00", "opens": "2026-02-01T00:00"}, "after the beginning"),
    ):  # fmt: skip
        answer = mine.post("/en/compute/pools/new/", POOL_FORM | wrong)
        assert answer.status_code == 422
        assert said in answer.content.decode()
    assert mine.post("/zh/compute/pools/new/", POOL_FORM).status_code == 302
    taken = mine.post("/zh/compute/pools/new/", POOL_FORM)
    assert "已经有人使用" in taken.content.decode()
    assert "证明 17" in page(mine, "/zh/compute/pools/")
    change = {"count": "8", "price": "8.50", "withdrawn": "on"}
    assert mine.post("/en/compute/pools/south-1/", change).status_code == 302
    with commons() as here:
        (pool,) = here.pools()
    assert (pool.count, pool.price, pool.withdrawn, pool.supplier) == (8, 850, True, "own")
    assert "CNY 9.00" in page(mine, "/en/compute/pools/south-1/"), "what was said before stays"
    page(staff("other"), "/en/compute/pools/south-1/", 404)


def test_a_supplier_holds_its_bill_against_the_books(browser: Any) -> None:
    mine = staff()
    with commons() as here:
        stocked(here)
        jobs = [running(here), running(here)]
        ended(here, jobs[0])
        ended(here, jobs[1])
        rows = [here.job(job) for job in jobs]
    head = "job,pool,accelerator_s,fen\n"
    lines = [f"{row.name},{row.pool},{row.used_s},{row.owed}\n" for row in rows]

    def check(text: bytes, status: int = 200, lang: str = "en", **days: str) -> str:
        sent = {"bill": SimpleUploadedFile("bill.csv", text)} | days
        answer = mine.post(f"/{lang}/compute/bill/", sent)
        assert answer.status_code == status
        return str(answer.content.decode())

    assert "Bill and books agree" in check((head + "".join(lines)).encode())
    said = check((head + lines[0].replace(",100\n", ",101\n")).encode(), lang="zh")
    for words in ("2 行不一致", "金额不符", "账单中没有", f'href="/zh/compute/jobs/{jobs[1]}/"'):
        assert words in said, words
    assert "billed twice" in check((head + lines[0] + lines[0] + lines[1]).encode())
    assert "Bill and books agree" in check(head.encode(), until="2020-01-01")
    assert "Line 2 of the bill" in check((head + "x\n").encode(), 422)
    assert mine.post("/en/compute/bill/", {}).status_code == 422
    theirs = (
        staff("other")
        .post(
            "/en/compute/bill/", {"bill": SimpleUploadedFile("b.csv", (head + lines[0]).encode())}
        )
        .content.decode()
    )
    assert "unknown to us" in theirs
    assert f"/compute/jobs/{jobs[0]}/" not in theirs


def test_a_need_says_by_when_it_begins_and_what_domestic_work_counts(browser: Any) -> None:
    mine = staff()
    with commons() as here:
        stocked(here)
    wrong = NEED_FORM | {"start": "2099-01-02T00:00", "begin_by": "2099-01-01T00:00"}
    assert mine.post("/en/compute/needs/new/", wrong).status_code == 422
    address = mine.post(
        "/en/compute/needs/new/", NEED_FORM | {"begin_by": "2099-01-01T00:00"}
    ).headers["location"]
    with commons() as here:
        assert here.market.all(Asking)[0].value.need.begin_by_s is not None
    assert "counts 15 % more" in page(mine, address)


def test_a_need_is_answered_accepted_and_shows_its_log_results_and_bill(browser: Any) -> None:
    mine = staff()
    with commons() as here:
        stocked(here, supplier="other")
    done = mine.post("/en/compute/needs/new/", NEED_FORM)
    address = done.headers["location"]
    said = page(mine, address)
    assert "It can be met" in said
    assert "all of its time on its fastest kind" in said
    assert mine.post(address, TASK_FORM | {"script": " "}).status_code == 422
    boxed = mine.post(address, TASK_FORM | {"image": "team/train:1"})
    assert "Nothing runs container images" in boxed.content.decode()
    dear = mine.post(address, TASK_FORM | {"longest": "700"})
    assert "Choose another, or a shorter longest time" in dear.content.decode()
    job = mine.post(address, TASK_FORM).headers["location"]
    name = job.rstrip("/").rpartition("/")[2]
    with commons() as here:
        home = here.folder / "jobs" / f"{name}-1"
        (home / "results").mkdir(parents=True)
        (home / "output.txt").write_text("<b>42</b>\n")
        (home / "progress").write_text("5")
        (home / "results" / "a.txt").write_text("done")
    said = page(mine, job)
    for words in ("&lt;b&gt;42&lt;/b&gt;", "a.txt", "Waiting"):
        assert words in said, words
    file = mine.get(f"{job}a.txt")
    assert b"".join(file.streaming_content) == b"done"
    assert "attachment" in file.headers["content-disposition"]
    page(mine, f"{job}b.txt", 404)
    with commons() as here:
        ended(here, name)
    said = page(mine, job)
    for words in ("Ended well", "Settled to the supplier", "Returned", "CNY 1.00"):
        assert words in said, words
    assert "<b>42" not in page(staff("other"), job), "a supplier sees the bill, not the log"
    page(staff("third"), job, 404)


def test_a_no_says_why_and_when_otherwise(browser: Any) -> None:
    mine = staff()
    with commons() as here:
        stocked(here)
    late = NEED_FORM | {"work": "999999", "due": "2099-01-01T00:00", "budget": "1"}
    said = page(mine, mine.post("/zh/compute/needs/new/", late).headers["location"])
    assert "费用超出预算" in said
    none = NEED_FORM | {"gang": "64"}
    said = page(mine, mine.post("/en/compute/needs/new/", none).headers["location"])
    for words in ("no pool meets the need", "too few accelerators together", "north-1"):
        assert words in said, words
    (again,) = re.findall(r'href="(/en/compute/needs/new/\?like=[^"]+)"', said)
    filled = page(mine, again)
    for typed in ('name="gang" value="64"', 'name="speed-h20" value="1"'):
        assert typed in filled
    page(staff("other"), again, 404)
    unset = mine.post("/en/compute/needs/new/", NEED_FORM | {"speed-h20": ""}).content.decode()
    assert re.search(r'href="#id_speed-[^"]+">[^<]*Give a speed', unset), "it leads to a field"
    for wrong in ({"speed-h20": ""}, {"work": "0"}, {"work": "nan"}, {"speed-h20": "-1"}):
        assert mine.post("/en/compute/needs/new/", NEED_FORM | wrong).status_code == 422


def test_what_got_worse_is_shown_before_it_is_accepted(browser: Any) -> None:
    mine = staff()
    with commons() as here:
        stocked(here)
        need = asked(here)
        here.change_pool("north-1", "own", now_s(), price=9000)
    address = f"/en/compute/needs/{need.id}/"
    first = mine.post(address, TASK_FORM)
    assert first.status_code == 422
    assert "Things have changed" in first.content.decode()
    assert mine.post(address, TASK_FORM).headers["location"] == f"/en/compute/jobs/{need.id}/"


def test_a_need_is_dropped_and_a_job_stopped_by_its_customer(browser: Any) -> None:
    mine = staff()
    with commons() as here:
        stocked(here)
        need, job = asked(here), running(here)
    with commons() as here:
        here.tick(World({"north-1": 0}), now_s())
    assert "round 1 of the allocation" in page(mine, f"/en/compute/jobs/{job}/")
    assert mine.post(f"/en/compute/needs/{need.id}/", {"drop": "1"}).status_code == 302
    assert "Dropped" in page(mine, "/en/compute/needs/")
    assert mine.post(f"/en/compute/needs/{need.id}/", TASK_FORM).status_code == 409
    assert staff("other").post(f"/en/compute/jobs/{job}/", {"stop": "1"}).status_code == 404
    assert mine.post(f"/en/compute/jobs/{job}/", {"stop": "1"}).status_code == 302
    with commons() as here:
        ended(here, job)
        assert here.job(job).ended == "cancelled"


def test_an_objection_is_answered_with_reasons_for_both_sides(browser: Any) -> None:
    mine, sees = staff(), officer()
    with commons() as here:
        stocked(here, supplier="other")
        job = running(here)
        ended(here, job)
    address = f"/en/compute/jobs/{job}/"
    assert mine.post(address, {"dispute": "1", "text": " "}).status_code == 422
    assert mine.post(address, {"dispute": "1", "text": "账单不对"}).status_code == 302
    desk = page(sees, "/zh/desk/compute/")
    found = re.search(r'href="(/zh/desk/compute/disputes/[^"]+)"', desk)
    assert found is not None
    assert sees.post(found[1], {"state": "upheld", "reason": ""}).status_code == 422
    answer = {"state": "upheld", "reason": "Metering was late.", "owed": "0.40"}
    for wrong in ({"owed": "99.00"}, {"state": "dismissed"}):
        assert (
            "no more than was reserved"
            in sees.post(found[1].replace("/zh/", "/en/"), answer | wrong).content.decode()
        )
    assert sees.post(found[1], answer).status_code == 302
    assert sees.post(found[1], answer).status_code == 409
    for side in (mine, staff("other")):
        said = page(side, address)
        for words in ("Metering was late.", "it costs CNY 0.40", "Taken back from the supplier"):
            assert words in said, words
    with commons() as here:
        assert here.purse.balance("supplier:other") == 40
        here.purse.audit()


def test_a_voucher_is_applied_for_and_decided_with_reasons(browser: Any) -> None:
    mine, sees = staff(), officer()
    staff("other")
    apply = "/en/compute/vouchers/?programme=beijing_etown"
    alone = page(mine, apply)
    assert "There is none yet" in alone, "a list to choose from is not empty without a word"
    assert "<select" not in alone
    with commons() as here:
        here.add_pool(POOL, "other", now_s())
        before = claimed(here, "K-1")
    form = {"supplier": "other", "contract": "k 1-x", "signed": "2026-03-01", "settled": "100000"}
    form |= {f"met-{one}": "on" for one in ("registered", "legal_person", "not_affiliated")}
    assert mine.post(apply, {}).status_code == 422
    assert mine.post(apply, form).status_code == 302
    assert mine.post("/en/compute/vouchers/", form).status_code == 409
    with commons() as here:
        second = claimed(here, "k-1 ")
    address = f"/en/desk/compute/vouchers/{before}/"
    assert "3,000.00" in page(sees, address)
    assert sees.post(address, {"granted": "3000.01", "reason": ""}).status_code == 422
    assert sees.post(address, {"granted": "0", "reason": ""}).status_code == 422
    assert sees.post(address, {"granted": "3000", "reason": ""}).status_code == 302
    double = f"/en/desk/compute/vouchers/{second}/"
    assert "This contract was paid for before" in page(sees, double)
    assert sees.post(double, {"granted": "1", "reason": "x"}).status_code == 422
    assert sees.post(double, {"granted": "0", "reason": "Paid before."}).status_code == 302
    said = page(mine, "/en/compute/vouchers/")
    for words in ("CNY 3,000.00", "Paid before.", "Refused", "not set yet"):
        assert words in said, words
    (held,) = re.findall(r"<li>([^<]+3,000\.00)</li>", said)
    assert "· K-1 ·" in held, "a voucher goes by its programme and contract, not by its id"


def test_a_payment_counts_once(browser: Any) -> None:
    sees = officer()
    staff()
    paper = {"account": "own", "sum": "50.00", "paper": "B-7"}
    for _ in range(2):
        assert sees.post("/en/desk/compute/payment/", paper).status_code == 302
    again = sees.post("/en/desk/compute/payment/", paper | {"sum": "60"})
    assert "another sum" in again.content.decode()
    with commons() as here:
        assert here.purse.balance(paid("own")) == 5000


def test_a_policy_is_tried_then_put_in_force_with_a_reason(browser: Any) -> None:
    sees = officer()
    staff()
    assert "There is nothing to try them on yet" in page(sees, "/en/desk/compute/what-if/")
    with commons() as here:
        stocked(here)
        for _ in range(3):
            running(here)
    said = page(sees, "/en/desk/compute/what-if/")
    assert said.count("First come") == 2, "live and recorded"
    assert (
        sees.post("/en/desk/compute/policy/", {"policy": "fifo", "reason": ""}).status_code == 422
    )
    chosen = {"policy": "fifo", "reason": "A trial week 试行一周"}
    assert sees.post("/en/desk/compute/policy/", chosen).status_code == 302
    assert "A trial week 试行一周" in page(browser, "/zh/compute/")
    assert "先来先服务" in page(browser, "/zh/compute/")


def test_an_objection_to_nothing_is_not_found(browser: Any) -> None:
    sees = officer()
    page(sees, "/en/desk/compute/disputes/none/", 404)
    page(sees, "/en/desk/compute/vouchers/none/", 404)
    with commons() as here:
        objection = objected(here, "gone")
    assert "The bill is too high." in page(sees, f"/en/desk/compute/disputes/{objection}/")


def test_a_pack_without_computing_power_has_no_pages() -> None:
    with portal(pack="eu-ai-act") as client:
        page(client, "/en/compute/", 404)
        page(client, "/compute.csv", 404)
        assert "/en/compute/" not in page(client, "/en/")


def test_the_thread_moves_jobs_on_by_itself(browser: Any) -> None:
    from licet.base.clock import SystemClock
    from licet.portal.compute.rounds import go_round

    staff()
    go_round(SystemClock().now())
    with commons() as here:
        stocked(here)
        job = running(here, "exit 3")
    until = time.monotonic() + 20
    while True:
        go_round(SystemClock().now())
        with commons() as here:
            row = here.job(job)
        if row.stage == "settled":
            break
        assert time.monotonic() < until, row
        time.sleep(0.05)
    assert row.ended == "failed"


def test_a_standing_has_a_reason_that_its_body_reads(browser: Any) -> None:
    sees, mine = officer(), staff()
    address, said = "/en/desk/compute/accounts/", {"account": "own", "most": "4", "public": "on"}
    for wrong in ({"reason": ""}, {"reason": "x", "most": "0"}, {"reason": "x", "account": "no"}):
        assert sees.post(address, said | wrong).status_code == 422
    assert sees.post(address, said | {"reason": "A college 高校"}).status_code == 302
    assert sees.post(address, said | {"reason": "A larger one", "most": ""}).status_code == 302
    assert "A larger one" in page(mine, "/zh/compute/needs/")
    assert "20 %" in page(sees, address)
    with commons() as here:
        (standing,) = here.standings()
    assert (standing.public, standing.licensed, standing.most) == (True, False, None)
    assert "aims at 30 %" in page(browser, "/en/compute/")


def test_everything_that_a_desk_tells_has_words(browser: Any) -> None:
    from licet.compute import desk
    from licet.compute.execution.contract import OVER
    from licet.portal.design.words import sentences

    told = set(re.findall(r'_tell\(row, f?"([a-z-]+)', inspect.getsource(desk))) | OVER
    assert len(told) > 6
    assert [one for one in told if f"compute-told.{one}" not in sentences()] == []
    assert [one for one in OVER if f"compute-stage.{one}" not in sentences()] == []
