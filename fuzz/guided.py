"""The same targets, guided by coverage: needs atheris, which is not among our dependencies.

    uv pip install atheris && python -m fuzz.guided stream.chat [libFuzzer options]

Hypothesis turns libFuzzer's bytes into an input of the target, so that both draw from the same
inputs and hold them to the same checks. It refuses to know what a target checks.
"""

from __future__ import annotations

import sys

from hypothesis import HealthCheck, given, settings

try:
    import atheris
except ImportError:
    sys.exit("fuzz: atheris is not installed here. Install it: uv pip install atheris")

with atheris.instrument_imports(include=["licet"]):
    from fuzz.__main__ import TARGETS
    from fuzz.target import Tally


def main() -> None:
    """Fuzzes one target until it fails or libFuzzer's own limit ends it."""
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    found = {target.name: target for target in TARGETS}
    if name not in found:
        sys.exit(f"fuzz: name one of {', '.join(found)}")
    quiet = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
    test = quiet(given(found[name].inputs)(Tally().counted(found[name].check)))
    atheris.Setup(sys.argv, test.hypothesis.fuzz_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
