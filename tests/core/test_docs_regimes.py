"""docs/guides/regimes.md is true: its rows are read by the loader, its table is the code's."""

from __future__ import annotations

import re
import textwrap
import tomllib

from kit.house import ROOT
from kit.packs import PACK_ID, shipped
from licet.cases.effects import EFFECTS, NEEDS
from licet.rulebook import load_pack, parse_pack

PAGE = (ROOT / "docs/guides/regimes.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^    \[\[\w+\]\]\n(?:    .*\n)+", PAGE, re.MULTILINE)


def test_the_table_of_effects_is_whole() -> None:
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \|([^|]*)\|$", PAGE, re.MULTILINE)
    told = {name: tuple(re.findall(r"`(\w+)`", brought)) for name, brought in rows}
    assert told == {name: tuple(keys) for name, keys in NEEDS.items()}
    assert set(told) == set(EFFECTS)


def test_the_rows_shown_are_read_by_the_loader() -> None:
    assert len(ROWS) == 3
    documents = shipped()
    for text in ROWS:
        ((kind, (row,)),) = tomllib.loads(textwrap.dedent(text)).items()
        rows = documents["procedure.toml"][kind]
        place = next(n for n, one in enumerate(rows) if one["id"] == row["id"])
        rows[place] = row
    pack = parse_pack(documents)
    assert pack.procedure.acts["suspend"] == load_pack(PACK_ID).procedure.acts["suspend"]
    assert pack.procedure.clocks["decide"].rests == ("sent_back",)
