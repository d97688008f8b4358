"""Who may load what: readers by token, grants for restricted data, receipts of what was loaded.

It refuses to know clients and what is in a data set.

Rules
1. A reader is known by a token, of which SHA-256 is kept; the token is shown once.
2. Restricted data need a grant for a purpose that a person decided on; asking is not having.
3. A receipt is signed at the first download of a file by a reader, and kept: reading it again, in
   parts or whole, adds none. Who holds what was withdrawn is found by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from licet.base.clock import rfc3339
from licet.base.ids import Chance, base32, new_id
from licet.base.trouble import BadInput, Conflict, NotFound
from licet.corpus.catalogue import Catalogue, Version
from licet.corpus.manifest import File
from licet.corpus.naming import check_id
from licet.credentials.jws import sign
from licet.credentials.keys import SigningKey
from licet.rulebook.corpus import CorpusRules

RECEIPT = "licet-download+jwt"
PURPOSE_CHARACTERS_MAX = 500
_SCHEMA = """
CREATE TABLE IF NOT EXISTS reader (
    id TEXT PRIMARY KEY,
    token_sha256 TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    namespaces TEXT NOT NULL,           -- in which it may publish, with blanks between
    made_ms INTEGER NOT NULL,
    ended_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS access (
    id TEXT PRIMARY KEY,
    dataset TEXT NOT NULL,
    reader TEXT NOT NULL REFERENCES reader,
    purpose TEXT NOT NULL,
    asked_ms INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'granted', 'refused', 'ended')),
    decided_by TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    UNIQUE (dataset, reader)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS receipt (
    number TEXT PRIMARY KEY,
    reader TEXT NOT NULL REFERENCES reader,
    commit_id TEXT NOT NULL REFERENCES version,
    path TEXT NOT NULL,
    token TEXT NOT NULL,                -- the signed receipt
    UNIQUE (reader, commit_id, path)
) STRICT, WITHOUT ROWID;
"""
State = Literal["asked", "granted", "refused", "ended"]
Denial = Literal["token", "unknown_token", "grant"]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who loads data, and in which namespaces they may publish."""

    id: str
    name: str
    namespaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """What a reader asked for and what was decided."""

    id: str
    dataset: str
    reader: Reader
    purpose: str
    asked_ms: int
    state: State
    decided_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """Signed evidence that a reader was given a file of a version."""

    number: str
    token: str


class Readers:
    """Readers, grants and receipts, in the catalogue's file."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._db = catalogue.db
        self._db.executescript(_SCHEMA)

    def create(
        self, name: str, now: datetime, chance: Chance, namespaces: tuple[str, ...] = ()
    ) -> tuple[Reader, str]:
        """A new reader and their token. Raises BadInput for a namespace that will not do."""
        for one in namespaces:
            check_id(f"{one}/x")
        token = _token(chance)
        reader = Reader(new_id("rd", now, chance), name[:120], namespaces)
        self._db.execute(
            "INSERT INTO reader VALUES (?, ?, ?, ?, ?, NULL)",
            (reader.id, _sha256(token), reader.name, " ".join(namespaces), _ms(now)),
        )
        return reader, token

    def list(self) -> tuple[Reader, ...]:
        """Every reader whose token counts, oldest first."""
        rows = self._db.execute(f"{_READER} WHERE ended_ms IS NULL ORDER BY made_ms, id")
        return tuple(map(_reader, rows))

    def named(self, reader_id: str) -> Reader:
        """The reader with that id, whose token counts. Raises NotFound."""
        where = f"{_READER} WHERE id = ? AND ended_ms IS NULL"
        row = self._db.execute(where, (reader_id,)).fetchone()
        if row is None:
            raise _no_reader(reader_id)
        return _reader(row)

    def renew(self, reader_id: str, chance: Chance) -> str:
        """A new token for a reader; the old one counts no more. Raises NotFound."""
        token = _token(chance)
        changed = "UPDATE reader SET token_sha256 = ? WHERE id = ? AND ended_ms IS NULL"
        if self._db.execute(changed, (_sha256(token), reader_id)).rowcount != 1:
            raise _no_reader(reader_id)
        return token

    def end(self, reader_id: str, now: datetime) -> None:
        """From now on a reader's token does not count. Raises NotFound."""
        ended = "UPDATE reader SET ended_ms = ? WHERE id = ? AND ended_ms IS NULL"
        if self._db.execute(ended, (_ms(now), reader_id)).rowcount != 1:
            raise _no_reader(reader_id)

    def by_token(self, token: str) -> Reader | None:
        """Whose token this is; None where it counts for nothing."""
        where = f"{_READER} WHERE token_sha256 = ? AND ended_ms IS NULL"
        row = self._db.execute(where, (_sha256(token),)).fetchone()
        return None if row is None else _reader(row)

    def denial(
        self, version: Version, reader: Reader | None, rules: CorpusRules, *, sent: bool
    ) -> Denial | None:
        """Why a version's files are not given; None where they are. `sent`: a token came along."""
        access = rules.access[version.manifest.card.access]
        if not access.needs_token:
            return None
        if reader is None:
            return "unknown_token" if sent else "token"
        if version.dataset.partition("/")[0] in reader.namespaces:
            return None
        if access.needs_grant and not self._is_granted(version.dataset, reader):
            return "grant"
        return None

    def ask(
        self, dataset: str, reader: Reader, purpose: str, now: datetime, chance: Chance
    ) -> str:
        """Ask for a restricted data set; gives the request's id. Raises BadInput without a
        purpose, Conflict where it was granted or waits already."""
        if not purpose.strip() or len(purpose) > PURPOSE_CHARACTERS_MAX:
            raise BadInput(f"say what for, in up to {PURPOSE_CHARACTERS_MAX} characters.")
        made = new_id("ac", now, chance)
        with self._catalogue.transaction() as db:
            state = "SELECT state FROM access WHERE dataset = ? AND reader = ?"
            row = db.execute(state, (dataset, reader.id)).fetchone()
            if row is not None and row[0] in ("asked", "granted"):
                raise Conflict(f"this was {row[0]} already.")
            db.execute(
                "INSERT OR REPLACE INTO access VALUES (?, ?, ?, ?, ?, 'asked', '', '')",
                (made, dataset, reader.id, purpose.strip(), _ms(now)),
            )
        return made

    def decide(self, access_id: str, state: State, by: str, reason: str) -> Access:
        """Grant, refuse or end. Raises NotFound; BadInput for what cannot follow, or a refusal
        without a reason."""
        allowed = {"asked": ("granted", "refused"), "granted": ("ended",)}
        with self._catalogue.transaction() as db:
            found = self.get(access_id)
            if state not in allowed.get(found.state, ()):
                raise BadInput(f"what was {found.state} cannot be {state}.")
            if state != "granted" and not reason.strip():
                raise BadInput("a refusal needs a reason.", hint="Say what the reader is told.")
            db.execute(
                "UPDATE access SET state = ?, decided_by = ?, reason = ? WHERE id = ?",
                (state, by, reason.strip()[:PURPOSE_CHARACTERS_MAX], access_id),
            )
        return self.get(access_id)

    def get(self, access_id: str) -> Access:
        """One request. Raises NotFound."""
        row = self._db.execute(f"{_ACCESS} WHERE access.id = ?", (access_id,)).fetchone()
        if row is None:
            raise NotFound(
                f"there is no request {access_id[:40]!r}.",
                hint="`licet corpus access list --all` shows requests with their ids.",
            )
        return _access(row)

    def requests(self, *, waiting: bool = False) -> tuple[Access, ...]:
        """Every request, newest first; with `waiting` those that nobody decided on."""
        where = "WHERE state = 'asked'" if waiting else ""
        rows = self._db.execute(f"{_ACCESS} {where} ORDER BY asked_ms DESC, access.id")
        return tuple(map(_access, rows))

    def receipt(
        self, version: Version, file: File, reader: Reader, now: datetime,
        key: Callable[[], SigningKey], chance: Chance,
    ) -> Receipt:  # fmt: skip
        """The receipt for a file, signed at the first call."""
        asked = (reader.id, version.commit, file.path)
        found = "SELECT number, token FROM receipt WHERE (reader, commit_id, path) = (?, ?, ?)"
        row = self._db.execute(found, asked).fetchone()
        if row is None:
            number = new_id("rc", now, chance)
            claims = {
                "number": number, "reader": reader.id, "dataset": version.dataset,
                "version": version.commit, "path": file.path, "sha256": file.sha256,
                "licence": version.manifest.card.licence, "at": rfc3339(now),
            }  # fmt: skip
            self._db.execute(
                "INSERT OR IGNORE INTO receipt VALUES (?, ?, ?, ?, ?)",
                (number, *asked, sign(claims, RECEIPT, key())),
            )
            row = self._db.execute(found, asked).fetchone()
        return Receipt(*row)

    def receipts(self, reader: Reader) -> tuple[Receipt, ...]:
        """Everything that a reader was given."""
        rows = self._db.execute(
            "SELECT number, token FROM receipt WHERE reader = ? ORDER BY number", (reader.id,)
        )
        return tuple(Receipt(*row) for row in rows)

    def holds(self, reader: Reader) -> tuple[str, ...]:
        """The withdrawn versions of which a reader has files."""
        rows = self._db.execute(
            "SELECT DISTINCT commit_id FROM receipt JOIN withdrawal USING (commit_id)"
            " WHERE reader = ? ORDER BY at_ms",
            (reader.id,),
        )
        return tuple(row[0] for row in rows)

    def holders(self, commit: str) -> tuple[Reader, ...]:
        """The readers that have files of a version: who must hear of its withdrawal."""
        held = "WHERE id IN (SELECT reader FROM receipt WHERE commit_id = ?) ORDER BY id"
        rows = self._db.execute(f"{_READER} {held}", (commit,))
        return tuple(map(_reader, rows))

    def _is_granted(self, dataset: str, reader: Reader) -> bool:
        state = "SELECT 1 FROM access WHERE (dataset, reader, state) = (?, ?, 'granted')"
        return self._db.execute(state, (dataset, reader.id)).fetchone() is not None


_READER = "SELECT id, name, namespaces FROM reader"
_ACCESS = (
    "SELECT access.id, dataset, purpose, asked_ms, state, decided_by, reason, reader.id, name,"
    " namespaces FROM access JOIN reader ON reader.id = access.reader"
)


def _no_reader(reader_id: str) -> NotFound:
    return NotFound(
        f"there is no reader {reader_id[:40]!r} whose token counts.",
        hint="`licet corpus token list` shows readers with their ids; `licet corpus token create "
        "NAME` makes one.",
    )


def _reader(row: tuple[str, str, str]) -> Reader:
    return Reader(row[0], row[1], tuple(row[2].split()))


def _access(row: tuple[str, str, str, int, State, str, str, str, str, str]) -> Access:
    made, dataset, purpose, asked_ms, state, by, reason, *who = row
    reader = Reader(who[0], who[1], tuple(who[2].split()))
    return Access(made, dataset, reader, purpose, asked_ms, state, by, reason)


def _token(chance: Chance) -> str:
    """In the form that clients know, with 200 bits of chance."""
    return f"hf_{base32(int.from_bytes(chance(25), 'big'), 40)}"


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _ms(now: datetime) -> int:
    return int(now.timestamp() * 1000)
