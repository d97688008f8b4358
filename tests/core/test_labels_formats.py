"""In every format: one label, in its place, bound to the content, and nothing else changed."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pikepdf
import pytest
from PIL import Image

from kit.labels import NUMBER, PRODUCER, RULES, docx, mp3, mp4, opus, picture, samples
from licet.base.trouble import BadInput, TooMuch
from licet.labels import Report, produce, propagate, verify
from licet.labels.formats import FORMATS, format_of
from licet.labels.formats.model import LABEL_BYTES_MAX, Copy
from licet.labels.formats.xmp import copies as xmp_copies
from licet.labels.formats.xmp import with_label
from licet.labels.labelling import names_of
from licet.labels.metadata import without_codes

NAMES = names_of(RULES)
EACH = pytest.mark.parametrize("name", samples())
PICTURES = [name for name in samples() if format_of(samples()[name], name).medium == "image"]


def labelled(name: str) -> bytes:
    return produce(samples()[name], PRODUCER, NUMBER, RULES, name=name)


def seen(name: str, data: bytes) -> Report:
    return verify(data, RULES, name=name)


def test_every_format_has_a_sample() -> None:
    assert {format_of(data, name).id for name, data in samples().items()} == set(FORMATS)


@EACH
def test_a_file_without_a_label_is_said_to_bear_none(name: str) -> None:
    assert seen(name, samples()[name]).verdict == "not_found"


@EACH
def test_what_is_written_is_found_once_and_is_bound_to_the_content(name: str) -> None:
    report = seen(name, labelled(name))
    assert (report.verdict, report.faults, report.bound) == ("compliant", (), True)
    assert report.aigc is not None
    assert (report.aigc.label, report.aigc.producer) == ("1", PRODUCER)
    assert len(report.copies) == 1


@EACH
def test_writing_again_changes_nothing_and_another_number_replaces_the_first(name: str) -> None:
    once = labelled(name)
    assert produce(once, PRODUCER, NUMBER, RULES, name=name) == once
    other = seen(name, produce(once, PRODUCER, "20261128-2", RULES, name=name))
    assert other.verdict == "compliant"
    assert other.aigc is not None
    assert other.aigc.produce_id == "20261128-2"


@EACH
def test_the_content_is_the_same_before_and_after(name: str) -> None:
    known = format_of(samples()[name], name)
    before = list(known.content(samples()[name], NAMES))
    assert list(known.content(labelled(name), NAMES)) == before


@EACH
def test_who_passes_a_labelled_file_on_adds_to_it_and_keeps_what_the_producer_said(
    name: str,
) -> None:
    passed_on = propagate(labelled(name), "PLATFORM", "42", RULES, declared=False, name=name)
    report = seen(name, passed_on)
    assert (report.verdict, report.bound) == ("compliant", True)
    assert report.aigc is not None
    assert (report.aigc.label, report.aigc.produce_id) == ("1", NUMBER)
    assert (report.aigc.propagator, report.aigc.propagate_id) == ("PLATFORM", "42")


@pytest.mark.parametrize(("declared", "label"), [(True, "2"), (False, "3")])
@EACH
def test_who_passes_an_unlabelled_file_on_says_possible_or_suspected(
    name: str, declared: bool, label: str
) -> None:
    data = propagate(samples()[name], "PLATFORM", "42", RULES, declared=declared, name=name)
    report = seen(name, data)
    assert report.verdict == "compliant"
    assert report.aigc is not None
    assert (report.aigc.label, report.aigc.producer) == (label, "")


def said_and_shown(name: str, data: bytes) -> tuple[object, ...]:
    """What the producer says in a file, and everything of it that is content."""
    aigc = seen(name, data).aigc
    assert aigc is not None
    return (without_codes(aigc), *format_of(data, name).content(data, NAMES))


@EACH
def test_no_flipped_byte_goes_unnoticed(name: str) -> None:
    """A file is only called bound where the producer's words and the content are as they were; a
    byte that is neither (padding, an unused header) may be any."""
    data = labelled(name)
    before = said_and_shown(name, data)
    for at in range(0, len(data), max(1, len(data) // 400)):
        flipped = data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]
        if seen(name, flipped).bound:
            assert said_and_shown(name, flipped) == before, at


@EACH
def test_a_file_cut_off_is_never_called_whole(name: str) -> None:
    data = labelled(name)
    before = said_and_shown(name, data)
    for stop in range(0, len(data), max(1, len(data) // 60)):
        if seen(name, data[:stop]).bound:
            assert said_and_shown(name, data[:stop]) == before, stop


@pytest.mark.parametrize("name", PICTURES)
def test_a_label_touches_no_pixel(name: str) -> None:
    before, after = (
        Image.open(io.BytesIO(data)).convert("RGBA").tobytes()
        for data in (samples()[name], labelled(name))
    )
    assert before == after


def test_two_copies_are_one_too_many() -> None:
    text = seen("a.png", labelled("a.png")).copies[0].text.encode()
    twice = labelled("a.png")
    value = b"AIGC\0" + text
    chunk = b"tEXt" + value
    chunk = struct.pack(">I", len(value)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    report = seen("a.png", twice[:33] + chunk + twice[33:])
    assert report.verdict == "noncompliant"
    assert [fault.check for fault in report.faults] == ["one_copy"]
    cleaned = produce(twice[:33] + chunk + twice[33:], PRODUCER, NUMBER, RULES)
    assert len(seen("a.png", cleaned).copies) == 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_label_in_exif_is_read_and_makes_way_for_a_new_one(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0131] = "Tea"
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + b'{"AIGC":{"Label":"1"}}'
    out = io.BytesIO()
    Image.new("RGB", (64, 64)).save(out, kind, exif=exif)
    found = seen("x", out.getvalue())
    assert (found.verdict, len(found.copies)) == ("noncompliant", 1)
    again = seen("x", produce(out.getvalue(), PRODUCER, NUMBER, RULES))
    assert (again.verdict, len(again.copies)) == ("compliant", 1)


def test_other_xmp_stays_and_a_label_is_read_as_element_too() -> None:
    namespace = NAMES.namespace
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-'
        'syntax-ns#"><r:Description r:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns:q="{namespace}" dc:format="a &amp; b"><q:AIGC>{{"Label":"1"}}</q:AIGC>'
        "<!-- kept --></r:Description></r:RDF></x:xmpmeta>"
    ).encode()
    assert xmp_copies(packet, NAMES, "XMP") == (Copy("XMP TC260:AIGC", '{"Label":"1"}'),)
    written = with_label(packet, "new", NAMES)
    assert [copy.text for copy in xmp_copies(written, NAMES, "XMP")] == ["new"]
    assert b'dc:format="a &amp; b"' in written
    assert b"<!-- kept -->" in written


@pytest.mark.parametrize(
    "packet",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        b"<x>",
        b"<x/>",
        b"\xff\xfe<",
        b'<?xml version="1.0" encoding="unheard-of"?><x/>',
        b"<a>" * 10_000,
        b" " * (LABEL_BYTES_MAX + 1),
    ],
)
def test_a_packet_that_cannot_be_read_is_refused_and_not_lost(packet: bytes) -> None:
    with pytest.raises(BadInput):
        with_label(packet, "x", NAMES)


def test_a_text_that_unpacks_to_too_much_is_refused() -> None:
    value = b"AIGC\0\0" + zlib.compress(b"x" * 50_000_000, 9)
    chunk = b"zTXt" + value
    chunk = struct.pack(">I", len(value)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    report = seen("a.png", samples()["a.png"][:33] + chunk + samples()["a.png"][33:])
    assert report.verdict == "inconclusive"
    assert "too long" in report.problem


def test_an_office_file_that_unpacks_to_too_much_is_refused() -> None:
    bomb = docx(**{"word/bomb.xml": bytes(30_000_000)})
    assert seen("a.docx", bomb).verdict == "not_found"  # to look for a label unpacks nothing else
    with pytest.raises(BadInput, match="too large"):
        produce(bomb, PRODUCER, NUMBER, RULES)
    property_bomb = docx(**{"docProps/custom.xml": bytes(30_000_000)})
    assert seen("a.docx", property_bomb).verdict == "inconclusive"


def test_other_custom_properties_stay() -> None:
    once = produce(docx(), PRODUCER, NUMBER, RULES)
    with zipfile.ZipFile(io.BytesIO(once)) as archive:
        custom = archive.read("docProps/custom.xml")
    other = custom.replace(b'name="AIGC"', b'name="Owner"')
    again = produce(docx(**{"docProps/custom.xml": other}), PRODUCER, NUMBER, RULES)
    with zipfile.ZipFile(io.BytesIO(again)) as archive:
        custom = archive.read("docProps/custom.xml")
    assert b'pid="2" name="Owner"' in custom
    assert b'pid="3" name="AIGC"' in custom


def test_an_encrypted_pdf_is_refused_with_what_to_do() -> None:
    out = io.BytesIO()
    made = pikepdf.new()
    made.add_blank_page()
    made.save(out, encryption=pikepdf.Encryption(owner="a", user="b"))
    with pytest.raises(BadInput, match="Remove its password"):
        produce(out.getvalue(), PRODUCER, NUMBER, RULES)


def test_chunks_of_a_video_are_found_where_they_went() -> None:
    data = produce(mp4(moov_first=True), PRODUCER, NUMBER, RULES)
    at = data.index(b"stco") + 12
    first, second = struct.unpack_from(">II", data, at)
    assert (data[first : first + 100], data[second : second + 100]) == (b"A" * 100, b"B" * 100)


def test_a_video_in_fragments_is_refused_with_what_to_do() -> None:
    with pytest.raises(BadInput, match="ffmpeg"):
        produce(mp4() + struct.pack(">I", 8) + b"moof", PRODUCER, NUMBER, RULES)


@pytest.mark.parametrize("size", [0, 200, 255, 65_000, 70_000])
def test_comments_of_ogg_fill_as_many_pages_as_they_need(size: int) -> None:
    data = produce(opus(size), PRODUCER, NUMBER, RULES)
    assert seen("a.opus", data).bound
    assert seen("a.opus", opus(size)).verdict == "not_found"


def test_an_old_tag_of_mp3_is_refused_with_what_to_do() -> None:
    with pytest.raises(BadInput, match=r"ID3v2\.4 first"):
        produce(mp3().replace(b"ID3\4", b"ID3\2", 1), PRODUCER, NUMBER, RULES)


@pytest.mark.parametrize("data", [b"", b"BM", b"\0" * 100, b"RIFF\0\0\0\0AVI "])
def test_a_format_without_a_place_for_a_label_is_said_to_be_one(data: bytes) -> None:
    report = seen("x.bin", data)
    assert report.verdict == "inconclusive"
    assert "Known here: png" in report.problem
    with pytest.raises(BadInput):
        produce(data, PRODUCER, NUMBER, RULES)


def test_a_label_of_nobody_is_not_overwritten_by_who_passes_it_on() -> None:
    known = format_of(picture("PNG"))
    strange = known.write(picture("PNG"), "no JSON", NAMES)
    with pytest.raises(BadInput, match="cannot be read"):
        propagate(strange, "PLATFORM", "1", RULES, declared=True)


def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return 1 << 40

    with pytest.raises(TooMuch):
        format_of(Huge(b"\x89PNG\r\n\x1a\n"))


def test_a_tiff_whose_entries_stand_in_any_order_is_bound() -> None:
    data = picture("TIFF")
    (place,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, place)
    entries = [data[place + 2 + 12 * n : place + 14 + 12 * n] for n in range(count)]
    turned = data[: place + 2] + b"".join(reversed(entries)) + data[place + 2 + 12 * count :]
    report = verify(produce(turned, PRODUCER, NUMBER, RULES), RULES)
    assert (report.verdict, report.bound) == ("compliant", True)


@pytest.mark.parametrize("kind", [b"trak", b"mvhd"])
def test_only_the_last_box_of_a_file_runs_to_its_end(kind: bytes) -> None:
    """Inside moov a box that does would swallow the label."""
    data = bytearray(mp4())
    at = data.index(kind) - 4
    data[at : at + 4] = bytes(4)
    with pytest.raises(BadInput, match="a box does not fit"):
        produce(bytes(data), PRODUCER, NUMBER, RULES)
    whole = bytearray(mp4())
    at = whole.index(b"moov") - 4
    whole[at : at + 4] = bytes(4)
    assert verify(produce(bytes(whole), PRODUCER, NUMBER, RULES), RULES).verdict == "compliant"


def test_no_value_of_a_tiff_lies_on_its_header() -> None:
    """There it would change with every label."""
    data = bytearray(picture("TIFF"))
    (place,) = struct.unpack_from("<I", data, 4)
    struct.pack_into("<HHII", data, place + 2, 256, 4, 96, 1)
    with pytest.raises(BadInput, match="on its header"):
        produce(bytes(data), PRODUCER, NUMBER, RULES)
