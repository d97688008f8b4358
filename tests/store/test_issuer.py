"""The authority's desk: what was issued, what became of it, and that its past can be told."""

from __future__ import annotations

import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.licences import NOW, TERMS, an_issuer
from licet.base.trouble import Conflict, Corrupt, NotFound
from licet.credentials import KeySet, Status, read_status_list, verify
from licet.credentials.issuer import Issuer
from licet.credentials.shelf import Shelf


def state(issuer: Issuer, token: str, now: datetime) -> str:
    listed = read_status_list(issuer.status_token(now), issuer.keys)
    return verify(token, issuer.keys, [listed], now).state


def later(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_licence_is_valid_until_it_is_suspended_and_again_when_restored(tmp_path: Path) -> None:
    issuer = an_issuer(tmp_path)
    licence, token = issuer.issue(TERMS, NOW)
    assert licence.filing == TERMS.filing
    assert state(issuer, token, later(1)) == "valid"
    assert issuer.set_status(licence.id, Status.SUSPENDED, later(2))
    assert state(issuer, token, later(2)) == "suspended"
    assert issuer.set_status(licence.id, Status.VALID, later(4))
    assert state(issuer, token, later(4)) == "valid"


def test_revoked_is_final_and_what_is_so_already_changes_nothing(tmp_path: Path) -> None:
    issuer = an_issuer(tmp_path)
    licence, _ = issuer.issue(TERMS, NOW)
    assert not issuer.set_status(licence.id, Status.VALID, later(1))
    assert issuer.set_status(licence.id, Status.REVOKED, later(1))
    assert not issuer.set_status(licence.id, Status.REVOKED, later(2))
    with pytest.raises(Conflict, match="final"):
        issuer.set_status(licence.id, Status.VALID, later(3))
    with pytest.raises(NotFound):
        issuer.set_status("lic_unknown", Status.VALID, later(3))


def test_the_status_of_a_past_moment_can_be_asked_for(tmp_path: Path) -> None:
    issuer = an_issuer(tmp_path)
    licence, token = issuer.issue(TERMS, NOW)
    issuer.set_status(licence.id, Status.SUSPENDED, later(100))
    issuer.set_status(licence.id, Status.VALID, later(200))
    for second, expected in [
        (0, "valid"), (99, "valid"), (100, "suspended"), (199, "suspended"), (200, "valid"),
        (300, "valid"),
    ]:  # fmt: skip
        past = read_status_list(issuer.status_token_at(later(second), later(300)), issuer.keys)
        assert verify(token, issuer.keys, [past], later(second)).state == expected
        assert verify(token, issuer.keys, [past], later(301)).state == "unknown-stale"
    for second in (-1, 301):
        with pytest.raises(NotFound):
            issuer.status_token_at(later(second), later(300))


def test_another_process_sees_what_was_done_and_places_are_never_given_twice(
    tmp_path: Path,
) -> None:
    one, other = an_issuer(tmp_path), an_issuer(tmp_path)
    places = [desk.issue(TERMS, NOW)[0].status.index for desk in (one, other, one, other)]
    assert places == [0, 1, 2, 3]
    licence, token = one.issue(TERMS, NOW)
    other.set_status(licence.id, Status.SUSPENDED, NOW)
    assert state(one, token, NOW) == "suspended"
    assert [status for _, status in one.licences()] == [Status.VALID] * 4 + [Status.SUSPENDED]


@given(acts=st.lists(st.tuples(st.sampled_from(Status), st.integers(-5, 5)), max_size=12))
def test_the_past_never_changes_whatever_is_done_later(
    acts: list[tuple[Status, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    issuer = an_issuer(tmp_path_factory.mktemp("authority"))
    licence, token = issuer.issue(TERMS, NOW)
    now, told = NOW, {}
    for status, wait_s in acts:
        now = max(NOW, now + timedelta(seconds=wait_s))
        try:
            issuer.set_status(licence.id, status, now)
        except Conflict:
            assert state(issuer, token, now) == "revoked"
        told[now - timedelta(seconds=1)] = None
    end = NOW + timedelta(seconds=1000)
    for moment in [at for at in told if at >= NOW]:
        past = read_status_list(issuer.status_token_at(moment, end), issuer.keys)
        first = verify(token, issuer.keys, [past], moment).state
        issuer.set_status(licence.id, Status.REVOKED, end)
        again = read_status_list(issuer.status_token_at(moment, end), issuer.keys)
        assert verify(token, issuer.keys, [again], moment).state == first


def test_the_key_is_for_its_owner_and_a_broken_file_is_said_to_be_so(tmp_path: Path) -> None:
    issuer = an_issuer(tmp_path)
    issuer.issue(TERMS, NOW)
    assert stat.S_IMODE((tmp_path / "issuer.key").stat().st_mode) == 0o600
    with (tmp_path / "acts.jsonl").open("ab") as file:
        file.write(b'{"at": 1}\n')
    with pytest.raises(Corrupt, match="no act"):
        issuer.status_token(NOW)


def test_a_shelf_keeps_the_newest_list_and_those_of_the_past(tmp_path: Path) -> None:
    issuer, shelf = an_issuer(tmp_path / "authority"), Shelf(tmp_path / "shelf")
    with pytest.raises(NotFound, match="licet licence trust"):
        shelf.keys()
    shelf.trust(issuer.keys)
    keys = shelf.keys()
    assert keys == issuer.keys
    licence, token = issuer.issue(TERMS, NOW)
    old = read_status_list(issuer.status_token(NOW), keys)
    issuer.set_status(licence.id, Status.SUSPENDED, later(10))
    new = read_status_list(issuer.status_token(later(10)), keys)
    shelf.put(new, keys)
    shelf.put(old, keys)
    assert [one.issued for one in shelf.lists(old.uri, keys)] == [later(10)]
    shelf.put(old, keys, past=True)
    lists = shelf.lists(old.uri, keys)
    assert verify(token, keys, lists, later(5)).state == "valid"
    assert verify(token, keys, lists, later(20)).state == "suspended"


def test_a_list_that_was_tampered_with_on_the_shelf_says_nothing(tmp_path: Path) -> None:
    issuer, shelf = an_issuer(tmp_path / "authority"), Shelf(tmp_path / "shelf")
    issuer.issue(TERMS, NOW)
    listed = read_status_list(issuer.status_token(NOW), issuer.keys)
    shelf.put(listed, issuer.keys)
    (path,) = (tmp_path / "shelf" / "lists").iterdir()
    path.write_text(path.read_text().replace("ey", "eX", 1))
    assert shelf.lists(listed.uri, issuer.keys) == ()
    assert shelf.lists(listed.uri, KeySet.of([])) == ()
