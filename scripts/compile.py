"""Compiles the hot modules of this checkout to machine code, unless that has been done.

    .venv/bin/python scripts/compile.py

`make` calls it before anything runs. Needs a C compiler; without one, or where compiling fails,
it says so in a line and everything runs as plain Python, a few times slower. The exit code is 0
then too, unless --strict is given.

It refuses to know what the modules do; `licet/base/compiled.py` says which they are and when
their compiled form fits.

Rules
1. What is compiled appears under its name whole, by one rename, or not at all.
2. Forms of earlier sources are kept for a while: a process that began with one may still need it.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from licet.base.compiled import FOLDER, MODULES, SHARED, digest, library

ROOT = Path(__file__).resolve().parents[1]
KEPT = 3


class NotCompiled(Exception):
    """Why there is no compiled form."""


def compiler() -> list[str]:
    """The C compiler's command. Raises NotCompiled without one, or without Python's headers."""
    command = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    for candidate in (command, ["cc"], ["gcc"], ["clang"]):
        if shutil.which(candidate[0]):
            break
    else:
        raise NotCompiled("there is no C compiler (on Debian: apt-get install gcc)")
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        raise NotCompiled("Python's headers are missing (on Debian: apt-get install python3-dev)")
    return candidate


def translate(work: Path) -> list[Any]:
    """The modules as C, and how to build each library. Raises NotCompiled."""
    try:
        import setuptools  # noqa: F401 - mypyc looks whether it was imported
        from mypyc.build import mypycify
    except ImportError as error:
        raise NotCompiled(f"{error.name} is not installed") from None
    said = io.StringIO()  # hints about speed; errors are shown
    sources = [f"src/{name.replace('.', '/')}.py" for name in MODULES]
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            return mypycify(
                ["--no-warn-unused-configs", f"--cache-dir={work / 'types'}", *sources],
                opt_level="2", debug_level="0", multi_file=True, target_dir=str(work / "c"),
                group_name=SHARED.removesuffix("__mypyc"),
            )  # fmt: skip
    except SystemExit:
        raise NotCompiled(f"mypyc refused them:\n{said.getvalue()}") from None


def build(cc: list[str], extensions: list[Any], work: Path, out: Path) -> None:
    """Compile and link each library into `out`, as many files at once as there are cores."""
    include = f"-I{sysconfig.get_path('include')}"
    flags = shlex.split(sysconfig.get_config_var("CCSHARED") or "-fPIC")
    link = shlex.split(sysconfig.get_config_var("LDSHARED") or "cc -shared")[1:]

    def compile_one(job: tuple[Any, str, Path]) -> None:
        extension, source, target = job
        where = [f"-I{path}" for path in extension.include_dirs]
        how = [*flags, "-DNDEBUG", "-fwrapv", "-w", *extension.extra_compile_args]
        run([*cc, *how, include, *where, "-c", source, "-o", str(target)])

    jobs, objects = [], []
    for extension in extensions:
        made = [work / "o" / f"{extension.name}-{n}.o" for n in range(len(extension.sources))]
        objects.append(made)
        jobs += [(extension, *each) for each in zip(extension.sources, made, strict=True)]
    (work / "o").mkdir()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_one, sorted(jobs, key=lambda job: -Path(job[1]).stat().st_size)))
        for extension, made in zip(extensions, objects, strict=True):
            target = library(out, extension.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            run([*cc, *link, *map(str, made), "-o", str(target)])


def run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise NotCompiled(f"{command[0]} failed: {done.stderr.strip()[-600:]}")


def compile_all(target: Path) -> None:
    """Make the compiled form and put it at `target` (rule 1)."""
    cc = compiler()
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=FOLDER) as folder:
        work = Path(folder)
        out = work / "out"
        build(cc, translate(work), work, out)
        try:
            out.rename(target)
        except OSError:
            if not target.is_dir():  # else somebody else made the same meanwhile
                raise


def forget_old(besides: Path) -> None:
    """Rule 2."""
    others = [path for path in FOLDER.iterdir() if path.is_dir() and path != besides]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def main() -> int:
    os.chdir(ROOT)
    target, strict = FOLDER / digest(), "--strict" in sys.argv[1:]
    if target.is_dir():
        return 0
    began = time.monotonic()
    print(f"compiling {len(MODULES)} hot modules, once for these sources ...", file=sys.stderr)
    try:
        compile_all(target)
    except (NotCompiled, OSError) as error:
        print(f"not compiled: {error}. Plain Python runs, slower.", file=sys.stderr)
        return int(strict)
    forget_old(besides=target)
    took_s = time.monotonic() - began
    print(f"compiled in {took_s:.0f} s into {target.relative_to(ROOT)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
