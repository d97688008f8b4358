"""What a label costs. `python bench/labels.py`.

CPU time of one process, best of five; the picture is noise over a gradient, harder to compress
than what people look at. Memory is the most that a fresh process held, Python and all included.
"""

from __future__ import annotations

import argparse
import io
import re
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from licet.labels import produce, verify
from licet.labels.marks import mark_words
from licet.labels.marks.picture import mark_picture
from licet.rulebook import load_pack

RULES = load_pack("cn-genai-2023").labels
PRODUCER = "001191110000000000000000010001"


def picture(side: int, kind: str = "PNG") -> bytes:
    """A picture of side × side pixels, as bytes of its format."""
    rng = np.random.default_rng(20261128)
    slope = np.linspace(0, 200, side)[:, None, None] + np.linspace(0, 40, side)[None, :, None]
    pixels = (slope + rng.integers(0, 8, (side, side, 3))).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind, compress_level=1)
    return out.getvalue()


def marked(data: bytes) -> bytes:
    words = mark_words(RULES, "generated", "zh")
    return mark_picture(data, words, RULES.media["image"].height_share_min)


def cost_ms(work: Callable[[], object]) -> float:
    """CPU milliseconds a call, best of five."""
    best = float("inf")
    for _ in range(5):
        began_s = time.process_time()
        work()
        best = min(best, (time.process_time() - began_s) * 1e3)
    return best


def _most_kib() -> int:
    """VmHWM, for ru_maxrss of a child counts what its parent held when it was started."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) if found else 0


def memory_mib(side: int) -> int:
    """The most memory of a fresh process that marks and labels one picture."""
    run = subprocess.run(
        [sys.executable, __file__, "--once"], input=picture(side), capture_output=True, check=True
    )
    return int(run.stdout)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--once", action="store_true", help="standard input; print MiB")
    asked = options.parse_args()
    if asked.once:
        produce(marked(sys.stdin.buffer.read()), PRODUCER, "1", RULES)
        print(_most_kib() >> 10)
        return
    print(f"{'what':44} {'CPU ms':>8}")
    for side in (1024, 4096):
        data = picture(side)
        done = produce(data, PRODUCER, "1", RULES)
        works: dict[str, Callable[[], object]] = {
            "label": partial(produce, data, PRODUCER, "1", RULES),
            "verify": partial(verify, done, RULES),
            "mark": partial(marked, data),
            "mark and label": lambda data=data: produce(marked(data), PRODUCER, "1", RULES),
        }
        for what, work in works.items():
            row = f"{what}, {side}², PNG of {len(data) >> 10} KiB"
            print(f"{row:44} {cost_ms(work):8.1f}")
    print(f"most memory, mark and label 4096²: {memory_mib(4096)} MiB")


if __name__ == "__main__":
    main()
