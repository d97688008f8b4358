"""What can go wrong while a request arrives. (Errors are never compiled: ADR-0011.)

It refuses to know how requests are read.
"""

from __future__ import annotations

from licet.base.trouble import TooMuch


class BodyTooLarge(TooMuch):
    """The request's body is larger than this gateway accepts."""

    code = "body_too_large"


class ClientLeft(Exception):
    """The client closed the connection before its request was whole."""
