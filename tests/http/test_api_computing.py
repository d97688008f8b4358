"""Computing power for programs: a pool is kept up to date, a need answered and accepted, its job
watched; a token is for one body alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from kit.api import AUTHORITY, Provider
from kit.commons import commons, ended, now_s
from kit.portal import portal

POOL = {"kind": "h20", "count": 8, "memory_gib": 96, "price_fen_hour": 3600, "region": "north",
        "origin": "domestic", "attested": "doc 1"}  # fmt: skip
NEED = {"work": 10, "unit": "steps", "speeds": {"h20": {"value": 1, "source": "own run"}}}
TASK = {"script": "true", "longest_s": 600}


@pytest.fixture
def acme() -> Iterator[Provider]:
    with portal(AUTHORITY) as client:
        yield Provider(client, "acme")


def send(who: Provider, method: str, path: str, value: Any, digest: str = "") -> Any:
    """A body with its token, as a program sends it."""
    data = json.dumps(value).encode()
    address = f"/api/v1{path}?sha256={digest or hashlib.sha256(data).hexdigest()}"
    bearer = f"Bearer {who.access(method, address)}"
    call = who.client.put if method == "PUT" else who.client.post
    return call(address, data, content_type="application/json", headers={"authorization": bearer})


def test_a_pool_is_registered_and_kept_up_to_date(acme: Provider) -> None:
    assert send(acme, "PUT", "/compute/pools/north-1", POOL).json()["said"]["count"] == 8
    fewer = POOL | {"count": 4, "closes": "2099-01-01T00:00:00+08:00"}
    assert send(acme, "PUT", "/compute/pools/north-1", fewer).json()["said"]["count"] == 4
    other = send(acme, "PUT", "/compute/pools/north-1", POOL | {"kind": "x"})
    assert (other.status_code, other.json()["code"]) == (422, "bad-body")
    for wrong in ({"count": -1}, {"attested": ""}, {"closes": "2099-01-01T00:00:00"}, {"x": 1}):
        answer = send(acme, "PUT", "/compute/pools/north-2", POOL | wrong)
        assert answer.status_code == 422, wrong
    assert [one["id"] for one in acme.get("/compute/pools").json()["pools"]] == ["north-1"]
    rival = Provider(acme.client, "rival")
    assert send(rival, "PUT", "/compute/pools/north-1", POOL).status_code == 404
    assert rival.get("/compute/pools").json()["pools"] == []


def test_a_need_goes_from_answer_to_settled_job(acme: Provider) -> None:
    send(acme, "PUT", "/compute/pools/north-1", POOL)
    with commons() as here:
        here.pay_in("acme", 100_000, "p-1", now_s())
    asked = send(acme, "POST", "/compute/needs/new", NEED)
    said = asked.json()
    assert (asked.status_code, said["feasible"], said["fen"]) == (201, True, 10)
    assert said["why"]["zh"][0] == "全部时间，最快的加速器"
    path = f"/compute/needs/{said['id']}/acceptance"
    dear = send(acme, "POST", path, TASK | {"longest_s": 900_000})
    assert (dear.status_code, dear.json()["code"]) == (422, "bad-body")
    for _ in range(2):
        assert send(acme, "POST", path, TASK).json()["state"] == "accepted", "said again: the same"
    assert send(acme, "POST", path, TASK | {"script": "false"}).status_code == 409
    assert [one["stage"] for one in acme.get("/compute/jobs").json()["jobs"]] == ["waiting"]
    with commons() as here:
        ended(here, said["id"])
    done = acme.get(f"/compute/jobs/{said['id']}").json()
    assert (done["ended"], done["used_s"], done["fen"]) == ("ended", 100, 100)
    assert [one["what"] for one in done["told"]] == ["released:north-1", "ended:100"]
    assert [one["id"] for one in acme.get("/compute/needs").json()["needs"]] == [said["id"]]
    rival = Provider(acme.client, "rival")
    for path in (f"/compute/jobs/{said['id']}", f"/compute/needs/{said['id']}"):
        assert rival.get(path).status_code == 404


def test_a_no_says_why_and_a_job_ends_when_its_customer_wishes(acme: Provider) -> None:
    none = send(acme, "POST", "/compute/needs/new", NEED).json()
    assert (none["feasible"], none["why"]["en"][0]) == (False, "no pool meets the need")
    send(acme, "PUT", "/compute/pools/north-1", POOL)
    with commons() as here:
        here.pay_in("acme", 100_000, "p-1", now_s())
    said = send(acme, "POST", "/compute/needs/new", NEED).json()
    send(acme, "POST", f"/compute/needs/{said['id']}/acceptance", TASK)
    path = f"/api/v1/compute/jobs/{said['id']}/end"
    bearer = f"Bearer {acme.access('POST', path)}"
    assert acme.client.post(path, headers={"authorization": bearer}).status_code == 200
    with commons() as here:
        ended(here, said["id"])
        assert here.job(said["id"]).ended == "cancelled"


def test_a_token_is_for_one_body_alone(acme: Provider) -> None:
    other = hashlib.sha256(b"other").hexdigest()
    refused = send(acme, "PUT", "/compute/pools/north-1", POOL, digest=other)
    assert (refused.status_code, refused.json()["code"]) == (422, "bad-body")
    assert acme.get("/compute/pools").json()["pools"] == []
