"""Draws docs/pictures/labelled.webp: a picture as it came through the gateway, marked, labelled.

    .venv/bin/python scripts/media_picture.py

The gateway is `licet up` with its built-in painter, the client the official `openai` one. It
refuses to retouch: the file is the answer, byte for byte, so that `licet labels verify` tells what
README says.
"""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from openai import OpenAI

PICTURE = Path(__file__).resolve().parent.parent / "docs/pictures/labelled.webp"
LICET = [sys.executable, "-c", "from licet.cli.main import main; main()"]
PROMPT = "A quiet lake at dusk, 黄昏的湖"
_GREETING = re.compile(r"stands at (http://\S+)\n.*?API key \([^)]*\): (licet_\w+)", re.DOTALL)


def main() -> None:
    """Ask once, and keep what came."""
    with tempfile.TemporaryDirectory() as home:
        up = [*LICET, "up", "--lab", "--no-portal", "--port", "0", "--home", home]
        with subprocess.Popen(up, stdout=subprocess.PIPE, text=True) as gateway:
            assert gateway.stdout is not None
            said = ""
            while not (found := _GREETING.search(said)):
                line = gateway.stdout.readline()
                if not line:
                    raise SystemExit("the gateway did not start.")
                said += line
            with OpenAI(base_url=found[1], api_key=found[2]) as client:
                made = client.images.generate(
                    model="replay-picture", prompt=PROMPT, size="1536x1024", output_format="webp"
                )
            gateway.terminate()
    assert made.data
    PICTURE.write_bytes(base64.b64decode(made.data[0].b64_json or ""))


if __name__ == "__main__":
    main()
