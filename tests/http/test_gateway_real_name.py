"""The real-name service behind a real gateway: who is verified, what an outage means, who came and
left, and that name, number and pi are nowhere on the disk afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.gateway import Served, running_gateway, write_config
from kit.minors_scene import post
from kit.minors_search import found_secrets
from kit.real_name import CREDENTIALS, Station, number_of, station
from licet.base.clock import SystemClock
from licet.base.trouble import BadInput
from licet.gateway.app import Gateway
from licet.gateway.config import load_config
from licet.gateway.keys import Grant
from licet.gateway.metrics import Metrics
from licet.gateway.minors_opening import open_minors
from licet.minors.realname.simulator import pi_of
from licet.rulebook import load_pack

CHILD = number_of("20130501")
TABLES = """
[minors]
url = "sqlite:minors.db"
profile = "game"
key_file = "keys/minors.key"
unknown = "adult"
when_down = "refuse"

[minors.real_name]
check_url = "{url}"
query_url = "{url}"
report_url = "{url}"
app_id = "test-appId"
biz_id = "test-bizId"
secret_env = "LICET_TEST_REAL_NAME"
outbox = "real-name.db"
key_file = "keys/real-name.key"
on_outage = "{on_outage}"
"""


class Desk:
    """A key of the minors' desk, before a gateway that is connected to a station."""

    def __init__(self, served: Served, station: Station, key: str) -> None:
        self.served, self.station, self._key = served, station, key

    def post(self, deed: str, **body: Any) -> tuple[int, Any]:
        return post(self.served, self._key, deed, **body)

    def verify(self, user: str, number: str = CHILD) -> Any:
        status, said = self.post("verify", user=user, name="李雷", id_number=number)
        assert status == 200, said
        return said


@pytest.fixture(params=["refuse"])
def desk(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    monkeypatch.setenv("LICET_TEST_REAL_NAME", CREDENTIALS.secret_key)
    keys: list[str] = []

    def prepare(gateway: Gateway) -> None:
        now = gateway.parts.clock.now()
        keys.append(gateway.keystore.create("desk", Grant(frozenset({"minors"})), now)[1])
        gateway.parts.keyring.refresh(gateway.parts.clock.monotonic())

    with station() as found:
        tables = TABLES.format(url=found.url, on_outage=request.param)
        with running_gateway(tmp_path / "home", more=tables, prepare=prepare) as served:
            yield Desk(served, found, keys[0])


def until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not what():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def test_a_child_is_verified_and_its_comings_are_reported(desk: Desk) -> None:
    said = desk.verify("child-1")
    assert (said["verification"], said["standing"]) == ("verified", "minor")
    for online in (True, False):
        status, _ = desk.post("visit", user="child-1", visit="v1", online=online)
        assert status == 200
    reports = desk.station.simulator.reports
    until(lambda: len(reports) == 2)
    assert [report[2] for report in reports] == [1, 0]
    assert reports[0][1] == reports[1][1]
    status, said = desk.post("visit", user="nobody", visit="v1", online=True)
    assert status == 404


def test_a_number_that_cannot_be_is_for_the_person_to_correct(desk: Desk) -> None:
    said = desk.verify("child-2", CHILD[:17] + "Y")
    assert (said["verification"], said["standing"]) == ("correct_number", "unknown")


@pytest.mark.parametrize(
    ("desk", "standing"), [("refuse", "unknown"), ("as_minor", "minor")], indirect=["desk"]
)
def test_an_outage_means_what_the_operator_set(desk: Desk, standing: str) -> None:
    desk.station.down = True
    said = desk.verify("child-3")
    assert said["standing"] == standing
    desk.station.down = False
    assert desk.verify("child-3")["verification"] == "verified"


def test_reports_of_an_outage_arrive_after_it(desk: Desk) -> None:
    desk.verify("child-4")
    desk.station.down = True
    desk.post("visit", user="child-4", visit="v1", online=True)
    time.sleep(1.5)
    desk.station.down = False
    until(lambda: len(desk.station.simulator.reports) == 1)


def test_name_number_and_pi_are_nowhere_on_the_disk(desk: Desk) -> None:
    desk.verify("child-5")
    desk.station.down = True
    desk.post("visit", user="child-5", visit="v1", online=True)
    time.sleep(1.2)
    known = {CHILD: 1, pi_of(CHILD): 1, "李雷": 1, "20130501": 1, "2013-05-01": 1}
    home = desk.served.home
    assert found_secrets(home, known) == []
    assert (home / "real-name.db").stat().st_size > 0


def test_the_secret_comes_from_the_environment_alone(tmp_path: Path) -> None:
    tables = TABLES.format(url="http://127.0.0.1:1", on_outage="refuse")
    config = load_config(write_config(tmp_path, "replay:", more=tables))
    pack = load_pack("cn-genai-2023")
    with pytest.raises(BadInput, match="LICET_TEST_REAL_NAME is empty"):
        open_minors(config.minors, pack, Metrics(), SystemClock(), {})
