"""`licet correct`: from a candidate bundle to one that is served, with the proof in between.

Parse, call, render. It refuses to know how texts are judged and what a proof must show.

Exit codes: 1 of `prove`: the proof does not bear a release; 1 of `release`: nothing was released.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import cast

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from licet.assess.correction.items import Item, items_as_lines, leaked, read_items, split
from licet.assess.correction.preferences import as_trl_lines, read_pairs
from licet.assess.correction.proof import Proof, proof_as_json, prove
from licet.base.canonical import canonical_json
from licet.base.clock import SystemClock
from licet.base.trouble import BadInput, Conflict, NotAllowed, NotFound
from licet.cases import event_from_json
from licet.cases.proceedings import replay
from licet.cli.home import Home, home_option
from licet.cli.refused import TroubleGroup
from licet.cli.rulebook import DEFAULT_PACK
from licet.gateway.bundlefile import CURRENT, load_bundle, load_bytes, save_bundle
from licet.gateway.bundlekey import load_bundle_key, load_trusted_keys
from licet.gateway.bundling import FAIL_CLOSED, draft_bundle, shipped_encoder
from licet.gateway.config import GuardConfig, load_config
from licet.guard.bundle import Bundle, build_bundle, make_guard, read_bundle, sign_again
from licet.guard.policy import OnFailure, Tier
from licet.rulebook import Pack, load_pack
from licet.rulebook.proceeding import ProofRules

NO = 1
BETTER = "better"
FILE_BYTES_MAX = 512 << 20
SALT_BYTES = 16
RELEASED = ("released", "served")
"""Stages of a correction in which its candidate may be signed, whatever the proof says."""

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
_items_option = click.option(
    "--items", required=True, multiple=True, type=_FILE, metavar="FILE",
    help="Items held out, regressions and lawful text; may be repeated.",
)  # fmt: skip
_used_option = click.option(
    "--used", multiple=True, type=_FILE, metavar="FILE",
    help="Items that the fix was made with; none of them may prove it.",
)  # fmt: skip
_pack = click.option("--pack", "pack_id", default=DEFAULT_PACK, show_default=True, help="Pack id.")


@click.group(cls=TroubleGroup)
def correct() -> None:
    """Freeze items, make a candidate, prove it, release it; export training pairs."""


@correct.command()
@click.argument("file", type=_FILE)
@click.option("--share", default=0.5, show_default=True, metavar="S", help="Share held out.")
@click.option("-o", "--output", required=True, type=_FOLDER, metavar="DIR", help="Write here.")
def freeze(file: Path, share: float, output: Path) -> None:
    """Divide the items of an incident's family, before anybody looks: fix.jsonl, held-out.jsonl.

    What is held out is for the proof alone. The salt of the draw is kept beside it, so that
    anybody can draw again.
    """
    salt = secrets.token_bytes(SALT_BYTES)
    drawn = split(read_items(_read(file), str(file)), salt, share)
    output.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, items in (("fix", drawn.fix), ("held-out", drawn.held_out)):
        path = output / f"{name}.jsonl"
        if path.exists():
            raise Conflict(f"{path} is there already.", hint="Freeze once; name another folder.")
        path.write_bytes(items_as_lines(items))
        path.chmod(0o600)
        click.echo(f"{path}: {len(items)} items")
    (output / "salt.hex").write_text(f"{salt.hex()}\n", encoding="ascii")


@correct.command()
@click.option("--rules", multiple=True, type=_FILE, metavar="FILE", help="Rules to put in.")
@click.option("--pack", "pack_id", metavar="ID", help="Pack that gives the policy.")
@click.option("--name", default="candidate", show_default=True, help="What people call it.")
@click.option("--urgent", is_flag=True, help="Running streams are to change over at once.")
@click.option("--no-shipped", is_flag=True, help="Leave out the rules and weights of Licet.")
@click.option("-o", "--output", required=True, type=_NEW, metavar="FILE", help="Write it here.")
@home_option
def candidate(
    rules: tuple[Path, ...], pack_id: str | None, name: str, urgent: bool, no_shipped: bool,
    output: Path, home: Home,
) -> None:  # fmt: skip
    """Build a candidate: what the home serves, with more rules. No gateway takes it unsigned.

    Rules, pack, tier and what happens when a judge fails are those of the home's configuration
    where there is one; the rules that are given here are added.
    """
    guard = load_config(home.config).guard if home.config.exists() else None
    files = (*(guard.rules if guard else ()), *rules)
    pack = load_pack(pack_id or (guard.pack if guard else DEFAULT_PACK))
    draft = draft_bundle(
        pack, tuple(dict.fromkeys(files)), name=name, urgent=urgent, shipped=not no_shipped,
        tier=guard.tier if guard else None, on_judge_failure=_on_failure(guard),
    )  # fmt: skip
    # A key that nobody keeps: what it signs counts nowhere until `release` signs it anew.
    data = build_bundle(draft, Ed25519PrivateKey.from_private_bytes(secrets.token_bytes(32)))
    save_bundle(output, data)
    click.echo(f"digest     {read_bundle(data, None).digest}")
    click.echo(f"written to {output}; prove it: licet correct prove {output} --items FILE")


@correct.command("prove")
@click.argument("file", type=_FILE)
@click.option("--before", type=_FILE, metavar="FILE", help="The bundle that serves; default: "
              "the one installed in the home folder.")  # fmt: skip
@_items_option
@_used_option
@click.option("-o", "--output", type=_NEW, metavar="FILE", help="Write the report here.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@_pack
@home_option
def prove_candidate(
    file: Path, before: Path | None, items: tuple[Path, ...], used: tuple[Path, ...],
    output: Path | None, as_json: bool, pack_id: str, home: Home,
) -> None:  # fmt: skip
    """Judge the same items under the bundle that serves and under the candidate FILE."""
    pack = load_pack(pack_id)
    old, new = load_bundle(before or _installed(home), None), load_bundle(file, None)
    proof = _proof(old, new, items, used, pack)
    report = canonical_json(proof_as_json(proof))
    if output is not None:
        output.write_bytes(report)
    click.echo(report.decode() if as_json else "\n".join(_rendered(proof)))
    if proof.verdict != BETTER:
        raise SystemExit(NO)


@correct.command()
@click.argument("file", type=_FILE)
@click.option("--proof", "proof_file", required=True, type=_FILE, metavar="FILE",
              help="The report that `prove` wrote.")  # fmt: skip
@_items_option
@_used_option
@click.option("--correction", type=_FILE, metavar="FILE",
              help="Events of the correction: people released it against the proof.")  # fmt: skip
@_pack
@home_option
def release(
    file: Path, proof_file: Path, items: tuple[Path, ...], used: tuple[Path, ...],
    correction: Path | None, pack_id: str, home: Home,
) -> None:  # fmt: skip
    """Sign the candidate FILE with the key of this home and serve under it.

    The proof is run again, and the report must be the one that comes out: of this candidate,
    against the bundle that serves. A running gateway takes it up within a second and drops no
    stream.
    """
    opened, serving = load_bundle(file, None), _installed(home)
    proof = _proof(load_bundle(serving, None), opened, items, used, load_pack(pack_id))
    if canonical_json(proof_as_json(proof)) != _read(proof_file):
        raise Conflict(
            "run again, the proof is another one than this report.",
            hint="Prove the candidate against the bundle that serves, on the same items.",
        )
    if proof.verdict != BETTER and not _released(correction, opened.digest):
        click.echo(f"NOT RELEASED  {proof.verdict}: {', '.join(proof.reasons)}")
        raise SystemExit(NO)
    data = sign_again(load_bytes(file), load_bundle_key(home.keys))
    read_bundle(data, load_trusted_keys(home.keys))
    save_bundle(serving, data)
    click.echo(f"released   {opened.digest}")
    click.echo(f"installed in {home.root}; a running gateway takes it up within a second")


@correct.command()
@click.argument("file", type=_FILE)
@click.option("-o", "--output", required=True, type=_NEW, metavar="FILE", help="Write here.")
@_pack
def export(file: Path, output: Path, pack_id: str) -> None:
    """Write opened exchanges as preference pairs that Hugging Face TRL reads.

    FILE: lines of JSON with prompt, rejected and, where a person wrote one, chosen; else the
    words that the pack gives a refused person of that category, in the language of the prompt.
    """
    pack = load_pack(pack_id)
    reasons = {name: category.reason for name, category in pack.categories.items()}
    pairs = read_pairs(_read(file), str(file), reasons)
    output.write_bytes(as_trl_lines(pairs))
    click.echo(f"{output}: {len(pairs)} pairs")


def _on_failure(guard: GuardConfig | None) -> Mapping[Tier, OnFailure]:
    if guard is None:
        return FAIL_CLOSED
    return cast("dict[Tier, OnFailure]", asdict(guard.on_judge_failure))


def _proof(
    old: Bundle, new: Bundle, items: tuple[Path, ...], used: tuple[Path, ...], pack: Pack
) -> Proof:
    given = _items(items)
    _refuse_leaks(given, _items(used))
    return prove(
        given, _stops(old), _stops(new), _rules(pack),
        before=old.digest, after=new.digest, pack=f"{pack.id}@{pack.version}",
    )  # fmt: skip


def _stops(bundle: Bundle) -> Callable[[Item], bool]:
    guard = make_guard(bundle, today=SystemClock().now().date(), encoder=shipped_encoder)
    return lambda item: guard.judge(item.text, item.role, item.context).action == "halt"


def _refuse_leaks(items: tuple[Item, ...], used: tuple[Item, ...]) -> None:
    found = leaked(items, used)
    if found:
        named = ", ".join(f"{item} ({other})" for item, other in found[:5])
        raise NotAllowed(
            f"{len(found)} items were used for the fix, or nearly: {named}.",
            hint="What made the fix cannot prove it. Take them out of the items.",
        )


def _released(correction: Path | None, digest: str) -> bool:
    """Whether the events of a correction say that people released this candidate: `decide` has
    let nobody do so alone."""
    if correction is None:
        return False
    lines = _read(correction).splitlines()
    of = replay(event_from_json(json.loads(line)) for line in lines if line.strip())
    same = of.facts.get("candidate_sha256") == digest == of.facts.get("proven_sha256")
    return of.kind == "correction" and of.stage in RELEASED and same


def _rendered(proof: Proof) -> Iterator[str]:
    yield f"verdict    {proof.verdict.upper()}"
    yield from (f"because    {reason}" for reason in proof.reasons)
    yield f"before     {proof.before}"
    yield f"candidate  {proof.after}"
    yield f"McNemar    p = {proof.p:.2g} on what was held out"
    for name, pairs in proof.pairs.items():
        lost = proof.lost[name]
        yield (
            f"{name:<10} {pairs.total} items: {pairs.fixed} fixed, {pairs.broken} broken, "
            f"{pairs.good} good and {pairs.bad} bad in both; lost at most {lost.high:.2%}"
        )
        yield from (f"  broken   {item}" for item in proof.changed[name][1][:10])
    yield f"report     {proof.sha256}"


def _rules(pack: Pack) -> ProofRules:
    rules = pack.supervision.proof
    if rules is None:
        raise NotFound(f"the pack {pack.id} has no rules of proof.", hint="Name another pack.")
    return rules


def _items(files: tuple[Path, ...]) -> tuple[Item, ...]:
    data = b"\n".join(_read(file) for file in files)
    return read_items(data, ", ".join(map(str, files)))


def _installed(home: Home) -> Path:
    path = home.bundles / CURRENT
    if not path.exists():
        raise NotFound(f"no bundle is installed in {home.root}.", hint="Name one: --before FILE")
    return path


def _read(file: Path) -> bytes:
    data = file.read_bytes() if file.stat().st_size <= FILE_BYTES_MAX else None
    if data is None:
        raise BadInput(f"{file} is larger than {FILE_BYTES_MAX:,} bytes.", hint="Split it.")
    return data
