"""Packs from disk: those installed with Licet, or an operator's own folder of packs.

It refuses to know what a pack says; `parse` does.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from licet.base.tomlsource import TomlSource
from licet.base.trouble import BadInput, NotFound
from licet.rulebook.cite import Citation, citations_in
from licet.rulebook.model import Pack
from licet.rulebook.parse import Document, parse_pack

FILE_BYTES_MAX = 1 << 20


def installed_packs(root: Path | None = None) -> tuple[str, ...]:
    """Ids of the packs under `root`, by default those that ship with Licet, sorted."""
    folder = _shelf(root)
    if not folder.is_dir():
        raise NotFound(f"{folder} is no folder.", hint="Name a folder that holds packs.")
    return tuple(
        sorted(e.name for e in folder.iterdir() if e.is_dir() and (e / "pack.toml").is_file())
    )


def load_pack(pack_id: str, root: Path | None = None) -> Pack:
    """The pack of that id, checked as a whole; what ships with Licet is read once in a process.

    Raises NotFound where there is none, BadInput naming file, key and remedy where a file can't be
    read, a key is unknown, a number lacks its source, or a citation leads nowhere.
    """
    return _shipped(pack_id) if root is None else _read(pack_id, root)


@cache
def _shipped(pack_id: str) -> Pack:
    """What is installed changes by an upgrade, and an upgrade starts a process anew."""
    return _read(pack_id, None)


def _read(pack_id: str, root: Path | None) -> Pack:
    if pack_id not in installed_packs(root):
        known = ", ".join(installed_packs(root)) or "none"
        raise NotFound(f"there is no pack {pack_id!r}.", hint=f"Installed: {known}.")
    folder = _shelf(root) / pack_id
    documents = {
        entry.name: _document(entry)
        for entry in folder.iterdir()
        if entry.is_file() and entry.name.endswith(".toml")
    }
    pack = parse_pack(documents)
    if pack.id != pack_id:
        hint = "The folder bears the id of its pack."
        raise BadInput(f"pack.toml: id: {pack.id!r} lies in the folder {pack_id!r}.", hint=hint)
    return pack


def cited_in(root: Path, suffixes: tuple[str, ...] = (".py",)) -> tuple[Citation, ...]:
    """Every `law:` citation in the source files under `root`, by file and line."""
    paths = [root] if root.is_file() else sorted(p for p in root.rglob("*") if p.is_file())
    return tuple(
        citation
        for path in paths
        if path.suffix in suffixes or path == root
        for citation in citations_in(path.read_text(encoding="utf-8"), str(path))
    )


def _shelf(root: Path | None) -> Traversable:
    return files("licet.rulebook") / "packs" if root is None else root


def _document(entry: Traversable) -> Document:
    data = entry.read_bytes()
    if len(data) > FILE_BYTES_MAX:
        raise BadInput(f"{entry.name}: is larger than 1 MiB.", hint="Split or shorten it.")
    try:
        return TomlSource(entry.name, data.decode("utf-8")).parse()
    except UnicodeDecodeError as error:
        raise BadInput(f"{entry.name}: is not UTF-8.", hint="Save it as UTF-8.") from error
