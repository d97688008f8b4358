"""Runs hot modules in their compiled form where one stands that fits, else as plain Python.

`scripts/compile.py` makes the compiled form (mypyc, ADR-0011). It refuses to know what the
modules do.

Rules
1. The compiled form lies in a folder that is named by a digest of every source that may have gone
   into it and of the interpreter. A changed source changes the name: a stale form is not found.
2. All or nothing: either every module of MODULES runs compiled, or none does.
3. Both forms do the same. LICET_PLAIN=1 asks for plain Python.
4. Nothing is read before the first module of MODULES is imported.
5. Errors, classes that derive from plain ones, and structs that are decoded stay out of MODULES:
   compiled, they lose what they inherit, and what their types say (a tidy test holds it).
"""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

PACKAGE = Path(__file__).parents[1]
FOLDER = PACKAGE / "_compiled"
SHARED = "licet_compiled__mypyc"
"""The library that holds the code of all modules; each module's own file is a door to it."""
SUFFIX: str = sysconfig.get_config_var("EXT_SUFFIX") or ".so"
PLAIN = "LICET_PLAIN"

SOURCES = (
    "base", "cases", "credentials", "guard", "labels", "ledger", "minors", "rulebook", "stats",
    "gateway",
)  # fmt: skip
"""The packages in which MODULES lie and all that those may import: constants are built in."""
MODULES = (
    "licet.base.clock",
    "licet.base.ids",
    "licet.base.piecemeal",
    "licet.guard.automaton",
    "licet.guard.collector",
    "licet.guard.conditional",
    "licet.guard.conditions",
    "licet.guard.fold",
    "licet.guard.guarding",
    "licet.guard.lazy_dfa",
    "licet.guard.lexicon",
    "licet.guard.literal",
    "licet.guard.machine",
    "licet.guard.memory",
    "licet.guard.pattern_walk",
    "licet.guard.point_table",
    "licet.guard.rulecheck",
    "licet.guard.ruletables",
    "licet.guard.scanner",
    "licet.guard.stream",
    "licet.guard.step_table",
    "licet.guard.strides",
    "licet.guard.watch",
    "licet.guard.word_table",
    "licet.guard.classifier.screen",
    "licet.guard.disguise.candidates",
    "licet.guard.disguise.coded",
    "licet.guard.disguise.forms",
    "licet.guard.disguise.lattice",
    "licet.guard.disguise.scanner",
    "licet.guard.disguise.spellings",
    "licet.guard.disguise.tables",
    "licet.ledger.entry_mould",
    "licet.gateway.admission",
    "licet.gateway.answering",
    "licet.gateway.asides",
    "licet.gateway.asgi",
    "licet.gateway.channels",
    "licet.gateway.event_line",
    "licet.gateway.event_queue",
    "licet.gateway.exchange",
    "licet.gateway.keyring",
    "licet.gateway.limits",
    "licet.gateway.metrics",
    "licet.gateway.prompting",
    "licet.gateway.quick_writer",
    "licet.gateway.recorder",
    "licet.gateway.relay",
    "licet.gateway.routes",
    "licet.gateway.serving",
    "licet.gateway.sse",
    "licet.gateway.tally",
    "licet.gateway.trace",
    "licet.gateway.upstream",
    "licet.gateway.upstream_arrivals",
    "licet.gateway.upstream_protocol",
    "licet.gateway.upstream_reply",
    "licet.gateway.whole_answer",
    "licet.gateway.dialects.chat",
    "licet.gateway.dialects.chat_reply",
    "licet.gateway.dialects.chat_texts",
    "licet.gateway.dialects.choice_stream",
    "licet.gateway.dialects.frames",
    "licet.gateway.dialects.json_strict",
    "licet.gateway.dialects.json_survey",
    "licet.gateway.dialects.json_texts",
    "licet.gateway.dialects.known_events",
    "licet.gateway.dialects.moulds",
    "licet.gateway.dialects.requests",
    "licet.gateway.dialects.responses_repeats",
    "licet.gateway.dialects.responses_sent",
    "licet.gateway.dialects.responses_stream",
    "licet.gateway.dialects.responses_texts",
    "licet.gateway.dialects.server_events",
    "licet.gateway.dialects.shown",
)


def digest(package: Path = PACKAGE) -> str:
    """What the compiled form of these sources, for this interpreter, is called."""
    found = hashlib.sha256(f"{sys.version}\0{SUFFIX}\0".encode())
    for name in SOURCES:
        for path in sorted((package / name).rglob("*.py")):
            found.update(hashlib.sha256(path.relative_to(package).as_posix().encode()).digest())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:32]


def library(folder: Path, name: str) -> Path:
    """Where the compiled form of a module lies."""
    return folder.joinpath(*name.split(".")[:-1], name.rpartition(".")[2] + SUFFIX)


class CompiledFinder(MetaPathFinder):
    """Finds MODULES in their compiled form. Put before Python's own finders."""

    def __init__(self, package: Path = PACKAGE, environ: Mapping[str, str] = os.environ) -> None:
        self._package = package
        self._environ = environ
        self._names = frozenset((*MODULES, SHARED))
        self._folder: Path | None = None
        self._looked = False
        self.why_plain = "no module of it has been imported yet"
        """Why plain Python runs; empty where the compiled form does."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in self._names:
            return None
        if not self._looked:
            self._look()
        if self._folder is None:
            return None
        file = str(library(self._folder, name))
        return spec_from_file_location(name, file, loader=ExtensionFileLoader(name, file))

    def _look(self) -> None:
        self._looked = True
        if self._environ.get(PLAIN):
            self.why_plain = f"{PLAIN} is set"
            return
        folder = self._package / "_compiled" / digest(self._package)
        if not folder.is_dir():
            self.why_plain = "these sources have not been compiled here"
            return
        self._folder = folder
        try:
            importlib.import_module(SHARED)
        except ImportError as error:
            self._folder = None
            self.why_plain = f"the compiled form cannot be loaded ({error})"
            return
        self.why_plain = ""


FINDER = CompiledFinder()


def install() -> None:
    """Look for compiled forms from now on."""
    if FINDER not in sys.meta_path:
        sys.meta_path.insert(0, FINDER)


def why_plain() -> str:
    """Why this process runs plain Python; empty where it runs the compiled form."""
    importlib.import_module(MODULES[0])
    return FINDER.why_plain
