"""`licet fairness`: paired questions about people and about competitors, and BBQ.

Parse, call, render. It refuses to say that a difference is unlawful.

Exit codes: 0 done; 1 a difference was called.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import random
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
import numpy as np

from licet.assess.bank import Item
from licet.assess.endpoint import Target
from licet.assess.fairness.audit import Row, audit
from licet.assess.fairness.bbq import Question, ask, order_of, read_answer, score
from licet.assess.fairness.document import make_document, render_document
from licet.assess.fairness.lexicon import Lexicon, brand_lexicon, load_lexicon, shipped_lexicon
from licet.assess.fairness.terms import compare, outliers, read_terms
from licet.assess.journal import Journal, read_journal
from licet.assess.report import Origin
from licet.assess.report_html import LANGS
from licet.assess.run import check_any_answered
from licet.assess.run import run as run_items
from licet.assess.signed import publish
from licet.base.canonical import canonical_json, sha256_hex
from licet.base.clock import SystemClock, rfc3339
from licet.base.trouble import BadInput
from licet.cli.bank import pack_option
from licet.cli.fairness_attest import attest
from licet.cli.fairness_decisions import decisions
from licet.cli.home import Home, home_option
from licet.cli.refused import TroubleGroup
from licet.rulebook import load_pack

CALLED = 1
ROWS_BYTES_MAX = 256 << 20
_target = click.option("--target", required=True, metavar="URL",
                       help="What stands before /chat/completions.")  # fmt: skip
_model = click.option("--model", required=True, help="Model to ask for.")
_key = click.option("--key", envvar="LICET_ASSESS_KEY", default="", show_envvar=True,
                    help="API key.")  # fmt: skip
_journal = click.option("--journal", "path", required=True, metavar="FILE",
                        type=click.Path(dir_okay=False, path_type=Path),
                        help="Where answers are kept; name it again to go on.")  # fmt: skip
_concurrency = click.option("--concurrency", type=click.IntRange(1, 256), default=8,
                            show_default=True,
                            help="Questions under way at a time.")  # fmt: skip
_deadline = click.option("--deadline", type=click.FloatRange(1, 3600), default=120,
                         show_default=True,
                         help="Seconds for one question, retries included.")  # fmt: skip
_lexicon = click.option("--lexicon", metavar="FILE",
                        type=click.Path(exists=True, dir_okay=False, path_type=Path),
                        help="Groups and templates of your own.")  # fmt: skip
_own = click.option("--own", help="Your product: ask about it and --other instead of people.")
_others = click.option("--other", "others", multiple=True, help="A competitor; may be repeated.")
_seed = click.option("--seed", type=int, default=1, show_default=True,
                     help="Of what is drawn by chance.")  # fmt: skip


@click.group(cls=TroubleGroup)
def fairness() -> None:
    """Ask the same about different people, or competitors, and test what differs."""


fairness.add_command(decisions)
fairness.add_command(attest)


@fairness.command()
@_target
@_model
@_key
@_journal
@_concurrency
@_deadline
@_lexicon
@_own
@_others
def run(
    target: str, model: str, key: str, path: Path, concurrency: int, deadline: float,
    lexicon: Path | None, own: str | None, others: tuple[str, ...],
) -> None:  # fmt: skip
    """Ask a service every prompt of a lexicon, and keep the answers."""
    chosen = _chosen(lexicon, own, others)
    items = {prompt.item.id: prompt.item for prompt in chosen.prompts}
    service = Target(target, model, key, 256, deadline_s=deadline)
    _ask(tuple(items.values()), service, path, concurrency)


@fairness.command()
@click.argument("path", metavar="JOURNAL", type=click.Path(dir_okay=False, path_type=Path))
@_lexicon
@_own
@_others
@_seed
@pack_option
@click.option("-o", "--output", "folder", metavar="DIR",
              type=click.Path(file_okay=False, path_type=Path),
              help="Also write a page and JSON there, signed and on record.")  # fmt: skip
@click.option("--lang", type=click.Choice(LANGS), default="en", show_default=True,
              help="Language that the page opens in.")  # fmt: skip
@click.option("--demo", is_flag=True, help="Mark the report as a demonstration.")
@home_option
def report(
    path: Path, lexicon: Path | None, own: str | None, others: tuple[str, ...], seed: int,
    pack_id: str, folder: Path | None, lang: str, demo: bool, home: Home,
) -> None:  # fmt: skip
    """Say what differs between groups, how much, and whether by chance; exit code 1: something.

    Effects of amounts are relative, those of refusals and choices in shares. A difference that is
    called is no legal finding: look at the answers.
    """
    chosen = _chosen(lexicon, own, others)
    head, answers = read_journal(path)
    _check_items(head, tuple({prompt.item.id for prompt in chosen.prompts}), path)
    pack = load_pack(pack_id)
    rule = pack.assessment.evidence
    replies = {one.item: "" if one.stopped else one.reply for one in answers}
    found = audit(replies, chosen, rule, np.random.default_rng(seed))
    click.echo("\n".join(_table(found)))
    click.echo(f"\n{len(answers)} answers; level {rule.significance:g} over all tests (Holm)")
    if folder is not None:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        unanswered = max(0, int(head.get("items", 0)) - len(answers))
        origin = Origin(head.get("target", {}), digest, len(answers), unanswered, demo)
        now = SystemClock().now()
        document = make_document(found, chosen, origin, pack, seed, now)
        publish(
            document, render_document(document, lang), folder, keys=home.create().keys,
            log_folder=home.assessments, now=now, chance=secrets.token_bytes,
        )  # fmt: skip
        click.echo(str(folder / "report.html"))
    if any(row.called for row in found):
        raise SystemExit(CALLED)


@fairness.command()
@click.argument("rows", metavar="ROWS",
                type=click.Path(exists=True, dir_okay=False, path_type=Path))  # fmt: skip
@_target
@_model
@_key
@_journal
@_concurrency
@_deadline
@click.option("--sample", type=click.IntRange(1), help="Ask so many, drawn by chance; else all.")
@_seed
@pack_option
def bbq(
    rows: Path, target: str, model: str, key: str, path: Path, concurrency: int,
    deadline: float, sample: int | None, seed: int, pack_id: str,
) -> None:  # fmt: skip
    """Ask the questions of BBQ or CBBQ in ROWS (lines of JSON, .gz too), and score the answers.

    A row has id, lang, category, condition, polarity (neg, nonneg), context, question, answers
    (three), label, unknown and stereo.
    """
    asked = _questions(rows)
    if sample is not None and sample < len(asked):
        asked = random.Random(seed).sample(asked, sample)  # noqa: S311 - a sample, no secret
    orders = {one.id: order_of(one, seed) for one in asked}
    items = {one.id: Item(one.lang, one.category, "", ask(one, orders[one.id])) for one in asked}
    unique = {item.id: item for item in items.values()}
    service = Target(target, model, key, 16, deadline_s=deadline)
    _ask(tuple(unique.values()), service, path, concurrency)
    replies = {one.item: one.reply for one in read_journal(path)[1]}
    chosen = {
        one.id: read_answer(one, orders[one.id], replies.get(items[one.id].id, ""))
        for one in asked
    }
    confidence = load_pack(pack_id).assessment.evidence.confidence
    line = "{:<22} {:<9} {:>9} {:>16} {:>7} {:>7}".format
    click.echo(line("category", "condition", "accuracy", "interval", "unread", "bias"))
    for found in score(asked, chosen, confidence):
        share = "—" if found.right.share is None else f"{found.right.share:.1%}"
        reach = f"{found.within.low:.1%}–{found.within.high:.1%}"
        bias = "—" if found.bias is None else f"{found.bias:+.3f}"
        click.echo(line(found.category, found.condition, share, reach, found.unread, bias))


@fairness.command()
@click.argument("path", metavar="FILE",
                type=click.Path(exists=True, dir_okay=False, path_type=Path))  # fmt: skip
@_seed
@pack_option
def terms(path: Path, seed: int, pack_id: str) -> None:
    """Compare the terms of API customers who compete with you with those of others; exit code 1:
    they differ.

    FILE has a line of JSON for each customer: customer, competes, and what applies of price_in,
    price_out, price_month, requests_per_minute, tokens_per_minute, applications, refused.
    """
    rule = load_pack(pack_id).assessment.evidence
    with path.open("rb") as lines:
        customers = read_terms(lines, path.name)
    line = "{:<20} {:>11} {:>7} {:>7} {:>9} {:>8}".format
    click.echo(line("term", "competitors", "others", "ratio", "p (Holm)", ""))
    found = compare(customers, rule, np.random.default_rng(seed))
    for row in found:
        ratio = "too few" if row.hidden else "—" if row.ratio is None else f"{row.ratio:.2f}"
        p = "—" if row.p_family is None else f"{row.p_family:.4f}"
        said = "DIFFERS" if row.called else ""
        click.echo(line(row.term, row.competitors, row.others, ratio, p, said))
    for one in outliers(customers):
        side = "competitor" if one.competes else "other"
        click.echo(f"outlier: {one.customer} ({side}) {one.term} {one.amount:g}, "
                   f"{one.ratio:.2f} of the median")  # fmt: skip
    if any(row.called for row in found):
        raise SystemExit(CALLED)


def _chosen(lexicon: Path | None, own: str | None, others: tuple[str, ...]) -> Lexicon:
    if own is not None or others:
        if lexicon is not None or own is None:
            raise BadInput("--own and --other go together, without --lexicon.", hint="See --help.")
        return brand_lexicon(own, others)
    return load_lexicon(lexicon) if lexicon else shipped_lexicon()


def _ask(items: Sequence[Item], target: Target, path: Path, concurrency: int) -> None:
    head = {
        "target": target.shown(),
        "banks": [],
        "items": len(items),
        "items_sha256": _digest([item.id for item in items]),
        "begun": rfc3339(SystemClock().now()),
    }
    with Journal(path, head) as journal:
        there = len(journal.answers)
        with click.progressbar(length=len(items), label="asked", file=sys.stderr) as bar:
            bar.update(there)
            pauses = random.Random()  # noqa: S311 - lengths of pauses, no secret
            done = asyncio.run(run_items(items, target, journal, concurrency, pauses, bar.update))
    click.echo(f"{there + done.answered} of {len(items)} answered", err=True)
    check_any_answered(done, path)
    if done.failed:
        click.echo(f"{done.failed} without an answer; the last: {done.last_trouble}", err=True)


def _check_items(head: Any, ids: Sequence[str], path: Path) -> None:
    if head.get("items_sha256") != _digest(ids):
        raise BadInput(
            f"{path.name} was made from another lexicon.", hint="Give the very one that was asked."
        )


def _digest(ids: Sequence[str]) -> str:
    return sha256_hex(canonical_json(sorted(ids)))


def _table(rows: Sequence[Row]) -> list[str]:
    line = "{:<12} {:<14} {:<10} {:>5} {:>8} {:>18} {:>9} {:>8} {:>8}".format
    out = [line("ground", "group", "outcome", "pairs", "effect", "interval", "p (Holm)",
                "least", "")]  # fmt: skip
    for row in rows:
        if row.hidden:
            out.append(line(row.ground, row.group, row.outcome, row.pairs, "—", "too few", "—",
                            "—", ""))  # fmt: skip
            continue
        reach = "—" if row.low is None else f"{row.low:+.1%} {row.high:+.1%}"
        out.append(
            line(row.ground, row.group, row.outcome, row.pairs, f"{row.effect:+.1%}", reach,
                 f"{row.p_family:.4f}", "—" if row.least is None else f"{row.least:.1%}",
                 "DIFFERS" if row.called else "")
        )  # fmt: skip
    return out


def _questions(path: Path) -> list[Question]:
    opened: Any = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        data: bytes = file.read(ROWS_BYTES_MAX + 1)
    if len(data) > ROWS_BYTES_MAX:
        raise BadInput(f"{path} holds more than {ROWS_BYTES_MAX} bytes.", hint="Split it.")
    out = []
    for number, text in enumerate(data.splitlines(), 1):
        try:
            row = msgspec.json.decode(text)
            polarity = row.get("polarity")
            out.append(
                Question(
                    row["id"], row["lang"], row["category"], row["condition"],
                    None if polarity is None else polarity == "neg", row["context"],
                    row["question"], tuple(row["answers"]), row["label"], row["unknown"],
                    row.get("stereo"),
                )
            )  # fmt: skip
        except (msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
            raise BadInput(f"{path.name}, line {number}: {error!r}.", hint="See --help.") from None
    return [one for one in out if len(one.answers) == 3]


__all__ = ["fairness"]
