"""Which versions were checked, which wait for it, and where a check could not be made.

It refuses to know how anything is checked: `licet.corpus.scan` does.

Rules
1. A version that stands without a report waits: nothing is queued, and nothing is forgotten.
2. A check is written down before it begins and after it has ended. One that began and is not under
   way any more took its process with it; it is begun again after PAUSE_S, TRIES_MAX times in all.
3. A version never changes: what cannot be read today is not read tomorrow, and is not tried again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from licet.base.trouble import Trouble, Unavailable
from licet.corpus.catalogue import Catalogue, Version
from licet.corpus.unfit import Spoken
from licet.corpus.words import UNFIT

TRIES_MAX, PAUSE_S = 3, 600
SAID_CHARACTERS_MAX = 500
State = Literal["waiting", "conforms", "against", "failed"]
_SCHEMA = """
CREATE TABLE IF NOT EXISTS version_check (
    commit_id TEXT PRIMARY KEY REFERENCES version,
    state TEXT NOT NULL,                -- 'begun', 'conforms', 'against' or 'failed'
    tries INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    said TEXT NOT NULL                  -- why it failed; below it the same in Chinese
) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Checked:
    """How a version stands: `waiting` where nobody has checked it yet, `against` where the check
    found what stands against using it, `failed` where it could not be made. Why it could not is
    said in English, and in Chinese where there are words for it."""

    state: State
    said: str = ""
    said_zh: str = ""


class VersionChecks:
    """The checks of versions, in the catalogue's file. One thread at a time uses it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._db = catalogue.db
        self._db.executescript(_SCHEMA)

    def waiting(self, now: datetime) -> tuple[Version, ...]:
        """The versions that are to be checked now, oldest first (rules 1 to 3)."""
        before_ms = _ms(now) - PAUSE_S * 1000
        rows = self._db.execute(
            "SELECT version.commit_id FROM version LEFT JOIN version_check USING (commit_id)"
            " WHERE version.commit_id NOT IN (SELECT commit_id FROM withdrawal)"
            " AND version.commit_id NOT IN (SELECT commit_id FROM report)"
            " AND (state IS NULL OR (tries < ? AND at_ms <= ?))"
            " ORDER BY made_ms, version.commit_id",
            (TRIES_MAX, before_ms),
        )
        return tuple(self._catalogue.get(commit) for (commit,) in rows.fetchall())

    def begin(self, commit: str, now: datetime) -> None:
        """A check begins (rule 2)."""
        self._db.execute(
            "INSERT INTO version_check VALUES (?, 'begun', 1, ?, '') ON CONFLICT (commit_id)"
            " DO UPDATE SET state = 'begun', tries = tries + 1, at_ms = excluded.at_ms, said = ''",
            (commit, _ms(now)),
        )

    def end(self, commit: str, *, against: bool, now: datetime) -> None:
        """A check was made; its report is kept. `against`: whether it holds anything against using
        the version."""
        self._put(commit, "against" if against else "conforms", TRIES_MAX, now, "")

    def fail(self, commit: str, trouble: Trouble, now: datetime) -> None:
        """A check that had begun could not be made (rule 3)."""
        row = self._db.execute(
            "SELECT tries FROM version_check WHERE commit_id = ?", (commit,)
        ).fetchone()
        again = isinstance(trouble, Unavailable) and row is not None
        tries = int(row[0]) if again else TRIES_MAX
        zh = trouble.said("zh") if isinstance(trouble, Spoken) else ""
        lines = (" ".join(one.split())[:SAID_CHARACTERS_MAX] for one in (str(trouble), zh))
        self._put(commit, "failed", tries, now, "\n".join(lines).rstrip())

    def of(self, version: Version) -> Checked:
        """How a version stands."""
        row = self._db.execute(
            "SELECT state, said, tries FROM version_check WHERE commit_id = ?", (version.commit,)
        ).fetchone()
        match row:
            case ("conforms" | "against" | "failed") as state, said, _:
                en, _, zh = said.partition("\n")
                return Checked(state, en, zh)
            case "begun", _, tries if tries >= TRIES_MAX:
                return Checked("failed", UNFIT["ended"]["en"], UNFIT["ended"]["zh"])
        return Checked("waiting")

    def to_tell(self, namespace: str = "") -> Iterator[tuple[Version, Checked]]:
        """The versions that stand, of which there is something to be told: a check failed, or
        found something against them. Newest first; of one namespace, where it is given."""
        rows = self._db.execute(
            "SELECT commit_id FROM version_check JOIN version USING (commit_id)"
            " WHERE commit_id NOT IN (SELECT commit_id FROM withdrawal)"
            " AND (? = '' OR substr(dataset, 1, length(?)) = ?)"
            " ORDER BY made_ms DESC, commit_id",
            ("", "", "") if not namespace else (f"{namespace}/",) * 3,
        )
        for (commit,) in rows.fetchall():
            version = self._catalogue.get(commit)
            found = self.of(version)
            if found.state in ("against", "failed"):
                yield version, found

    def _put(self, commit: str, state: str, tries: int, now: datetime, said: str) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO version_check VALUES (?, ?, ?, ?, ?)",
            (commit, state, tries, _ms(now), said),
        )


def _ms(now: datetime) -> int:
    return int(now.timestamp() * 1000)
