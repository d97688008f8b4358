"""Each check with a table of what it takes and what it leaves; numbers belong to nobody."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import identifiers
from licet.guard.recognise import CHECKS

KEY_BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"

TAKEN = [
    ("cn-id", "11010519491231002X"),
    ("cn-id", "11010519491231002x"),
    ("cn-id", "110105 19491231 002X"),
    ("cn-id", "440524188001010014"),
    ("bank-card", "4111 1111 1111 1111"),
    ("bank-card", "5555-5555-5555-4444"),
    ("bank-card", "378282246310005"),
    ("bank-card", "6222021234567890128"),
    ("cn-passport", "E12345678"),
    ("cn-passport", "ea1234567"),
    ("iban", "DE89 3704 0044 0532 0130 00"),
    ("iban", "gb29 nwbk 6016 1331 9268 19"),
    ("us-ssn", "219-09-9998"),
    ("phone-cn", "138 0013 8000"),
    ("phone-cn", "+86 138-0013-8000"),
    ("phone-cn", "19912345678"),
    ("phone", "+44 20 8366 1177"),
    ("phone", "+1 (415) 555-2671"),
    ("phone", "0044 20 8366 1177"),
    ("phone", "(415) 555-2671"),
    ("email", "li.lei1987@mail.sina.cn"),
    ("email", "j.doe+letters@posteo.de"),
    ("ip-address", "114.114.114.114"),
    ("ip-address", "2001:4860:4860::8888"),
    ("plate-cn", "京A12345"),
    ("plate-cn", "粤B·D12345"),
    ("plate-cn", "沪ad12345"),
    ("address-cn", "上海市浦东新区世纪大道100号3单元502室"),
    ("address-cn", "幸福路18号阳光花园2栋1101"),
    ("address-en", "221 baker street, apt 4b"),
    ("address-en", "742 evergreen terrace, springfield, or 97403"),
    ("address-en", "10 downing street, london sw1a 2aa"),
    ("record", "姓名:王小明 身份证号11010519491231002X"),
    ("record", "姓名：王小明，手机 138 0013 8000"),
    ("private-key", f"-----BEGIN PRIVATE KEY-----\n{KEY_BODY}\n-----END PRIVATE KEY-----"),
    ("private-key", f"-----begin rsa private key-----\nproc-type: 4,encrypted\n\n{KEY_BODY}"),
    ("token", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    ("token", "AKIAQ3EGXZT5WLPNRB47"),
    ("token", "sk-proj-9f3k2Lq8ZtVxW0aYb7Rn4M"),
]

LEFT = [
    ("cn-id", "110105194912310021"),  # the check character
    ("cn-id", "11010519491331002X"),  # the thirteenth month
    ("cn-id", "99010519491231002X"),  # no such province
    ("cn-id", "1101051949123100"),
    ("cn-id", ""),
    ("bank-card", "4111 1111 1111 1112"),
    ("bank-card", "0000 0000 0000 0000"),
    ("bank-card", "1234567890123452"),  # nobody issues it
    ("bank-card", "79927398713"),
    ("cn-passport", "A12345678"),
    ("cn-passport", "E1234567"),
    ("iban", "DE89 3704 0044 0532 0130 01"),
    ("iban", "DE89 3704 0044 0532 0130"),
    ("iban", "zz12 3456"),
    ("us-ssn", "000-12-3456"),
    ("us-ssn", "666-12-3456"),
    ("us-ssn", "123-45-6789"),
    ("us-ssn", "219-00-9998"),
    ("phone-cn", "12012345678"),
    ("phone-cn", "1380013800"),
    ("phone-cn", "13000000000"),
    ("phone", "+800 1234 5678"),  # free for all callers
    ("phone", "+1 800 555 0199"),
    ("phone", "+999 12345"),
    ("email", "info@somewhere.cn"),
    ("email", "li.lei@example.com"),
    ("email", "logo@2x.png"),
    ("email", "@home"),
    ("ip-address", "192.168.1.1"),
    ("ip-address", "127.0.0.1"),
    ("ip-address", "203.0.113.7"),  # of manuals (RFC 5737)
    ("ip-address", "999.1.1.1"),
    ("plate-cn", "京A1234"),
    ("plate-cn", "京AABCDE"),
    ("plate-cn", "股A12345"),
    ("address-cn", "南京东路100号"),  # a shop's
    ("address-cn", "3单元"),
    ("address-en", "5 apple street"),
    ("address-en", "the 2000s, apt"),
    ("record", "姓名:王小明 学号20230101001"),
    ("private-key", "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----"),
    ("private-key", "-----BEGIN RSA PRIVATE KEY-----\nYOUR KEY HERE\n-----END"),
    ("token", "AKIAIOSFODNN7EXAMPLE"),
    ("token", "sk-your-api-key-goes-here-1"),
    ("token", "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
    ("token", "sk-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "text"), TAKEN)
def test_what_can_be_an_identifier_is_taken(check: str, text: str) -> None:
    assert CHECKS[check](text)


@pytest.mark.parametrize(("check", "text"), LEFT)
def test_what_cannot_be_one_is_left(check: str, text: str) -> None:
    assert not CHECKS[check](text)


def test_every_check_has_both_kinds_of_example() -> None:
    assert {check for check, _ in TAKEN} == {check for check, _ in LEFT} == set(CHECKS)


@given(st.randoms(use_true_random=False))
def test_well_formed_numbers_are_taken(rng: random.Random) -> None:
    assert CHECKS["cn-id"](identifiers.cn_id(rng))
    assert CHECKS["bank-card"](identifiers.card(rng))
    assert CHECKS["bank-card"](identifiers.card(rng, "4", 16))
    assert CHECKS["iban"](identifiers.iban(rng))
    assert CHECKS["plate-cn"](identifiers.plate(rng))


@given(st.randoms(use_true_random=False), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_seen(rng: random.Random, place: int, more: int) -> None:
    number = identifiers.cn_id(rng)
    wrong = str((int(number[place]) + more) % 10)
    assert not CHECKS["cn-id"](number[:place] + wrong + number[place + 1 :])
    card = identifiers.card(rng)
    wrong = str((int(card[place]) + more) % 10)
    assert not CHECKS["bank-card"](card[:place] + wrong + card[place + 1 :])


@given(st.sampled_from(sorted(CHECKS)), st.text(max_size=80))
def test_no_text_makes_a_check_fail(check: str, text: str) -> None:
    assert CHECKS[check](text) in (True, False)


@given(st.sampled_from(sorted(CHECKS)), st.from_regex(re.compile(r"[0-9٠-٩²x:+.@ -]{0,40}")))
def test_odd_digits_make_no_check_fail(check: str, text: str) -> None:
    assert CHECKS[check](text) in (True, False)
