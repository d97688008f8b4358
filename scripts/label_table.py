"""What a label was shown to do, format by format: `python scripts/label_table.py`.

Writes a label (and a C2PA manifest where the format takes one) into a file that Pillow, FFmpeg,
pikepdf or the tests made, has a program that is not ours read it, verifies it, flips bytes, and
saves the file anew as people do. Prints the table that docs/guides/labels.md shows. Needs
exiftool, ffmpeg and ffprobe. It refuses to know what a label is worth.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pikepdf
import yaml
from PIL import Image

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from kit.labels import NUMBER, PRODUCER, RULES, samples
from licet.base.clock import SystemClock
from licet.labels import produce, verify
from licet.labels.formats import format_of
from licet.labels.labelling import names_of
from licet.labels.manifests import MEDIA_TYPES, check, make_authority, sign

PICTURES = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "gif": "GIF", "tiff": "TIFF"}
SOUNDS = ("wav", "mp3", "flac", "ogg", "opus", "m4a", "mp4", "mov")
FLIPS = 97
Reader = Callable[[Path], tuple[str, str]]
"""The program that read, and what it says the label is."""


def main() -> int:
    """Prints the table; 1 where anything that should hold does not."""
    ours = make_authority("Tea Company", now=SystemClock().now(), days=30, root_days=60)
    rows, good = [], True
    with tempfile.TemporaryDirectory() as folder:
        for kind in (*PICTURES, *SOUNDS, "pdf", "docx", "md"):
            path = Path(folder) / f"a.{kind}"
            path.write_bytes(_plain(path, kind))
            data = produce(path.read_bytes(), PRODUCER, NUMBER, RULES, name=path.name)
            path.write_bytes(data)
            program, label = _read_by_others(path, kind)
            agrees = json.loads(label)["ProduceID"] == NUMBER if label else False
            report = verify(data, RULES, name=path.name)
            holds = (report.verdict, report.bound) == ("compliant", True)
            media, signed = format_of(data, path.name).media_type, "—"
            if media in MEDIA_TYPES:
                both = sign(data, media, ours.chain, ours.key)
                state = check(both, media, ours.root).state
                after = verify(both, RULES, name=path.name)
                signed = state if (after.verdict, after.bound) == ("compliant", True) else "broken"
            found, tried = _flipped(data, path.name)
            saved = _saved_anew(path, kind)
            rows.append(
                (
                    kind,
                    f"{program}: {'the same' if agrees else 'NOT the same'}",
                    signed,
                    "compliant" if holds else report.verdict,
                    f"{found} of {tried}",
                    saved,
                )
            )
            good &= agrees and holds and signed in ("—", "trusted") and found == tried
    print("| format | read by | C2PA, signed after | verify | flipped bytes found | saved anew |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    return 0 if good else 1


def _plain(path: Path, kind: str) -> bytes:
    """A file without a label."""
    if kind in PICTURES:
        out = io.BytesIO()
        Image.radial_gradient("L").convert("RGB").save(out, PICTURES[kind])
        return out.getvalue()
    if kind not in SOUNDS:
        return samples()[path.name]
    moving = ("-f", "lavfi", "-i", "testsrc=d=0.2:s=64x64") if kind in ("mp4", "mov") else ()
    _run("ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "sine=d=0.2", *moving, path)
    return path.read_bytes()


def _read_by_others(path: Path, kind: str) -> tuple[str, str]:
    """Who read it, and the label as they read it; empty where they did not."""
    if kind == "docx":
        with zipfile.ZipFile(path) as archive:
            text = archive.read("docProps/custom.xml").decode()
        found = re.search(r'name="AIGC">.*?<vt:lpwstr[^>]*>(.*?)</vt:lpwstr>', text, re.DOTALL)
        return "its XML", found[1].replace("&quot;", '"') if found else ""
    if kind == "md":
        said = yaml.safe_load(path.read_text("utf-8").split("---\n")[1])["AIGC"]
        return "PyYAML", said if isinstance(said, str) else json.dumps(said)
    if kind == "wav":
        data = path.read_bytes()
        at = data.index(b"AIGC")
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        return "its chunk", data[at + 8 : at + 8 + size].rstrip(b"\0").decode()
    if kind in SOUNDS:
        shown = json.loads(_run("ffprobe", "-v", "error", "-show_entries",
                                "format_tags:stream_tags", "-of", "json", path))  # fmt: skip
        tags = shown["format"].get("tags") or shown["streams"][0]["tags"]
        return "ffprobe", tags.get("AIGC", "")
    tags = json.loads(_run("exiftool", "-json", "-G1", "-a", "-u", path))[0]
    labels = [str(value) for value in tags.values() if "ContentProducer" in str(value)]
    return "exiftool", labels[0].removeprefix("(AIGC) ") if len(labels) == 1 else ""


def _flipped(data: bytes, name: str) -> tuple[int, int]:
    """Of bytes of the content that were flipped one at a time, how many were found."""
    known = format_of(data, name)
    longest = max(known.content(data, names_of(RULES)), key=len)
    start = data.find(longest)
    places = [start + n * len(longest) // FLIPS for n in range(FLIPS)] if start >= 0 else []
    places = sorted(set(places)) or [len(data) * 2 // 3]  # content that is packed
    found = 0
    for at in places:
        other = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        found += not verify(other, RULES, name=name).bound
    return found, len(places)


def _saved_anew(path: Path, kind: str) -> str:
    """What is left after a usual program saved it anew, and what verify says then."""
    ways: dict[str, Callable[[Path], None]] = {}
    if kind in PICTURES:
        ways["Pillow"] = lambda to: Image.open(path).save(to)
        if kind in ("jpg", "webp"):
            xmp = Image.open(path).info.get("xmp", b"")
            ways["Pillow, xmp="] = lambda to: Image.open(path).save(to, xmp=xmp)
    elif kind in SOUNDS:
        ways["ffmpeg -c copy"] = lambda to: _copied(path, to)
        if kind in ("mp4", "mov", "m4a"):
            ways["with use_metadata_tags"] = lambda to: _copied(
                path, to, "-movflags", "use_metadata_tags"
            )
    elif kind == "pdf":
        ways["pikepdf"] = lambda to: pikepdf.open(path).save(to)
    elif kind == "docx":
        ways["packed anew"] = lambda to: _packed(path, to)
    else:
        ways["as text"] = lambda to: shutil.copy(path, to)
    said = []
    for way, work in ways.items():
        to = path.with_name(f"copy-{path.name}")
        work(to)
        report = verify(to.read_bytes(), RULES, name=to.name)
        faults = ", ".join(fault.check for fault in report.faults)
        said.append(f"{way}: {report.verdict}{f' ({faults})' if faults else ''}")
        to.unlink()
    return "; ".join(said)


def _copied(path: Path, to: Path, *more: str) -> None:
    _run("ffmpeg", "-v", "error", "-y", "-i", path, "-c", "copy", *more, to)


def _packed(path: Path, to: Path) -> None:
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))


def _run(*words: str | Path) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout


if __name__ == "__main__":
    raise SystemExit(main())
