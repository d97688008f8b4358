"""The rules of this installation: the pack that it was set up with.

It refuses to know what is in it. Nothing in the portal asks which pack it is.
"""

from __future__ import annotations

from django.conf import settings

from licet.rulebook import Pack, Procedure, load_pack


def pack() -> Pack:
    """The pack of this installation."""
    return load_pack(settings.LICET_PACK)


def procedure() -> Procedure:
    """How it licenses."""
    return pack().procedure
