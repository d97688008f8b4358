"""The command line, loaded once and run many times: each command in a process of its own (fork).

Run by kit.command. Reads lines of JSON, `{"words", "environ", "said", "complained"}`, runs
`licet WORDS` with that environment and nothing to read, its output to the two files, and prints
the exit code. What a command loads, opens or changes goes with its process.

It refuses to know what the commands are.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from licet.cli.main import main
from licet.cli.rulebook import DEFAULT_PACK
from licet.rulebook import load_pack


def serve() -> dict[str, Any] | None:
    """Forks for each line; in the parent None in the end, in a child what it has to run."""
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            return dict(json.loads(line))
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    return None


def become(asked: dict[str, Any]) -> None:
    """Make this process as if it had been started for the command."""
    os.environ.clear()
    os.environ.update(asked["environ"])
    sys.argv = ["licet", *asked["words"]]
    for number, path in ((0, os.devnull), (1, asked["said"]), (2, asked["complained"])):
        file = os.open(path, os.O_RDWR)
        os.dup2(file, number)
        os.close(file)


if __name__ == "__main__":
    assert load_pack(DEFAULT_PACK)
    command = serve()
    if command is not None:
        become(command)
        main()
