"""The texts of a piece, in batches, in order.

It refuses to know what they say. What cannot be read is counted, never passed over in silence.

Rules
1. A batch is bounded in characters; one text is bounded in bytes, and a longer one counts as bad.
2. A compressed file that swells beyond SWELL times its size is refused: it was made to do that.
3. In lines of JSON and in Parquet the text is the field that was named; a plain text file is one
   item for each paragraph that an empty line ends; of a WARC the text of pages that answered.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import IO, Any

import msgspec

from licet.corpus.scan.model import Item, Piece
from licet.corpus.unfit import TooLarge, Unfit

BATCH_CHARACTERS = 1 << 20
TEXT_BYTES_MAX = 8 << 20
SWELL = 200
SOURCE_CHARACTERS_MAX = 200
_READ = 1 << 20


@dataclass(frozen=True, slots=True)
class Fields:
    """Under which names lines and rows hold a text, and where it is from."""

    text: str = "text"
    source: str = "source"


@dataclass(slots=True)
class Tally:
    """What was read of a piece: bytes of texts, and what could not be used."""

    bytes: int = 0
    bad: int = 0
    first_bad: list[str] = field(default_factory=list)

    def fault(self, where: str) -> None:
        """Count something that cannot be used; the first few places are kept."""
        self.bad += 1
        if len(self.first_bad) < 3:
            self.first_bad.append(where)


def batches(piece: Piece, fields: Fields, tally: Tally) -> Iterator[list[Item]]:
    """The items of a piece, in lists of about BATCH_CHARACTERS. Raises BadInput or TooMuch for a
    file that cannot be read at all."""
    batch: list[Item] = []
    size = 0
    for item in _READERS[piece.kind](piece, fields, tally):
        batch.append(item)
        size += len(item.text)
        if size >= BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _jsonl(piece: Piece, fields: Fields, tally: Tally) -> Iterator[Item]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    for at, line in _lines(piece, tally):
        try:
            row = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            tally.fault(f"{piece.name}:{at}")
            continue
        item = _item(row.get(fields.text), row.get(fields.source), piece)
        if item is None:
            tally.fault(f"{piece.name}:{at}")
            continue
        tally.bytes += len(item.text.encode("utf-8", "replace"))
        yield item


def _text(piece: Piece, fields: Fields, tally: Tally) -> Iterator[Item]:
    """Paragraphs. One that goes on beyond its piece is cut there: the next piece goes on."""
    paragraph: list[bytes] = []
    size = 0
    for _, line in (*_lines(piece, tally, blank=True), (piece.end, b"")):
        if line.strip() and size < TEXT_BYTES_MAX:
            paragraph.append(line)
            size += len(line)
            continue
        if paragraph:
            tally.bytes += size
            yield Item(b"\n".join(paragraph).decode("utf-8", "replace"), piece.source)
        paragraph, size = ([line], len(line)) if line.strip() else ([], 0)


def _parquet(piece: Piece, fields: Fields, tally: Tally) -> Iterator[Item]:
    import pyarrow.parquet as pq
    from pyarrow import ArrowException

    try:
        with pq.ParquetFile(piece.path) as file:
            names = set(file.schema_arrow.names)
            if fields.text not in names:
                known = ", ".join(sorted(names))[:200]
                raise Unfit(
                    f"{piece.name} has no column {fields.text!r}.",
                    (piece.name, "no_column", fields.text), hint=f"It has: {known}.",
                )  # fmt: skip
            columns = [name for name in (fields.text, fields.source) if name in names]
            groups = range(piece.start, piece.end)
            for part in file.iter_batches(2_000, row_groups=list(groups), columns=columns):
                yield from _rows(part.to_pydict(), piece, fields, tally)
    except (ArrowException, OSError) as error:
        message = f"{piece.name} cannot be read as Parquet: {error}."
        raise Unfit(message, (piece.name, "no_parquet", "")) from None


def _rows(
    columns: dict[str, list[Any]], piece: Piece, fields: Fields, tally: Tally
) -> Iterator[Item]:
    texts = columns[fields.text]
    sources = columns.get(fields.source) or [None] * len(texts)
    for place, (text, source) in enumerate(zip(texts, sources, strict=True)):
        item = _item(text, source, piece)
        if item is None:
            tally.fault(f"{piece.name}: row {place} of group {piece.start}")
            continue
        tally.bytes += len(item.text.encode("utf-8", "replace"))
        yield item


def _warc(piece: Piece, fields: Fields, tally: Tally) -> Iterator[Item]:
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    most = SWELL * piece.end
    with piece.path.open("rb") as file:
        try:
            for record in ArchiveIterator(file):
                if record.rec_type not in ("response", "conversion", "resource"):
                    continue
                where = record.rec_headers.get_header("WARC-Target-URI") or "?"
                data = record.content_stream().read(TEXT_BYTES_MAX + 1)
                most -= len(data)
                if most < 0:
                    raise _swells(piece)
                text = _page(data, record) if len(data) <= TEXT_BYTES_MAX else None
                if text is None:
                    tally.fault(f"{piece.name}: {where[:120]}")
                elif text:
                    tally.bytes += len(text.encode("utf-8", "replace"))
                    yield Item(text, piece.source)
        except (ArchiveLoadFailed, zlib.error, EOFError, OSError) as error:
            message = f"{piece.name} cannot be read as WARC: {error}."
            raise Unfit(message, (piece.name, "no_warc", "")) from None


def _page(data: bytes, record: Any) -> str | None:
    """The text of a record; empty where it answered otherwise or holds none, None where it cannot
    be read."""
    kind = "text/plain"
    if record.http_headers is not None:
        if not record.http_headers.get_statuscode().startswith("2"):
            return ""
        kind = record.http_headers.get_header("Content-Type") or kind
    elif record.rec_headers.get_header("Content-Type"):
        kind = record.rec_headers.get_header("Content-Type")
    if not kind.lower().startswith("text/"):
        return ""
    named = re.search(r"charset=[\"']?([\w-]{2,20})", kind, re.IGNORECASE)
    try:
        text = data.decode(named[1] if named else "utf-8", "replace")
    except LookupError:
        return None
    return text_of_html(text) if "html" in kind.lower() else text


class _Reader(HTMLParser):
    _HIDDEN = frozenset(("script", "style", "template", "noscript", "head"))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._hidden += tag in self._HIDDEN
        self.parts.append("\n" if tag in ("p", "br", "div", "li", "tr", "h1", "h2") else "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._HIDDEN and self._hidden:
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def text_of_html(page: str) -> str:
    """What a reader sees of a page, roughly: its text without scripts, styles and marks."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).splitlines())
    return "\n".join(line for line in lines if line)


def _item(text: Any, source: Any, piece: Piece) -> Item | None:
    if not isinstance(text, str) or len(text) > TEXT_BYTES_MAX:
        return None
    named = isinstance(source, str) and 0 < len(source) <= SOURCE_CHARACTERS_MAX
    return Item(text, source if named else piece.source)


def _lines(piece: Piece, tally: Tally, *, blank: bool = False) -> Iterator[tuple[int, bytes]]:
    """(place, line without its end) of a piece's lines; with `blank` empty ones too."""
    zipped = piece.name.lower().endswith(".gz")
    with gzip.open(piece.path) if zipped else piece.path.open("rb") as file:
        try:
            yield from _begun(file, piece, tally, zipped, blank)
        except (gzip.BadGzipFile, zlib.error, EOFError) as error:
            message = f"{piece.name} cannot be unpacked: {error}."
            raise Unfit(message, (piece.name, "packed", "")) from None


def _swells(piece: Piece) -> TooLarge:
    told = (piece.name, "swells", str(SWELL))
    return TooLarge(f"{piece.name} swells beyond {SWELL} times its size.", told)


def _begun(
    file: IO[bytes] | gzip.GzipFile, piece: Piece, tally: Tally, zipped: bool, blank: bool
) -> Iterator[tuple[int, bytes]]:
    at = 0 if zipped else piece.start
    end = SWELL * piece.end if zipped else piece.end
    if at:
        file.seek(at - 1)
        at += _take(file)[1] - 1  # the line that began before is not ours
    while at < end:
        line, read = _take(file)
        if not read:
            return
        if len(line) > TEXT_BYTES_MAX:
            tally.fault(f"{piece.name}:{at}")
        elif blank or not line.isspace():
            yield at, line.rstrip(b"\r\n")
        at += read
    if zipped and file.read(1):
        raise _swells(piece)


def _take(file: IO[bytes] | gzip.GzipFile) -> tuple[bytes, int]:
    """A line, and how many bytes it has; one that is too long is kept up to the bound and a byte,
    and its rest is read over."""
    line = file.readline(TEXT_BYTES_MAX + 1)
    read = len(line)
    if read > TEXT_BYTES_MAX and not line.endswith(b"\n"):
        while more := file.readline(_READ):
            read += len(more)
            if more.endswith(b"\n"):
                break
    return line, read


_READERS = {"jsonl": _jsonl, "text": _text, "parquet": _parquet, "warc": _warc}
