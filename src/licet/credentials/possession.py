"""Proof that a licence is shown by its holder: a Key Binding JWT (RFC 9901, section 4.3).

    presentation = licence "~" proof

It refuses to know sockets and whose licence is asked for.

Rules
1. The proof is made with the key that the licence is bound to, for one question (`nonce`), one
   address (`aud`) and one moment (`iat`).
2. `aud` is the address at which the service is reached, as its operator wrote it down, never as a
   caller says it: a proof that somebody passes on from another address does not fit his own.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from hashlib import sha256

from licet.base.trouble import BadInput, Corrupt
from licet.credentials import jws
from licet.credentials.keys import KeySet, SigningKey, encode
from licet.credentials.licence import MARK, Licence, bare, read_licence

TYPE = "kb+jwt"
AGE_MAX = timedelta(minutes=5)
_NONCE = re.compile(r"[A-Za-z0-9_.~-]{8,200}")


def prove_possession(
    token: str, *, nonce: str, address: str, now: datetime, key: SigningKey
) -> str:  # fmt: skip
    """The presentation of a licence by its holder. Raises BadInput for a nonce that is none."""
    if not _NONCE.fullmatch(nonce):
        raise BadInput(
            "this nonce cannot be answered.",
            hint="Give 8 to 200 letters, digits and _ . ~ -, new for each question.",
        )
    licence = bare(token) + MARK
    claims = {
        "aud": address, "iat": int(now.timestamp()), "nonce": nonce, "sd_hash": _digest(licence),
    }  # fmt: skip
    return licence + jws.sign(claims, TYPE, key)


def check_possession(
    presentation: str, keys: KeySet, *, nonce: str, address: str, now: datetime
) -> Licence:
    """The licence in a presentation, shown by its holder at `address` in answer to `nonce`.

    Raises BadInput for what is no presentation, Corrupt where licence or proof does not hold.
    """
    token, mark, proof = presentation.strip().partition(MARK)
    if not mark or not proof:
        raise BadInput(
            "there is no proof behind this licence.", hint="Ask for it again with a nonce."
        )
    licence = read_licence(token, keys)
    claims = jws.read(proof, TYPE, KeySet.of([licence.key]))
    if claims.get("sd_hash") != _digest(token + MARK):
        raise Corrupt("the proof belongs to another licence.")
    if claims.get("nonce") != nonce:
        raise Corrupt("the proof answers another question: it may be an old one.")
    if claims.get("aud") != address:
        raise Corrupt("the proof was made at another address: somebody passes it on.")
    made = claims.get("iat")
    age_s = now.timestamp() - made if type(made) is int else float("inf")
    if abs(age_s) > AGE_MAX.total_seconds():
        raise Corrupt("the proof is old.", hint="Ask for a new one, and compare the clocks.")
    return licence


def _digest(licence: str) -> str:
    return encode(sha256(licence.encode("ascii")).digest())
