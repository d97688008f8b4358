"""What a job wrote into its folder, for the people whose job it is.

It refuses to know who they are.

Rules
1. A job is a stranger: links that it made are not followed, and nothing is read but plain files.
2. Results are the files in the folder `results` that the job made; what it printed is its log; the
   number in its file `progress` is how much of the need's work is done.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from licet.base.trouble import NotFound

LOG_BYTES, FILES_MAX = 64 << 10, 200
_NUMBER = re.compile(r"\d{1,15}(\.\d{1,15})?")


@dataclass(frozen=True, slots=True)
class Result:
    """A file that a job left: its name and size in bytes."""

    name: str
    size: int


class JobFolder:
    """The folder of an attempt, `name` as whoever runs it knows it; it need not be there."""

    def __init__(self, folder: Path, name: str) -> None:
        self._home = folder / name

    def log(self) -> str:
        """The last of what it printed, as text."""
        with contextlib.suppress(OSError), self._open("output.txt") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - LOG_BYTES))
            text = file.read(LOG_BYTES).decode("utf-8", "replace")
            return text if size <= LOG_BYTES else text.partition("\n")[2]
        return ""

    def done(self) -> float | None:
        """Work that it says is done; None where it does not say."""
        with contextlib.suppress(OSError), self._open("progress") as file:
            said = file.read(32).decode("ascii", "replace").strip()
            return float(said) if _NUMBER.fullmatch(said) else None
        return None

    def results(self) -> list[Result]:
        """Files of its folder `results`, by name."""
        found = list[Result]()
        with contextlib.suppress(OSError), self._folder() as here:
            found += [
                Result(one.name, one.stat(follow_symlinks=False).st_size)
                for one in os.scandir(here)
                if one.is_file(follow_symlinks=False) and one.name.isprintable()
            ]
        return sorted(found, key=lambda one: one.name)[:FILES_MAX]

    def open(self, name: str) -> BinaryIO:
        """One of them, to be read and closed. Raises NotFound."""
        if name in {one.name for one in self.results()}:
            with contextlib.suppress(OSError), self._folder() as here:
                return _plain(name, here)
        raise NotFound(f"there is no result {name}.", hint="Look at the list.")

    @contextlib.contextmanager
    def _folder(self) -> Iterator[int]:
        here = os.open(self._home / "results", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            yield here
        finally:
            os.close(here)

    def _open(self, name: str) -> BinaryIO:
        home = os.open(self._home, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            return _plain(name, home)
        finally:
            os.close(home)


def _plain(name: str, folder: int) -> BinaryIO:
    """A plain file in an open folder. Raises OSError for anything else."""
    number = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(name)
    return os.fdopen(number, "rb")
