"""What a licence is worth at a moment: every standing, every boundary, and nothing forged."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.licences import (
    AUTHORITY,
    HOLDER,
    KEYS,
    LICENCE,
    NOW,
    STRANGER,
    URI,
    VALID_S,
    changed,
    list_token,
    status_list,
)
from licet.base.trouble import BadInput, Corrupt, Trouble
from licet.credentials import (
    STATES,
    KeySet,
    Status,
    read_licence,
    read_status_list,
    sign_licence,
    standing_of,
    verify,
)
from licet.credentials.possession import check_possession, prove_possession
from licet.credentials.verify import SKEW
from licet.credentials.wording import MEANINGS, NAMES

TOKEN = sign_licence(LICENCE, AUTHORITY)
LISTED = [status_list()]
SECOND = timedelta(seconds=1)


def test_a_licence_says_after_reading_what_was_signed() -> None:
    assert read_licence(TOKEN, KEYS) == LICENCE
    assert read_licence(TOKEN.removesuffix("~"), KEYS) == LICENCE, "with the mark and without"
    assert read_licence(f"\n {TOKEN}\n", KEYS) == LICENCE


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (Status.VALID, "valid"),
        (Status.SUSPENDED, "suspended"),
        (Status.REVOKED, "revoked"),
    ],
)
def test_the_list_says_what_the_licence_is_worth(status: Status, state: str) -> None:
    standing = verify(TOKEN, KEYS, [status_list(status)], NOW)
    assert standing.state == state
    assert standing.is_valid == (state == "valid")


def test_a_licence_is_valid_from_its_first_moment_to_its_last() -> None:
    for moment, state in [
        (LICENCE.begins - SECOND, "not-yet-valid"),
        (LICENCE.begins, "valid"),
        (LICENCE.ends - SECOND, "valid"),
        (LICENCE.ends, "expired"),
    ]:
        lists = [status_list(issued=moment)]
        assert verify(TOKEN, KEYS, lists, moment).state == state


def test_what_is_over_is_over_whatever_the_list_says() -> None:
    lists = [status_list(Status.SUSPENDED, issued=LICENCE.ends)]
    assert verify(TOKEN, KEYS, lists, LICENCE.ends).state == "expired"


def test_stale_is_never_valid() -> None:
    end = NOW + timedelta(seconds=VALID_S)
    assert verify(TOKEN, KEYS, LISTED, end - SECOND).state == "valid"
    assert verify(TOKEN, KEYS, LISTED, end).state == "unknown-stale"
    assert verify(TOKEN, KEYS, [], NOW).state == "unknown-stale"


def test_a_list_says_nothing_of_the_time_before_it() -> None:
    assert verify(TOKEN, KEYS, LISTED, NOW - SKEW - SECOND).state == "unknown-stale"
    assert verify(TOKEN, KEYS, LISTED, NOW - SKEW).state == "valid", "but clocks differ a little"


def test_of_several_lists_the_newest_of_that_time_counts() -> None:
    later = NOW + timedelta(hours=2)
    lists = [status_list(Status.SUSPENDED, issued=later), *LISTED]
    assert verify(TOKEN, KEYS, lists, later - SKEW - SECOND).state == "valid"
    assert verify(TOKEN, KEYS, lists, later).state == "suspended"


def test_a_list_of_another_address_says_nothing_of_this_licence() -> None:
    other = [status_list(uri=URI + "0")]
    assert verify(TOKEN, KEYS, other, NOW).state == "unknown-stale"


def test_a_place_that_the_list_does_not_have_is_not_known() -> None:
    far = sign_licence(changed(status=LICENCE.status.__class__(URI, 1_000_000)), AUTHORITY)
    assert verify(far, KEYS, LISTED, NOW).state == "unknown-stale"


def test_a_status_that_nobody_knows_is_not_valid() -> None:
    strange = list_token({7: 3})  # type: ignore[dict-item]
    lists = [read_status_list(strange, KEYS)]
    assert verify(TOKEN, KEYS, lists, NOW).state == "unknown-stale"


def test_it_says_until_when_this_holds() -> None:
    assert verify(TOKEN, KEYS, LISTED, NOW).until == NOW + timedelta(seconds=VALID_S)
    assert verify(TOKEN, KEYS, [], LICENCE.begins - SECOND).until == LICENCE.begins
    assert verify(TOKEN, KEYS, [], LICENCE.ends).until is None


def test_a_licence_that_another_signed_is_not_one() -> None:
    with pytest.raises(Corrupt, match="not trusted"):
        verify(sign_licence(LICENCE, STRANGER), KEYS, LISTED, NOW)
    with pytest.raises(Corrupt, match="not trusted"):
        read_status_list(list_token(key=STRANGER), KEYS)


def test_a_list_does_not_pass_for_a_licence_nor_the_reverse() -> None:
    with pytest.raises(BadInput, match="dc\\+sd-jwt"):
        read_licence(list_token(), KEYS)
    with pytest.raises(BadInput, match="statuslist"):
        read_status_list(TOKEN.removesuffix("~"), KEYS)


@given(st.integers(0, len(TOKEN) - 2), st.characters(codec="ascii"))
def test_one_changed_character_is_refused(place: int, character: str) -> None:
    forged = TOKEN[:place] + character + TOKEN[place + 1 :]
    if forged == TOKEN:
        return
    with pytest.raises((BadInput, Corrupt)):
        verify(forged, KEYS, LISTED, NOW)


@given(st.text(max_size=200) | st.text("ey.J~0aA=_-", max_size=60))
def test_whatever_is_no_licence_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(Trouble) as caught:
        verify(text, KEYS, LISTED, NOW)
    assert caught.value.message


@given(
    st.integers(-6 * 365, 13 * 365),
    st.lists(
        st.tuples(
            st.sampled_from(Status),
            st.integers(-400 * 86_400, 400 * 86_400),
            st.integers(0, 100_000),
        ),
        max_size=4,
    ),
)
def test_valid_needs_a_list_that_says_so_of_that_moment(
    day: int, drawn: list[tuple[Status, int, int]]
) -> None:
    now = NOW + timedelta(days=day)
    lists = [
        status_list(status, issued=now + timedelta(seconds=since), valid_s=valid_s)
        for status, since, valid_s in drawn
    ]
    standing = standing_of(LICENCE, lists, now)
    assert standing.state in STATES
    if standing.is_valid:
        assert LICENCE.begins <= now < LICENCE.ends
        listed = standing.listed
        assert listed is not None
        assert listed.issued - SKEW <= now < listed.ends
        assert listed.status(LICENCE.status.index) is Status.VALID
        newer = [one for one in lists if listed.issued < one.issued <= now and now < one.ends]
        assert newer == []


def test_only_who_has_the_key_can_show_the_licence_as_his_own() -> None:
    question = {"nonce": "dW5pcXVlLTE", "address": "https://tea.example.cn"}
    shown = prove_possession(TOKEN, **question, now=NOW, key=HOLDER)
    assert check_possession(shown, KEYS, **question, now=NOW) == LICENCE
    forged = prove_possession(TOKEN, **question, now=NOW, key=STRANGER)
    with pytest.raises(Corrupt):
        check_possession(forged, KEYS, **question, now=NOW)


@pytest.mark.parametrize(
    ("asked", "minutes", "cause"),
    [
        ({"nonce": "another-nonce", "address": "https://tea.example.cn"}, 0, "another question"),
        ({"nonce": "dW5pcXVlLTE", "address": "https://copy.example"}, 0, "another address"),
        ({"nonce": "dW5pcXVlLTE", "address": "https://tea.example.cn"}, 6, "old"),
    ],
)
def test_a_proof_answers_one_question_at_one_address_once(
    asked: dict[str, str], minutes: int, cause: str
) -> None:
    shown = prove_possession(
        TOKEN, nonce="dW5pcXVlLTE", address="https://tea.example.cn", now=NOW, key=HOLDER
    )
    with pytest.raises(Corrupt, match=cause):
        check_possession(shown, KEYS, **asked, now=NOW + timedelta(minutes=minutes))


def test_a_proof_cannot_be_moved_to_another_licence() -> None:
    question = {"nonce": "dW5pcXVlLTE", "address": "https://tea.example.cn"}
    proof = prove_possession(TOKEN, **question, now=NOW, key=HOLDER).partition("~")[2]
    other = sign_licence(changed(filing="Beijing-Other-20261121"), AUTHORITY)
    with pytest.raises(Corrupt, match="another licence"):
        check_possession(other + proof, KEYS, **question, now=NOW)
    with pytest.raises(BadInput, match="no proof"):
        check_possession(TOKEN, KEYS, **question, now=NOW)


def test_every_standing_is_worded_in_both_languages() -> None:
    for words in (NAMES, MEANINGS):
        assert set(words) == set(STATES)
        assert all(set(text) == {"zh", "en"} for text in words.values())


def test_a_key_set_of_other_keys_vouches_for_nothing() -> None:
    with pytest.raises(Corrupt):
        verify(TOKEN, KeySet.of([STRANGER.public, HOLDER.public]), LISTED, NOW)
