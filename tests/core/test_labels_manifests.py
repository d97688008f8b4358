"""A manifest comes after the label, and both stay valid; whoever changes anything breaks one."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from kit.labels import NUMBER, PRODUCER, RULES, samples
from licet.base.clock import SystemClock
from licet.base.trouble import BadInput
from licet.labels import produce, verify
from licet.labels.formats import format_of
from licet.labels.labelling import names_of
from licet.labels.manifests import MEDIA_TYPES, check, make_authority, sign

pytest.importorskip("c2pa", reason="c2pa-python is not installed: make extras ARGS=c2pa")

NOW = SystemClock().now()  # certificates are checked against the machine's clock
OURS = make_authority("Tea Company", now=NOW, days=30, root_days=60)
OTHERS = make_authority("Coffee Company", now=NOW, days=30, root_days=60)
SIGNED = [n for n, d in samples().items() if format_of(d, n).media_type in MEDIA_TYPES]
EACH = pytest.mark.parametrize("name", SIGNED)


def media_type(name: str) -> str:
    return format_of(samples()[name], name).media_type


def made(name: str) -> bytes:
    labelled = produce(samples()[name], PRODUCER, NUMBER, RULES, name=name)
    return sign(labelled, media_type(name), OURS.chain, OURS.key)


@EACH
def test_label_and_manifest_are_both_valid(name: str) -> None:
    manifest = check(made(name), media_type(name), OURS.root)
    assert (manifest.state, manifest.generated, manifest.problems) == ("trusted", True, ())
    assert manifest.signer == "Tea Company"
    report = verify(made(name), RULES, name=name)
    assert (report.verdict, report.bound) == ("compliant", True)


@EACH
def test_a_flipped_byte_of_the_content_breaks_both(name: str) -> None:
    data = bytearray(made(name))
    pieces = format_of(samples()[name], name).content(samples()[name], names_of(RULES))
    longest = max(pieces, key=len)
    at = bytes(data).index(longest) + len(longest) // 2
    data[at] ^= 1
    assert check(bytes(data), media_type(name), OURS.root).state in {"invalid", "inconclusive"}
    assert not verify(bytes(data), RULES, name=name).bound


@EACH
def test_a_label_that_is_written_later_breaks_the_manifest(name: str) -> None:
    later = produce(made(name), PRODUCER, "another", RULES, name=name)
    assert check(later, media_type(name), OURS.root).state != "trusted"


def test_only_who_is_named_is_trusted() -> None:
    data = made("a.png")
    assert check(data, "image/png").state == "valid"
    assert check(data, "image/png", OTHERS.root).state == "valid"
    assert not check(data, "image/png", OTHERS.root).stands


def test_a_file_without_a_manifest_is_said_to_have_none() -> None:
    for name in SIGNED:
        assert check(samples()[name], media_type(name), OURS.root).state == "not_found"
    assert check(b"# Tea", "text/markdown").state == "not_found"


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", samples()["a.png"][:60]])
def test_what_cannot_be_read_is_inconclusive_or_bears_nothing(data: bytes) -> None:
    assert check(data, "image/png", OURS.root).state in {"inconclusive", "not_found"}


def test_what_cannot_be_signed_is_refused_with_what_to_do() -> None:
    png = samples()["a.png"]
    with pytest.raises(BadInput, match="not signed here"):
        sign(png, "text/markdown", OURS.chain, OURS.key)
    with pytest.raises(BadInput, match="make-ca"):
        sign(png, "image/png", OURS.chain, b"no key")
    with pytest.raises(BadInput):
        sign(png[:50], "image/png", OURS.chain, OURS.key)
    with pytest.raises(BadInput):
        sign(png, "image/png", OTHERS.chain, OURS.key)


def test_an_authority_that_has_ended_is_not_trusted() -> None:
    old = make_authority("Old", now=NOW - timedelta(days=90), days=30, root_days=30)
    try:
        data = sign(samples()["a.png"], "image/png", old.chain, old.key)
    except BadInput:
        return  # refused where it is signed
    assert check(data, "image/png", old.root).state != "trusted"


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="not installed here: exiftool")
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.mp4"])
def test_exiftool_reads_the_label_beside_the_manifest(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(made(name))
    run = subprocess.run(
        ["exiftool", "-json", "-G1", path], capture_output=True, text=True, check=True, timeout=60
    )
    tags = json.loads(run.stdout)[0]
    assert sum("ContentProducer" in str(value) for value in tags.values()) == 1
