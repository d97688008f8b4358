"""Vouchers as people apply for them, and how officials decide; the money follows in the same step.

It refuses to judge: `vouchers.py` proposes, an official decides.

Rules
1. A decision is an official's, with a reason where it is a refusal; nobody grants more than what
   is proposed at that moment.
2. One contract is paid for once: the transfer that grants it bears the contract's name, so that
   two decisions at the same time cannot both go through.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, tzinfo

from licet.base.trouble import BadInput, Conflict
from licet.compute.market import Claim, Kept, Market
from licet.compute.money import Transfer
from licet.compute.purse import Purse
from licet.compute.vouchers import FEN, Application, Proposal, Spent, propose
from licet.rulebook.computing import Programme


def apply(
    market: Market, programme: Programme, application: Application, now_s: int
) -> Claim:  # fmt: skip
    """Keep an application. Raises BadInput for one that says too little."""
    if not application.contract.strip() or not application.supplier.strip():
        raise BadInput("An application names the contract and the supplier.", hint="Fill both.")
    claim = Claim(application.id, programme.id, application)
    market.put(claim, application.firm, now_s)
    return claim


def proposal(
    market: Market, programme: Programme, claim: Claim, now_s: int, zone: tzinfo
) -> Proposal:
    """What may be granted at most now, or every reason why nothing may; years are of `zone`."""
    granted = [kept for kept in market.all(Claim) if kept.value.state == "granted"]
    year = _year(now_s, zone)
    here = [
        kept.value for kept in granted
        if kept.value.programme == programme.id and _year(kept.at_s, zone) == year
    ]  # fmt: skip
    mine = [one for one in here if one.application.firm == claim.application.firm]
    spent = Spent(
        firm_fen=_sum(mine), programme_fen=_sum(here),
        contract=any(_contract(kept.value) == _contract(claim) for kept in granted),
    )  # fmt: skip
    return propose(programme, claim.application, spent)


def decide(
    market: Market, purse: Purse, programme: Programme, kept: Kept[Claim], fen: int, reason: str,
    by: str, now_s: int, zone: tzinfo,
) -> Claim:  # fmt: skip
    """Grant `fen`, or refuse where it is 0. Raises BadInput without a reason for a refusal or for
    more than may be granted, Conflict where it was decided or its contract paid for already."""
    claim = kept.value
    if claim.state != "asked":
        raise Conflict("this application was decided already.", hint="Look at the decision.")
    if fen == 0:
        if not reason.strip():
            raise BadInput("A refusal has a reason.", hint="Say why.")
        done = replace(claim, state="refused", reason=reason.strip())
        market.put(done, by, now_s, seen=kept.n)
        return done
    most = proposal(market, programme, claim, now_s, zone).most_fen
    if not 0 < fen <= most:
        raise BadInput(f"at most {most / FEN:.2f} yuan may be granted.", hint="Grant less.")
    fund = f"programme:{programme.id}"
    whole = programme.budget_yuan_year
    budget = (f"fund:{claim.id}", fen) if whole is None else (
        f"fund:{programme.id}:{_year(now_s, zone)}", whole * FEN)  # fmt: skip
    purse.move_all([
        Transfer(budget[0], "fund", "outside", fund, budget[1], now_s),
        Transfer(f"grant:{_contract(claim)}", "grant", fund, voucher_of(claim), fen, now_s),
    ])  # fmt: skip
    done = replace(claim, state="granted", fen=fen, reason=reason.strip())
    market.put(done, by, now_s, seen=kept.n)
    return done


def voucher_of(claim: Claim) -> str:
    """The name in the books of what was granted."""
    return f"voucher:{claim.id}"


def granted_to(market: Market, account: str) -> Iterable[str]:
    """Names of the vouchers that an account was granted."""
    return [
        voucher_of(kept.value) for kept in market.all(Claim)
        if kept.value.state == "granted" and kept.value.application.firm == account
    ]  # fmt: skip


def _contract(claim: Claim) -> str:
    """One contract, however it is spelled: supplier and number without case and spaces."""
    told = f"{claim.application.supplier}\n{claim.application.contract}"
    plain = "".join(told.casefold().split(" ")).strip()
    return hashlib.sha256(plain.encode()).hexdigest()[:32]


def _year(at_s: int, zone: tzinfo) -> int:
    return datetime.fromtimestamp(at_s, zone).year


def _sum(claims: Iterable[Claim]) -> int:
    return sum(one.fen for one in claims)
