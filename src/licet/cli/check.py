"""`licet check`: judge one text for a reader, or many as lines of JSON for a program.

Parse, call, render. It refuses to know how a text is judged.

Exit codes: 0 nothing was halted; 1 something was; 2 some of the input cannot be used.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import click

from licet.base.clock import SystemClock
from licet.base.trouble import BadInput, NotFound
from licet.cli.check_explain import reasons_as_object, render_reasons
from licet.cli.check_lines import LINE_BYTES_MAX, Role, as_object
from licet.cli.check_stream import Judging, Source, judge_stream
from licet.cli.home import Home, home_option
from licet.cli.rulebook import DEFAULT_PACK
from licet.cli.standard import standard_input
from licet.gateway.bundlefile import load_bytes, load_current
from licet.gateway.bundling import passing_bundle, shipped_encoder, unused_rules
from licet.guard.bundle import Bundle, make_guard, read_bundle
from licet.guard.explaining import explain
from licet.guard.verdict import CERTAIN, Finding, Verdict
from licet.rulebook import Category, load_pack

HALTED, BAD_INPUT = 1, 2
AROUND_CHARACTERS = 30
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("text", required=False)
@click.option("--jsonl", is_flag=True, help="Read lines of JSON, write one for each.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict on TEXT as JSON.")
@click.option(
    "--explain",
    "explained",
    is_flag=True,
    help="Say what weighed how much, and how near another verdict was.",
)
@click.option("--role", type=click.Choice(("prompt", "reply", "comment")), default="prompt",
              show_default=True, help="What TEXT is, or a line that does not say.")  # fmt: skip
@click.option("--audience", default="default", show_default=True, help="Whom it is for.")
@click.option("--rules", multiple=True, type=_FILE, metavar="FILE",
              help="Judge by what ships with Licet and these rules; may be repeated.")  # fmt: skip
@click.option("--pack", metavar="ID", help="Judge by what ships with Licet, under this pack.")
@click.option("--bundle", type=_FILE, metavar="FILE", help="Judge by this bundle, whoever signed.")
@click.option("--without-encoder", is_flag=True,
              help="Leave doubtful texts to the classifier: quicker, and worse.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True,
              help="Processes that judge lines.")  # fmt: skip
@home_option
def check(
    text: str | None, jsonl: bool, as_json: bool, explained: bool, role: str, audience: str,
    rules: tuple[Path, ...], pack: str | None, bundle: Path | None, without_encoder: bool,
    workers: int, home: Home,
) -> None:  # fmt: skip
    """Judge a text, or many, by rules and models.

    TEXT is judged by the bundle that is installed in the home folder; where none is, by the
    rules and weights that ship with Licet. A TEXT of - is read from standard input.
    """
    if (text is None) != jsonl:
        raise click.UsageError("Give a TEXT, or --jsonl and lines on standard input.")
    if bundle and (rules or pack):
        raise click.UsageError("A --bundle brings its own rules and pack.")
    chosen = choose_bundle(home, bundle, rules, pack)
    opened = read_bundle(chosen, None)
    if audience not in opened.policy.thresholds:
        known = ", ".join(sorted(opened.policy.thresholds))
        raise NotFound(f"the bundle has no audience {audience!r}.", hint=f"Use one of {known}.")
    today = SystemClock().now().date()
    for line in unused_rules(opened.rules, today, rules):
        click.echo(line, err=True)
    if jsonl:
        judging = Judging(
            chosen, audience, cast(Role, role), today, explained, not without_encoder
        )
        source = cast(Source, standard_input().buffer)  # buffered, or a fake with read1 too
        tally = judge_stream(source, sys.stdout.buffer, judging, workers)
        raise SystemExit(BAD_INPUT if tally.bad else HALTED if tally.halted else 0)
    assert text is not None
    text = _from_standard_input() if text == "-" else _as_typed(text)
    guard = make_guard(opened, today=today, encoder=None if without_encoder else shipped_encoder)
    reasons = None
    if explained:
        reasons = explain(guard, text, cast(Role, role), audience=audience)
        verdict = reasons.verdict
    else:
        verdict = guard.judge(text, cast(Role, role), audience=audience)
    if as_json:
        answer = as_object(verdict)
        if reasons is not None:
            answer["explain"] = reasons_as_object(reasons, text)
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        click.echo("\n".join(_render(text, verdict, opened)))
        if reasons is not None:
            click.echo("\n".join(render_reasons(reasons, text)))
    if verdict.action == "halt":
        raise SystemExit(HALTED)


def choose_bundle(
    home: Home, bundle: Path | None, rules: tuple[Path, ...], pack: str | None
) -> bytes:
    """The bytes of the bundle to judge by, checked; nothing is written anywhere.

    Raises what reading it raises.
    """
    if bundle is not None:
        return load_bytes(bundle)
    if not rules and pack is None:
        installed = load_current(home.bundles, home.keys)
        if installed is not None:
            return installed
    return passing_bundle(load_pack(pack or DEFAULT_PACK), rules, name="check")


def _from_standard_input() -> str:
    data = standard_input().buffer.read(LINE_BYTES_MAX + 1)
    if len(data) > LINE_BYTES_MAX:
        raise BadInput(f"the text is longer than {LINE_BYTES_MAX} bytes.", hint="Cut it up.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(error.start)


def _as_typed(text: str) -> str:
    """The text, unless bytes were typed that are none. Raises BadInput."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _not_utf8(len(text[: error.start].encode()))
    return text


def _not_utf8(at: int) -> BadInput:
    return BadInput(f"byte {at + 1} is not UTF-8.", hint="Convert it to UTF-8.")


def _render(text: str, verdict: Verdict, bundle: Bundle) -> Iterator[str]:
    """The verdict as a person reads it: what, why, by whose rule and where."""
    yield f"{verdict.action}  (score {verdict.score:.2f})"
    if not verdict.findings:
        return
    categories = _categories(bundle.pack)
    rules = {rule.id: rule for rule in bundle.all_rules}
    for finding in verdict.findings:
        category = categories.get(finding.category)
        names = f"  {' / '.join(category.name.values())}" if category else ""
        yield ""
        yield f"{finding.action:<9} {finding.category}{names}"
        for reason in category.reason.values() if category else ():
            yield f"reason    {reason}"
        rule = rules.get(finding.rule)
        if finding.detector in CERTAIN and rule is not None:
            yield f"rule      {rule.id}, by {_shown(rule.author)}: {_shown(rule.reason)}"
        else:
            yield f"rule      {finding.rule}, by the {finding.detector}: {finding.score:.2f}"
        yield f"where     {finding.start} to {finding.end}: {_excerpt(text, finding)}"


def _categories(pack_id: str) -> dict[str, Category]:
    """What the pack calls its categories; nothing where that pack is not installed."""
    try:
        return dict(load_pack(pack_id).categories)
    except NotFound:
        return {}


def _excerpt(text: str, finding: Finding) -> str:
    """The span in [ ], with what stands around it; cut where it is long."""
    before = text[max(0, finding.start - AROUND_CHARACTERS) : finding.start]
    span = text[finding.start : finding.end]
    after = text[finding.end : finding.end + AROUND_CHARACTERS]
    if len(span) > 4 * AROUND_CHARACTERS:
        span = f"{span[: 2 * AROUND_CHARACTERS]} … {span[-2 * AROUND_CHARACTERS :]}"
    left = "…" if finding.start > AROUND_CHARACTERS else ""
    right = "…" if finding.end + AROUND_CHARACTERS < len(text) else ""
    return f"{left}{_shown(before)}[{_shown(span)}]{_shown(after)}{right}"


def _shown(text: str) -> str:
    """Text on one line that commands no terminal."""
    return "".join([char if char.isprintable() else " " for char in text])
