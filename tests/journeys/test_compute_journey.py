"""Computing power as people meet it in a browser: a supplier, a customer and the operator, in
Chinese and in English; the customer once without scripts."""

from __future__ import annotations

import time
from typing import Any

import pytest

from kit.journeys import Demo, Desk

pytestmark = pytest.mark.slow

SUPPLIER, CUSTOMER, OPERATOR = (
    "gao@mountview.example",
    "chen@morningstar.example",
    "reviewer@authority.example",
)
SCRIPT = "echo step 1; echo 10 > progress; mkdir results; echo 0.42 > results/loss.txt"
MET = ("registered", "legal_person", "no_other_subsidy", "not_affiliated", "compute_only")


def fill(page: Any, **fields: str) -> None:
    for name, value in fields.items():
        page.fill(f'[name="{name}"]', value)


def brings_a_pool(supplier: Desk, kind: str) -> None:
    lang = supplier.lang
    supplier.sign_in(SUPPLIER)
    supplier.go("/compute/pools/new/")
    pool = {"id": f"pool-{lang}", "kind": kind, "count": "4", "memory_gib": "64", "price": "9.00",
            "region": "示范 Shifan", "attested": ""}  # fmt: skip
    fill(supplier.page, **pool)
    supplier.page.select_option("[name=origin]", "domestic")
    supplier.press("main form button")
    assert supplier.page.locator(".faults").count() == 1, "an origin has a paper"
    fill(supplier.page, attested="证明 Attestation 7")
    supplier.press("main form button")
    supplier.press(f'main a:text-is("pool-{lang}")')
    fill(supplier.page, count="2")
    supplier.press("main form button")


def runs_a_job(customer: Desk, kind: str) -> None:
    page = customer.page
    customer.sign_in(CUSTOMER)
    need = {"unit": "步 steps", "work": "10", f"speed-{kind}": "5", "source": "run 3"}
    for gang, answer in (("3", "bad"), ("2", "good")):  # three at once are not there
        customer.go("/compute/needs/new/")
        fill(page, **need, gang=gang)
        customer.press("main form button")
        assert page.locator(f".said.{answer}").count() == 1
    assert f"pool-{customer.lang}" in page.inner_text(".said.good ~ .facts")
    fill(page, script=SCRIPT)
    customer.press("main form button:not([name])")
    until = time.monotonic() + 60
    while page.locator(".tag.good").count() == 0:
        assert time.monotonic() < until, page.inner_text("main")
        page.wait_for_timeout(500)
        page.reload()
    customer.look()
    assert "step 1" in page.inner_text("pre >> nth=0")
    with page.expect_download() as waits:
        page.click('main a:text-is("loss.txt")')
    assert waits.value.path().read_text() == "0.42\n"


def objects(customer: Desk) -> None:
    customer.page.click("details.doing summary")
    fill(customer.page, text="账单不对 The bill is wrong")
    customer.press("button[name=dispute]")


def checks_a_bill(supplier: Desk) -> None:
    supplier.go("/compute/pools/")
    supplier.press('main a[href$="/compute/bill/"]')
    head = b"job,pool,accelerator_s,fen\n"
    file = {"name": "bill.csv", "mimeType": "text/csv", "buffer": head}
    supplier.page.set_input_files("[name=bill]", file)
    supplier.press("main form button")
    assert supplier.page.locator(".said.wait").count() == 1, "what was settled is not in it"
    assert supplier.page.locator("tbody a").count() >= 1


def upholds(officer: Desk) -> None:
    officer.sign_in(OPERATOR)
    officer.go("/desk/compute/")
    officer.press('main a[href*="/disputes/d-"] >> nth=0')
    officer.page.select_option("[name=state]", "upheld")
    fill(officer.page, owed="0.20", reason="计量有误 It was metered wrongly")
    officer.press("main form button")


def decides(officer: Desk) -> None:
    officer.sign_in(OPERATOR)
    officer.go("/desk/compute/")
    officer.press('main a[href*="/vouchers/v-"] >> nth=0')
    officer.press("main form button")
    officer.go("/desk/compute/what-if/")
    assert officer.page.locator("tbody tr").count() >= 6
    for rule, reason in (("backfill", "试行 A trial"), ("promise", f"It is over {officer.lang}")):
        officer.go("/desk/compute/policy/")
        officer.page.select_option("[name=policy]", rule)
        fill(officer.page, reason=reason)
        officer.press("main form button")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_pool_serves_a_need_from_question_to_bill_and_the_rule_is_changed_in_public(
    browser: Any, demo: Demo, lang: str
) -> None:
    kind, reader = f"kind-{lang}", Desk(browser, demo, lang)
    customer = Desk(browser, demo, lang, scripts=lang == "en")
    supplier = Desk(browser, demo, lang)
    brings_a_pool(supplier, kind)
    runs_a_job(customer, kind)
    if lang == "zh":  # once will do, without scripts
        job = customer.page.url
        checks_a_bill(supplier)
        objects(customer)
        upholds(Desk(browser, demo, lang))
        customer.page.goto(job)
        assert "0.20" in customer.page.inner_text(".past li >> nth=0")
    customer.go("/compute/vouchers/?programme=beijing_etown")
    fill(customer.page, contract=f"K-2026-{lang}", signed="2026-05-01", settled="120000")
    for one in MET:
        customer.page.check(f"[name=met-{one}]")
    customer.press("main form button")
    decides(Desk(browser, demo, lang))
    customer.go("/compute/vouchers/")
    assert "36,000.00" in customer.page.inner_text("main")
    reader.go("/compute/")
    said = reader.page.inner_text("main")
    assert f"It is over {lang}" in said
    assert kind in said
    assert reader.page.request.get(f"{demo.url}/compute.csv").text().startswith("what,kind")
