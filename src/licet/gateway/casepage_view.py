"""The page of a case, as HTML: facts in, text out, nothing else.

It refuses to know requests, stores and clocks.

Rules
1. It shows what was decided, by which rule, on what provision, and what can be done about it; it
   never shows what was stopped, nor what anybody wrote against it: the number may be known to
   more people than the one it concerns.
2. A provision is shown as a paraphrase that says so, with a link to the official text.
3. What is promised of an appeal is what the pack's provisions hold. law:cn-genai-2023/art15
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from licet.base.clock import rfc3339
from licet.gateway.casepage_markup import Html, document, element, join
from licet.gateway.casepage_words import WORDS, Words
from licet.gateway.casestore import (
    OBJECTION_CHARACTERS_MAX,
    OBJECTIONS_MAX,
    CaseRecord,
    Objection,
)
from licet.rulebook import Category, Pack, Provision

EXAMPLE = "LC-20261124-7F3K9Q2A"
FIELD = "words"
"""Name of the form's one field."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An objection that was not taken: what is wrong with it, and its words, so that none are
    lost. `fault`: `empty`, `long` or `unreadable`."""

    fault: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class CaseView:
    """All that a page of a case is made from. `received` is the objection just taken, if any;
    `desk`: where people answer objections, empty where they are taken here; `address`: where the
    page stands, for whoever has it on paper."""

    record: CaseRecord
    objections: Sequence[Objection]
    now: datetime
    received: Objection | None = None
    draft: Draft | None = None
    desk: str = ""
    address: str = ""


def languages(pack: Pack) -> tuple[str, ...]:
    """The languages that the page and the pack both speak, the pack's first one first."""
    return tuple(lang for lang in pack.languages if lang in WORDS)


def category_of(record: CaseRecord, pack: Pack) -> Category | None:
    """The pack's category of a case; an operator's own falls to `operator`, as its reason did.

    None where nothing was found: the content was not checked in time.
    """
    if record.category == "unjudged":
        return None
    return pack.categories.get(record.category) or pack.categories["operator"]


def render_case(view: CaseView, pack: Pack, lang: str) -> Html:
    """The page of a case."""
    say, record = WORDS[lang], view.record
    stopped = say.stopped.get(record.kind, say.stopped[""])
    title = stopped
    if view.draft is not None:
        title = f"{say.fault} · {stopped}"
    elif view.received is not None:
        title = f"{say.received} · {stopped}"
    return _page(
        pack,
        lang,
        f"{title} · {record.case}",
        _received(view, say, pack),
        element("h1", stopped),
        _reason(record, say, lang),
        _facts(record, say, pack, lang),
        _grounds(record, say, pack, lang),
        _appeal(view, say, pack),
        _next(say, pack),
        _kept(view, say, pack),
    )


def render_unknown(pack: Pack, lang: str) -> Html:
    """The page for a number that no case has."""
    say = WORDS[lang]
    help_ = element("p", say.unknown_help.format(example=EXAMPLE), class_="lead")
    return _page(pack, lang, say.unknown, element("h1", say.unknown), help_)


def render_busy(pack: Pack, lang: str) -> Html:
    """The page for when cases cannot be read."""
    say = WORDS[lang]
    help_ = element("p", say.busy_help, class_="lead")
    return _page(pack, lang, say.busy, element("h1", say.busy), help_)


def _page(pack: Pack, lang: str, title: str, *content: Html) -> Html:
    say = WORDS[lang]
    others = [
        element("a", WORDS[other].name, href=f"?lang={other}", hreflang=WORDS[other].tag,
                lang=WORDS[other].tag)
        for other in languages(pack)
        if other != lang
    ]  # fmt: skip
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="robots", content="noindex"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("link", rel="stylesheet", href="style.css"),
    )
    top = element("header", element("p", say.site, class_="site"), element("nav", *others))
    instrument = element("p", f"{pack.title[lang]} · {pack.issued_by[lang]}")
    foot = element("footer", instrument, element("p", f"Licet · {pack.id} {pack.version}"))
    return document(head, element("body", top, element("main", *content), foot), lang=say.tag)


def _received(view: CaseView, say: Words, pack: Pack) -> Html:
    if view.received is None:
        return Html()
    when = _time(view.received.received, say, pack)
    text = join(element("strong", say.received), element("span", when))
    return element("p", text, class_="received", role="status", id="received")


def _reason(record: CaseRecord, say: Words, lang: str) -> Html:
    reason = record.reason.get(lang) or next(iter(record.reason.values()), "")
    return element(
        "section",
        element("h2", say.reason, class_="quiet"),
        element("p", reason, class_="lead"),
        element("p", say.by_machine, class_="note"),
        class_="reason",
    )


def _facts(record: CaseRecord, say: Words, pack: Pack, lang: str) -> Html:
    category = category_of(record, pack)
    rows = (
        (say.case, element("span", record.case, class_="code")),
        (say.when, _time(record.opened, say, pack)),
        (say.which, say.what.get(record.kind, say.what[""])),
        (say.category, say.unjudged if category is None else category.name[lang]),
        (say.rule, element("span", record.rule, class_="code")),
    )
    return element(
        "dl", *(element("div", element("dt", name), element("dd", value)) for name, value in rows)
    )


def _grounds(record: CaseRecord, say: Words, pack: Pack, lang: str) -> Html:
    category = category_of(record, pack)
    heading = element("h2", say.grounds)
    if category is None:
        return element("section", heading, element("p", say.no_grounds))
    provisions = [pack.provision(provision_id) for provision_id in category.provisions]
    return element(
        "section",
        heading,
        element("p", pack.title[lang], class_="instrument"),
        *(_provision(provision, say, lang) for provision in provisions),
        _official(say, pack),
    )


def _provision(provision: Provision, say: Words, lang: str) -> Html:
    doubt = Html()
    if provision.provenance.status != "official":
        doubt = element("p", say.unconfirmed, class_="note")
    return element(
        "div",
        element("h3", say.render_cite(provision.cite)),
        element("p", provision.paraphrase[lang]),
        doubt,
        class_="provision",
    )


def _official(say: Words, pack: Pack) -> Html:
    links = [
        element("a", f"{say.official} ({urlsplit(url).hostname})", href=url, rel="noreferrer")
        for url in pack.official_pages[:1]
    ]
    return element("p", say.ours, element("br"), *links, class_="note")


def _appeal(view: CaseView, say: Words, pack: Pack) -> Html:
    left = OBJECTIONS_MAX - len(view.objections)
    parts = [element("h2", say.appeal, id="appeal")]
    if view.objections:
        parts.append(_sent(view, say, pack))
    if view.desk:
        door = element("a", say.desk, href=view.desk, class_="door")
        parts += [element("p", say.desk_help, class_="invite"), element("p", door)]
    elif left <= 0:
        parts.append(element("p", say.no_more.format(most=OBJECTIONS_MAX)))
    else:
        more = say.left.format(count=left) if view.objections else say.invite
        parts += [element("p", more, class_="invite"), _form(view.draft, say)]
    return element("section", *parts, class_="appeal", aria_labelledby="appeal")


def _sent(view: CaseView, say: Words, pack: Pack) -> Html:
    before, between, after = _around(say.sent_one)
    items = (
        element("li", before, str(one.number), between, _time(one.received, say, pack), after)
        for one in view.objections
    )
    return join(element("h3", say.sent), element("ul", *items))


def _around(template: str) -> tuple[str, str, str]:
    """The three pieces of a template around `{number}` and `{when}`."""
    before, rest = template.split("{number}")
    between, after = rest.split("{when}")
    return before, between, after


def _form(draft: Draft | None, say: Words) -> Html:
    most = f"{OBJECTION_CHARACTERS_MAX:,}"
    fault = Html()
    if draft is not None:
        wrong = {"empty": say.empty, "long": say.long.format(most=most)}
        message = wrong.get(draft.fault, say.unreadable)
        fault = element("p", message, class_="fault", id="fault", role="alert")
    # No action: it is sent to where it came from, the language in the query included.
    return element(
        "form",
        element("label", say.label, for_=FIELD),
        element("p", say.hint.format(most=most), class_="note", id="hint"),
        fault,
        element(
            "textarea", draft.words if draft else "", id=FIELD, name=FIELD, rows="8",
            required=True, maxlength=str(OBJECTION_CHARACTERS_MAX), autocomplete="off",
            aria_describedby="hint fault" if draft else "hint",
            aria_invalid="true" if draft else "false", autofocus=draft is not None,
        ),
        element("button", say.send, type="submit"),
        method="post",
    )  # fmt: skip


def _next(say: Words, pack: Pack) -> Html:
    steps = list(say.steps)
    entrance = _provision_that("open_convenient_entrance", pack)
    if (
        entrance is not None
        and entrance.clock is not None
        and entrance.clock.due == "as_published"
    ):
        steps.insert(2, say.published)
    elsewhere = _provision_that("complain_to_authority", pack)
    if elsewhere is not None:
        steps.append(say.elsewhere.format(cite=say.render_cite(elsewhere.cite)))
    return element(
        "section",
        element("h2", say.next),
        element("ul", *(element("li", step) for step in steps)),
    )


def _kept(view: CaseView, say: Words, pack: Pack) -> Html:
    until = view.record.sealed_until
    if until is None or until <= view.now:
        kept = say.destroyed
    else:
        kept = say.sealed.format(day=say.render_day(until.astimezone(zone_of(pack))))
    return element(
        "section", element("h2", say.kept), element("p", kept), element("p", say.private),
        element("p", view.address, class_="printed"), class_="about",
    )  # fmt: skip


def _provision_that(action: str, pack: Pack) -> Provision | None:
    """The first provision that demands or allows an action, where the pack has one."""
    return next((p for p in pack.provisions.values() if action in p.actions), None)


def _time(moment: datetime, say: Words, pack: Pack) -> Html:
    local = moment.astimezone(zone_of(pack))
    return element("time", say.render_moment(local), datetime=rfc3339(moment))


def zone_of(pack: Pack) -> tzinfo:
    """The pack's time zone; UTC on a machine that has no time zones."""
    try:
        return ZoneInfo(pack.time_zone)
    except ZoneInfoNotFoundError:
        return UTC
