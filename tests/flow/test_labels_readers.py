"""Programs that are not ours read what we write: exiftool, ffprobe; and OCR reads marks."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops

from kit.labels import NUMBER, PRODUCER, RULES, samples
from licet.labels import produce, verify
from licet.labels.marks import mark_words
from licet.labels.marks.picture import mark_picture

SEEN_BY_EXIFTOOL = ["a.png", "a.jpg", "a.webp", "a.gif", "a.tiff", "a.mp3", "a.mp4", "a.pdf"]
MADE_BY_FFMPEG = ["a.wav", "a.mp3", "a.flac", "a.ogg", "a.opus", "a.m4a", "a.mp4", "a.mov"]
SHARE = RULES.media["image"].height_share_min


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed here: {', '.join(missing)}")


def said_by(*command: str | Path) -> str:
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return run.stdout


def fields(text: str) -> tuple[str, str]:
    label = json.loads(text)
    return label["ContentProducer"], label["ProduceID"]


@needs("exiftool")
@pytest.mark.parametrize("name", SEEN_BY_EXIFTOOL)
def test_exiftool_reads_what_we_write(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(produce(samples()[name], PRODUCER, NUMBER, RULES, name=name))
    tags = json.loads(said_by("exiftool", "-json", "-G1", "-a", "-u", path))[0]
    labels = [str(value) for tag, value in tags.items() if "ContentProducer" in str(value)]
    assert len(labels) == 1, tags
    assert fields(labels[0].removeprefix("(AIGC) ")) == (PRODUCER, NUMBER)
    assert not any("Warning" in tag for tag in tags), tags


@needs("ffmpeg", "ffprobe")
@pytest.mark.parametrize("name", MADE_BY_FFMPEG)
def test_ffprobe_reads_what_we_write_and_ffmpeg_still_plays_it(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    picture = ("-f", "lavfi", "-i", "testsrc=d=0.2:s=64x64") if name[-3:] in {"mp4", "mov"} else ()
    source = ("-f", "lavfi", "-i", "sine=d=0.2")
    said_by("ffmpeg", "-v", "error", *source, *picture, "-movflags", "+faststart", path)
    before = said_by("ffmpeg", "-v", "error", "-i", path, "-f", "framemd5", "-")
    path.write_bytes(produce(path.read_bytes(), PRODUCER, NUMBER, RULES, name=name))
    assert said_by("ffmpeg", "-v", "error", "-i", path, "-f", "framemd5", "-") == before
    report = verify(path.read_bytes(), RULES, name=name)
    assert (report.verdict, report.bound) == ("compliant", True)
    if name != "a.wav":  # ffmpeg shows no chunk that it does not know
        shown = said_by(
            "ffprobe",
            "-v",
            "error",
            "-show_entries",
            "format_tags:stream_tags",
            "-of",
            "json",
            path,
        )
        probed = json.loads(shown)
        tags = probed["format"].get("tags") or probed["streams"][0]["tags"]
        assert fields(tags["AIGC"]) == (PRODUCER, NUMBER)


@needs("ffmpeg")
def test_a_label_that_ffmpeg_wrote_is_one_to_us(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    label = json.dumps(
        {"Label": "1", "ContentProducer": PRODUCER, "ProduceID": NUMBER}, separators=(",", ":")
    )
    said_by(
        "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=d=0.2:s=64x64",
        "-movflags", "use_metadata_tags", "-metadata", f"AIGC={label}", path,
    )  # fmt: skip
    report = verify(path.read_bytes(), RULES)
    assert (report.verdict, report.bound) == ("compliant", False)


@needs("ffmpeg")
@pytest.mark.parametrize(("name", "kept"), [("a.flac", True), ("a.mp3", True), ("a.wav", False)])
def test_a_saved_copy_keeps_its_label_or_the_loss_is_told(
    name: str, kept: bool, tmp_path: Path
) -> None:
    source, copy = tmp_path / name, tmp_path / f"copy-{name}"
    said_by("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=d=0.2", source)
    source.write_bytes(produce(source.read_bytes(), PRODUCER, NUMBER, RULES))
    said_by("ffmpeg", "-v", "error", "-i", source, "-c", "copy", copy)
    report = verify(copy.read_bytes(), RULES)
    assert bool(report.copies) == kept
    if not kept:
        assert report.verdict == "not_found"
    elif not report.bound:  # ffmpeg wrote other tags beside the label, and that is told
        assert [fault.check for fault in report.faults] == ["unchanged"]


def test_a_picture_saved_again_loses_its_label_unless_asked_to_keep_it() -> None:
    labelled = Image.open(io.BytesIO(produce(samples()["a.png"], PRODUCER, NUMBER, RULES)))
    lost, kept = io.BytesIO(), io.BytesIO()
    labelled.save(lost, "PNG")
    labelled.save(kept, "WEBP", xmp=labelled.info["xmp"])
    assert verify(lost.getvalue(), RULES).verdict == "not_found"
    report = verify(kept.getvalue(), RULES)
    assert report.verdict == "noncompliant"  # the label is there, and its digest is of other bytes
    assert [fault.check for fault in report.faults] == ["unchanged"]


@needs("tesseract")
@pytest.mark.parametrize("ground", ["light", "dark", "busy"])
@pytest.mark.parametrize("side", [256, 512, 1024])
@pytest.mark.parametrize(("language", "model"), [("en", "eng"), ("zh", "chi_sim")])
def test_a_mark_is_read_by_a_machine_on_any_ground(
    side: int, ground: str, language: str, model: str, tmp_path: Path
) -> None:
    if model not in said_by("tesseract", "--list-langs").split():
        pytest.skip(f"tesseract has no model {model} here")
    rng = np.random.default_rng(20261128)
    pixels = {
        "light": np.full((side, side, 3), 250, np.uint8),
        "dark": np.full((side, side, 3), 8, np.uint8),
        "busy": rng.integers(0, 256, (side, side, 3), np.uint8),
    }[ground]
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    words = mark_words(RULES, "generated", language)
    marked = Image.open(io.BytesIO(mark_picture(out.getvalue(), words, SHARE)))
    plate = marked.crop(ImageChops.difference(marked, Image.fromarray(pixels)).getbbox())
    path = tmp_path / "plate.png"
    plate.resize((plate.width * 1024 // side, plate.height * 1024 // side)).save(path)
    read = "".join(said_by("tesseract", path, "-", "--psm", "7", "-l", model).split())
    assert words.replace("I", "l") in read.replace("I", "l")  # alike to a machine without context
