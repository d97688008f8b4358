"""The official clients against the replay upstream, through real sockets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit.conformance import CHECKS, Check
from kit.serve import serve
from licet.gateway.replay import load_answers, replay_app


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with serve(replay_app(load_answers(), pace_ms=0)) as root:
        yield f"{root}/v1"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_official_clients_are_content(check: Check, base_url: str) -> None:
    check(base_url, "any key")
