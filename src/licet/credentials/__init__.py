"""Licences as signed tokens, their status, and the check of both without asking anybody.

    standing = verify(token, keys, lists, now)
    standing.state       # valid, suspended, revoked, expired, not-yet-valid or unknown-stale

`keys` holds keys and sets of them, `jws` signs and reads signed claims, `licence` and `statuslist`
say what the claims mean, `verify` what a licence is worth at a moment, `possession` that somebody
holds it, `wording` says so in plain words. `issuer`, `keyfiles` and `shelf` touch the disk; the
rest is pure. It refuses to know why a licence was granted or withdrawn.
"""

from licet.credentials.keys import KeySet, PublicKey, SigningKey
from licet.credentials.licence import (
    Condition,
    Licence,
    StatusPlace,
    Terms,
    read_licence,
    sign_licence,
)
from licet.credentials.statuslist import Status, StatusList, read_status_list, sign_status_list
from licet.credentials.verify import STATES, Standing, State, standing_of, verify

__all__ = [
    "STATES",
    "Condition",
    "KeySet",
    "Licence",
    "PublicKey",
    "SigningKey",
    "Standing",
    "State",
    "Status",
    "StatusList",
    "StatusPlace",
    "Terms",
    "read_licence",
    "read_status_list",
    "sign_licence",
    "sign_status_list",
    "standing_of",
    "verify",
]
