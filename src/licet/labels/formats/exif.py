"""TIFF structures: the directories of a TIFF file, and of Exif inside other files.

It refuses to know in which file Exif lies. TIFF 6.0; Exif 2.3; TC260-PG-20259A Appendix B puts a
label in UserComment, wrapped in its key.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from licet.base.trouble import BadInput
from licet.labels.formats.model import Copy, Names, broken, decoded

XMP_TAG = 0x02BC
EXIF_IFD = 0x8769
USER_COMMENT = 0x9286
DIRECTORIES_MAX = 64
_ENTRIES_MAX = 4_096
HEADER = 8
"""Bytes at the beginning that hold no value: they say where the first directory is."""
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a directory: where it stands and where its value lies, in bytes of the data."""

    tag: int
    kind: int
    count: int
    place: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory: its place, its entries, where the next one is (0: none)."""

    place: int
    entries: tuple[Entry, ...]
    following: int


@dataclass(frozen=True, slots=True)
class Tiff:
    """A TIFF structure under reading."""

    data: bytes
    order: str  # struct's sign of the byte order

    @classmethod
    def of(cls, data: bytes) -> Tiff:
        """Raises BadInput for what does not begin as TIFF does. BigTIFF is not read."""
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
        if order is None or len(data) < 8:
            broken("TIFF", "it does not begin as one")
        return cls(data, order)

    @property
    def first(self) -> int:
        return int(struct.unpack_from(self.order + "I", self.data, 4)[0])

    def directory(self, place: int) -> Directory:
        """The directory at a place. Raises BadInput where it or a value lies outside."""
        if place + 2 > len(self.data):
            broken("TIFF", "a directory lies outside the file")
        (count,) = struct.unpack_from(self.order + "H", self.data, place)
        end = place + 2 + 12 * count
        if count > _ENTRIES_MAX or end > len(self.data):
            broken("TIFF", "a directory is longer than the file")
        entries = tuple(self._entry(place + 2 + 12 * n) for n in range(count))
        follows = end + 4 <= len(self.data)
        following = struct.unpack_from(self.order + "I", self.data, end)[0] if follows else 0
        return Directory(place, entries, following)

    def _entry(self, place: int) -> Entry:
        tag, kind, count = struct.unpack_from(self.order + "HHI", self.data, place)
        size = _SIZES.get(kind, 1) * count
        start = place + 8
        if size > 4:
            (start,) = struct.unpack_from(self.order + "I", self.data, place + 8)
        if start < HEADER or start + size > len(self.data):
            broken("TIFF", "a value lies outside the file, or on its header")
        return Entry(tag, kind, count, place, start, start + size)

    def value(self, entry: Entry) -> bytes:
        return self.data[entry.start : entry.stop]

    def numbers(self, entry: Entry) -> tuple[int, ...]:
        """The value of an entry of whole numbers (SHORT, LONG); empty for another kind."""
        letter = {3: "H", 4: "I", 13: "I"}.get(entry.kind)
        if letter is None:
            return ()
        return struct.unpack_from(f"{self.order}{entry.count}{letter}", self.data, entry.start)

    def chain(self) -> Iterator[Directory]:
        """The directories of the file, and behind each its Exif. Raises BadInput for a loop."""
        seen: set[int] = set()
        waiting = [self.first]
        while waiting:
            place = waiting.pop()
            if place == 0:
                continue
            if place in seen or len(seen) >= DIRECTORIES_MAX:
                broken("TIFF", "its directories run in a circle or are too many")
            seen.add(place)
            directory = self.directory(place)
            yield directory
            inner = [self.numbers(e)[:1] for e in directory.entries if e.tag == EXIF_IFD]
            waiting += [directory.following, *(number for one in inner for number in one)]


def user_comments(data: bytes, names: Names) -> Iterator[tuple[Entry, str]]:
    """Every UserComment that holds a label, with its text. Raises BadInput."""
    tiff = Tiff.of(data)
    for directory in tiff.chain():
        for entry in directory.entries:
            if entry.tag == USER_COMMENT:
                text = decoded(tiff.value(entry)[8:]).strip("\0 ")  # 8 bytes name the encoding
                if text.startswith("{") and f'"{names.key}"' in text:
                    yield entry, text


def copies(data: bytes, names: Names, place: str) -> tuple[Copy, ...]:
    """Every label in Exif. Exif that cannot be read is not a label's business: it holds none."""
    try:
        return tuple(Copy(f"{place} UserComment", text) for _, text in user_comments(data, names))
    except BadInput:
        return ()


def without_labels(data: bytes, names: Names) -> bytes:
    """The same Exif, in the same length, with every label in it blanked."""
    try:
        found = [entry for entry, _ in user_comments(data, names)]
    except BadInput:
        return data
    blank = bytearray(data)
    for entry in found:
        blank[entry.start + 8 : entry.stop] = b" " * (entry.stop - entry.start - 8)
    return bytes(blank)
