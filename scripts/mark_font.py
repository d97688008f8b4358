"""Make the font of visible marks: the few glyphs that a mark needs, out of Noto Sans CJK SC Bold.

    uv run --with fonttools scripts/mark_font.py NotoSansCJK-Bold.ttc

ASCII, punctuation, and every Chinese character in the marks and notices of the packs. The font is
under the SIL Open Font License 1.1 and so is what is made; a modified version has its own name.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

from fontTools import subset  # type: ignore[import-not-found]
from fontTools.ttLib import TTCollection  # type: ignore[import-not-found]

ROOT = Path(__file__).parents[1]
PACKS = ROOT / "src/licet/rulebook/packs"
OUT = ROOT / "src/licet/labels/marks/LicetMark-Bold.otf"
SPARE = "，。：；！？（）《》、·合成深度模型图像音频视频仅供参考智能体及注意标识服务提供者"
NAMES = {1: "Licet Mark", 3: "Licet Mark Bold 1", 4: "Licet Mark Bold", 6: "LicetMark-Bold",
         16: "Licet Mark", 21: "Licet Mark"}  # fmt: skip
KEPT = {0, 2, 13, 14}  # copyright, style, licence


def characters() -> str:
    """Every character that a mark may need."""
    found = {chr(code) for code in range(0x20, 0x7F)} | set(SPARE)
    for path in PACKS.glob("*/labels.toml"):
        for degree in tomllib.loads(path.read_text("utf-8"))["degree"]:
            found |= {c for words in ("mark", "notice") for c in "".join(degree[words].values())}
    return "".join(sorted(found))


def main() -> None:
    """Writes the font over the one that is there."""
    fonts = TTCollection(sys.argv[1]).fonts
    font = next(f for f in fonts if f["name"].getDebugName(6) == "NotoSansCJKsc-Bold")
    options = subset.Options(hinting=False, desubroutinize=True, layout_features=[])
    options.name_IDs = ["*"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=characters())
    subsetter.subset(font)
    table = font["name"]
    for record in list(table.names):
        if record.nameID in NAMES:
            record.string = NAMES[record.nameID]
        elif record.nameID not in KEPT:
            table.names.remove(record)
    cff = font["CFF "].cff
    cff.fontNames = [NAMES[6]]
    cff.topDictIndex[0].rawDict |= {"FullName": NAMES[4], "FamilyName": NAMES[1], "Notice": ""}
    font.save(OUT)


if __name__ == "__main__":
    main()
