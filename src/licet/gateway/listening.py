"""Sockets that listen, and whom to blame where one cannot be had.

It refuses to know what is served on them.
"""

from __future__ import annotations

import errno
import socket

from licet.base.trouble import BadInput

BACKLOG = 4096


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises BadInput where it can't be had."""
    if not host:  # a socket would take that for every address
        raise _refused(host, port, "No host is named", "host")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except UnicodeError:  # what no name of a machine can be
        listener.close()
        raise _refused(host, port, "Not a name of a machine", "host") from None
    except OSError as error:
        listener.close()
        blamed = "host" if is_strange_host(error) else "port"
        raise _refused(host, port, str(error.strerror), blamed) from error
    return listener


def is_strange_host(error: OSError) -> bool:
    """Whether a socket could not be had because of its host: no address of this machine."""
    return isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL


def _refused(host: str, port: int, cause: str, blamed: str) -> BadInput:
    """`blamed`: host or port, whichever has to be another."""
    hint = (
        "Choose another with --port, or stop what listens there."
        if blamed == "port"
        else "Name an address of this machine with --host, or by `host` under [server]."
    )
    return BadInput(f"cannot listen on {host}:{port}: {cause}.", hint=hint)


def replay_url(listener: socket.socket) -> str:
    """Where the built-in upstream will answer on this socket."""
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}/v1"
