"""An authority's process that is killed at every write while it takes a message. Run by a test:

    python taking_child.py HOME MESSAGES

`MESSAGES` is JSON, `authority` (its URL) and `messages` (signed, of one kind). Each round takes
one: killed by SIGKILL before its nth statement that writes, then whole, as its sender would try
again. Prints how many were taken.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from kit.outbox_child import rounds
from licet.portal.serving import set_up
from licet.portal.settings import Installation


def main(home: Path, messages: Path) -> None:
    """The rounds."""
    told = json.loads(messages.read_text())
    url, tokens = told["authority"], told["messages"]
    set_up(Installation(home=home, roles=("authority",), secret="s" * 64, public_url=url))
    print(rounds(lambda number: partial(take, urlsplit(url).netloc, tokens[number])))


def take(host: str, token: str) -> None:
    """As the server does it."""
    from django.test import Client

    answer = Client(headers={"host": host}).post(
        "/api/v1/messages", token, content_type="application/jose"
    )
    assert answer.status_code in (200, 201), answer.content


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
