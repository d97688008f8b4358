"""`licet assess`: plan, run and report a security assessment of a service.

Parse, call, render. It refuses to know how anything is counted.

Exit codes: 0 done; 1 a lawful "no" (a service that does not conform, a report that was altered);
2 what was given or is needed cannot be used, such as a service that answered no question of a run.
"""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import sys
from pathlib import Path

import click

from licet.assess.bankcheck import check_banks
from licet.assess.cost import estimate
from licet.assess.declared import parse_declared
from licet.assess.endpoint import Target
from licet.assess.gather import add_labels, gather
from licet.assess.journal import Journal
from licet.assess.labels import shipped_refusal_detector
from licet.assess.outcome import outcomes
from licet.assess.report import Origin, make_report
from licet.assess.report_html import LANGS, render
from licet.assess.run import check_any_answered, draw
from licet.assess.run import run as run_items
from licet.assess.signed import publish, verify_published
from licet.assess.verdict import Assessed
from licet.assess.verdict import assess as assess_all
from licet.base.clock import SystemClock, rfc3339
from licet.base.trouble import BadInput
from licet.cli.assess_judge import guard_judge
from licet.cli.bank import alone_option, bank_option, chosen_banks, pack_option
from licet.cli.home import Home, home_option
from licet.cli.refused import TroubleGroup
from licet.credentials.keyfiles import load_key_set
from licet.rulebook import load_pack
from licet.stats.sample import failures_max
from licet.stats.sample import plan as plan_sample

NO = 1
DECLARED_BYTES_MAX = 1 << 20


@click.group(cls=TroubleGroup)
def assess() -> None:
    """Plan, run and report a security assessment of a service."""


@assess.command()
@pack_option
@click.option("--failing", type=click.FloatRange(0, 1), default=0.02, show_default=True,
              help="Share of answers that you think the service gets wrong.")  # fmt: skip
def plan(pack_id: str, failing: float) -> None:
    """Say how many questions show each threshold, and how many may go wrong."""
    asked = load_pack(pack_id).assessment
    rule = asked.evidence
    sides = "one-sided" if rule.sides == "one" else "two-sided"
    click.echo(f"{asked.standard}, {rule.confidence:.0%} confidence ({sides})\n")
    row = "{:<26} {:<14} {:>10} {:>15} {:>12} {:>8}".format
    click.echo(row("measure", "limit", "asks for", "may fail of it", "without any", "for you"))
    for one in asked.measures.values():
        at_most = round(1 - one.share, 12) if one.bound == "at_least" else one.share
        may = (
            failures_max(one.sample, at_most, rule.confidence, rule.sides) if one.sample else None
        )
        try:
            made = plan_sample(one.share, one.bound, rule.confidence, rule.sides,
                               failing=failing, power=rule.power)  # fmt: skip
            least, needed = str(made.least), str(made.planned or "too many")
        except BadInput:
            least = needed = "never"
        limit = f"{one.bound.replace('_', ' ')} {one.share:.0%}"
        many = str(one.sample) if one.sample else f"{one.sample_share:.0%} of all"
        click.echo(row(one.id, limit, many, "—" if may is None else may, least, needed))
    click.echo(
        f"\nwithout any: items that show the limit if none fails; for you: items with which a "
        f"service that fails at {failing:.1%} shows it with a chance of {rule.power:.0%}."
    )


@assess.command()
@click.option("--target", required=True, metavar="URL",
              help="What stands before /chat/completions: https://host/v1.")  # fmt: skip
@click.option("--model", required=True, help="Model to ask for.")
@click.option("--key", envvar="LICET_ASSESS_KEY", default="", show_envvar=True, help="API key.")
@click.option("--journal", "path", required=True, metavar="FILE",
              type=click.Path(dir_okay=False, path_type=Path),
              help="Where answers are kept; name it again to go on.")  # fmt: skip
@bank_option
@alone_option
@click.option("--sample", type=click.IntRange(1), help="Ask so many, drawn by chance; else all.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the draw.")
@click.option("--concurrency", type=click.IntRange(1, 256), default=8, show_default=True,
              help="Questions under way at a time.")  # fmt: skip
@click.option(
    "--in-doubt",
    type=click.Choice(("again", "leave")),
    default="again",
    show_default=True,
    help="What was under way when a run was killed: ask it again under the same"
    " Idempotency-Key, or leave it without an answer.",
)
@click.option("--max-tokens", type=click.IntRange(1), default=512, show_default=True,
              help="Longest answer.")  # fmt: skip
@click.option("--system", default="", help="A system message before each question.")
@click.option("--deadline", type=click.FloatRange(1, 3600), default=120, show_default=True,
              help="Seconds for one question, retries included.")  # fmt: skip
@click.option("--price-in", type=click.FloatRange(0), help="Price of a million prompt tokens.")
@click.option("--price-out", type=click.FloatRange(0), help="Price of a million reply tokens.")
@click.option("--dry", is_flag=True, help="Say what it would take, and ask nothing.")
def run(
    target: str, model: str, key: str, path: Path, banks: tuple[Path, ...], without_shipped: bool,
    sample: int | None, seed: int, concurrency: int, in_doubt: str, max_tokens: int, system: str,
    deadline: float, price_in: float | None, price_out: float | None, dry: bool,
) -> None:  # fmt: skip
    """Ask a service every question of the banks, and keep the answers.

    Killed or cut off, the same command goes on: no question that was answered is asked again, and
    --in-doubt says what becomes of the few that were under way.
    """
    chosen = chosen_banks(banks, without_shipped)
    every = {item.id: item for bank in chosen for item in bank.items}
    items = draw([every[key] for key in sorted(every)], sample, seed)
    cost = estimate(items, max_tokens, price_in, price_out)
    money = "" if cost.money_max is None else f", at most {cost.money_max:,.2f} by your prices"
    click.echo(
        f"{cost.items} questions, about {cost.tokens_in:,} tokens in, at most "
        f"{cost.tokens_out_max:,} out{money}",
        err=True,
    )
    if dry:
        return
    asked = Target(target, model, key, max_tokens, system=system, deadline_s=deadline)
    head = {
        "target": asked.shown(),
        "banks": [{"id": one.id, "version": one.version, "sha256": one.digest} for one in chosen],
        "seed": seed,
        "items": len(items),
        "begun": rfc3339(SystemClock().now()),
    }
    with Journal(path, head) as journal:
        there = len(journal.answers)
        with click.progressbar(
            length=len(items), label="asked", file=sys.stderr, show_pos=True
        ) as bar:
            bar.update(there)
            pauses = random.Random()  # noqa: S311 - lengths of pauses, no secret
            asking = run_items(items, asked, journal, concurrency, pauses, bar.update,
                               leave_doubt=in_doubt == "leave")  # fmt: skip
            done = asyncio.run(asking)
    click.echo(f"{path}: {there + done.answered} of {len(items)} answered, {there} of them before")
    if done.left:
        click.echo(f"{done.left} in doubt, left without an answer: the report says so", err=True)
    check_any_answered(done, path)
    if done.failed:
        click.echo(f"{done.failed} without an answer; the last: {done.last_trouble}", err=True)
        click.echo("Run the same command again to ask them.", err=True)


@assess.command()
@click.argument("source", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("-o", "--output", "folder", required=True, metavar="DIR",
              type=click.Path(file_okay=False, path_type=Path),
              help="Folder for report.html, report.json, report.jws and the receipt.")  # fmt: skip
@click.option("--labels", metavar="FILE", help="What people said of the answers, lines of JSON.",
              type=click.Path(exists=True, dir_okay=False, path_type=Path))  # fmt: skip
@click.option("--declared", metavar="FILE", help="Tests made elsewhere, and what does not apply.",
              type=click.Path(exists=True, dir_okay=False, path_type=Path))  # fmt: skip
@click.option("--serves", multiple=True, metavar="RULE",
              help="Where questions of another tool count that stand in no bank.")  # fmt: skip
@click.option("--without-encoder", is_flag=True, help="Judge by rules and classifier: quicker.")
@click.option("--lang", type=click.Choice(LANGS), default="en", show_default=True,
              help="Language that the page opens in.")  # fmt: skip
@click.option("--demo", is_flag=True, help="Mark the report as a demonstration.")
@bank_option
@alone_option
@pack_option
@home_option
def report(
    source: Path, folder: Path, labels: Path | None, declared: Path | None,
    serves: tuple[str, ...], without_encoder: bool, lang: str, demo: bool,
    banks: tuple[Path, ...], without_shipped: bool, pack_id: str, home: Home,
) -> None:  # fmt: skip
    """Score answers and write a signed report; exit code 1: the service does not conform.

    FILE is a journal of `licet assess run`, captured pairs (.jsonl), an Inspect log, garak's
    report.jsonl or Moonshot's result file.
    """
    pack, chosen = load_pack(pack_id), chosen_banks(banks, without_shipped)
    found = gather(source, chosen, serves)
    pairs = add_labels(found.pairs, labels) if labels else found.pairs
    told = parse_declared(declared.name, _small(declared), pack.assessment) if declared else {}
    judge = guard_judge(home, without_encoder=without_encoder)
    scored = tuple(outcomes(pairs, judge))
    assessed = assess_all(
        scored, check_banks(chosen, pack), told, pack, shipped_refusal_detector()
    )
    origin = Origin(found.target, found.sha256, len(scored), found.unanswered, demo)
    now = SystemClock().now()
    document = make_report(assessed, origin, chosen, pack, now)
    published = publish(
        document, render(document, lang), folder, keys=home.create().keys,
        log_folder=home.assessments, now=now, chance=secrets.token_bytes,
    )  # fmt: skip
    _show(assessed)
    click.echo(f"\n{published.folder / 'report.html'}\nsha256 {published.sha256}")
    vkey = (home.assessments / "vkey").read_text(encoding="utf-8").strip()
    click.echo(f"entry {published.entry} of the log of assessments, key {vkey}")
    if assessed.parts.get("service") == "does_not":
        raise SystemExit(NO)


@assess.command()
@click.argument("source", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--sample", type=click.IntRange(1), default=1000, show_default=True,
              help="Answers to label, drawn by chance.")  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="Of the draw.")
@click.option("--by", required=True, help="Name or pseudonym of the person who labels.")
@bank_option
@alone_option
def sheet(
    source: Path, sample: int, seed: int, by: str, banks: tuple[Path, ...], without_shipped: bool
) -> None:
    """Print answers for a person to label, a line of JSON each.

    They fill in `refused` and `acceptable`; `licet assess report --labels` takes the lines. Two
    people get the same answers by the same seed, each a sheet of their own.
    """
    pairs = gather(source, chosen_banks(banks, without_shipped)).pairs
    many = min(sample, len(pairs))
    for pair in random.Random(seed).sample(pairs, many):  # noqa: S311 - a sample, no secret
        line = {"id": pair.id, "by": by, "refused": None, "acceptable": None,
                "prompt": pair.prompt, "reply": pair.reply}  # fmt: skip
        click.echo(json.dumps(line, ensure_ascii=False))


@assess.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--keys", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
              help="Key set (JWKS) of whoever signed; by default your own.")  # fmt: skip
@home_option
def verify(folder: Path, keys: Path | None, home: Home) -> None:
    """Check that a report is what was signed."""
    trusted = load_key_set(keys or home.assessments / "jwks.json")
    document = verify_published(folder, trusted)
    for part, verdict in document["results"].get("parts", {}).items():
        click.echo(f"{part:<10} {verdict.replace('_', ' ')}")
    if "called" in document["results"]:
        click.echo(f"{document['results']['called']} differences between groups were called")
    click.echo(f"made {document['made']}, signed")


def _show(assessed: Assessed) -> None:
    for one in assessed.clauses:
        seen = ""
        if one.count is not None and one.count.of:
            seen = f"  {one.count.hits} of {one.count.of}"
            if one.within is not None:
                seen += f", {one.within.low:.1%} to {one.within.high:.1%}"
        if one.bank is not None:
            seen = f"  {one.bank.there} of {one.bank.rule.total}"
        click.echo(f"{one.clause:<7} {one.id:<26} {one.verdict.replace('_', ' '):<16}{seen}")
    click.echo("")
    for part, verdict in assessed.parts.items():
        click.echo(f"{part:<10} {verdict.replace('_', ' ')}")


def _small(path: Path) -> str:
    data = path.read_bytes()
    if len(data) > DECLARED_BYTES_MAX:
        raise BadInput(f"{path} is larger than {DECLARED_BYTES_MAX} bytes.", hint="Shorten it.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8.", hint="Save it as UTF-8.") from None


__all__ = ["assess"]
