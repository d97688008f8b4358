"""What can go wrong while events are cut out of bytes. (Errors are never compiled: ADR-0011.)

It refuses to know how events are cut.
"""

from __future__ import annotations

from licet.base.trouble import TooMuch


class SseTooLarge(TooMuch):
    """The upstream sent a single event larger than the limit."""

    code = "sse_too_large"
