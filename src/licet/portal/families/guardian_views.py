"""The pages of guardians: parse, call, render. Made for a phone first.

It refuses to know law, and who may do what.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from allauth.core import ratelimit
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from licet.base.trouble import Unavailable
from licet.minors.asking import Refusal
from licet.portal.design.languages import current
from licet.portal.design.words import word
from licet.portal.families import errands, forms, gateway, service
from licet.portal.families.members import (
    for_guardian,
    is_guardian,
    join,
    on_link,
    visitor,
)
from licet.portal.families.models import Errand, StoredLink
from licet.portal.families.reading import (
    DAY_SETS,
    WEEK,
    State,
    again,
    help_lines,
    limits,
    notices,
    span,
    state_of,
    summary,
)
from licet.portal.filings.arriving import now

CHOICES_MIN = (15, 30, 60)


@require_safe
def family(request: HttpRequest) -> HttpResponse:
    """A guardian's children; for everybody else, what is here and how to come in."""
    if not is_guardian(request.user):
        return render(request, "families/door.html", {"visiting": visitor(request) is not None})
    rows = request.user.links.select_related("child").order_by("-invited_ms")
    stages = [(row, service.settled(row, now())) for row in rows]
    context = {
        "cards": [_card(row) for row, stage in stages if stage == "active"],
        "pending": [(row, stage) for row, stage in stages if stage in ("invited", "asked")],
        "notices": notices(request.user.told, "guardian"),
    }
    return render(request, "families/home.html", context)


def start(request: HttpRequest) -> HttpResponse:
    """A new account for a guardian."""
    if request.user.is_authenticated:
        return redirect("family")
    form = forms.Join(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if not ratelimit.consume(request, action="signup"):
            return render(request, "families/join.html", {"form": form, "often": True}, status=429)
        given = form.cleaned_data
        if join(request, given["name"], given["email"], given["password"]) is not None:
            return redirect("family")
        form.add_error("email", word("family-join.taken"))
    return render(request, "families/join.html", {"form": form})


@for_guardian
def invite(request: HttpRequest) -> HttpResponse:
    """Invite a child: the code is shown once."""
    form = forms.Invite(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"form": form, "hours": service.rules().invitation_hours}
    if request.method == "POST" and form.is_valid():
        _, code = service.invite(request.user, form.cleaned_data["called"], now())
        context |= {
            "code": f"{code[:5]}-{code[5:]}".upper(),
            "called": form.cleaned_data["called"],
        }
    return render(request, "families/invite.html", context)


@require_safe
@on_link
def child(request: HttpRequest, link: StoredLink) -> HttpResponse:
    """One child: what holds, what it asks for, the week, and no word of what it said."""
    if link.stage != "active":
        raise Http404
    state = state_of(link.child)
    card = _card(link, state)
    context = card | {
        "here": card,
        "limits": list(limits(state)) if state is not None and state.limited else (),
        "week": _week(link),
        "waits": errands.waiting(link.child),
        "told": link.child.alerts.filter(outcome="told").order_by("-at_ms")[:3],
        "help": help_lines(),
    }
    return render(request, "families/child.html", context)


@on_link
def set_limits(request: HttpRequest, link: StoredLink) -> HttpResponse:
    """The page of limits. The gateway says what may be; where it is silent, nothing is changed."""
    if link.stage != "active":
        raise Http404
    state = state_of(link.child)
    if state is None or not state.limited:
        return render(request, "families/silent.html", {"link": link, "state": state})
    fields, faults = forms.settings_fields(state), []
    if request.method == "POST":
        own, unread = forms.read_settings(request.POST, state)
        faults = [(name, word("family-fault.unread")) for name in unread]
        if not unread:
            errand = service.set_limits(link.child, own, now())
            errands.tell(link.child)
            errand.refresh_from_db()
            if errand.state != "refused":
                return redirect("family-child", link_id=link.pk)
            faults = list(_faults(errand))
    return render(
        request, "families/limits.html", _limits_page(link, state, fields, faults, request)
    )


@require_POST
@on_link
def answer(request: HttpRequest, link: StoredLink, request_id: str) -> HttpResponse:
    """One tap: more time, or not."""
    asked = link.child.requests.filter(pk=request_id).first() if link.stage == "active" else None
    minutes = request.POST.get("minutes", "")
    if asked is None or not (minutes.isdecimal() and len(minutes) < 4):
        raise Http404
    state = state_of(link.child)
    if state is not None and state.limited:
        done = service.answer_more(asked.pk, request.user, int(minutes), state.rule, now())
        if not isinstance(done, Refusal):
            errands.tell(link.child, service.took_back)
    return redirect("family-child", link_id=link.pk)


@on_link
def end(request: HttpRequest, link: StoredLink) -> HttpResponse:
    """Take an invitation back, or end a link. Both are told."""
    what: Any = "unlink" if link.stage == "active" else "withdraw"
    if request.method == "POST":
        service.act(link.pk, what, "guardian", request.user.pk, now())
        if link.child is not None:
            errands.tell(link.child)
        return redirect("family")
    return render(request, "families/end.html", {"link": link, "active": link.stage == "active"})


def _card(link: StoredLink, state: State | None = None) -> dict[str, Any]:
    """A child as a card shows it."""
    state = state or state_of(link.child)
    asked = service.open_request(link.child, now())
    given = sorted({minutes for minutes in CHOICES_MIN if asked and minutes < asked.minutes})
    return {
        "link": link, "state": state, "summary": summary(state), "again": again(state),
        "asked": asked, "less": given[-1:],
    }  # fmt: skip


def _week(link: StoredLink) -> list[dict[str, Any]]:
    """Minutes by day, the last seven, today last; nothing where the gateway is silent."""
    try:
        said = gateway.ask("report", user=link.child.reference)
    except Unavailable:
        return []
    return [_day(one) for one in said.body.get("days", ())] if said.ok else []


def _day(one: dict[str, Any]) -> dict[str, Any]:
    """A day of the report, with its name and its kinds of use in words."""
    lang, features = current().code, service.rules().features
    named = [
        features[kind].name[lang] if kind in features else word("family.text")
        for kind in one["kinds"]
    ]
    on = date.fromisoformat(one["day"])
    label = word("family.on", weekday=word(f"family-day.{WEEK[on.weekday()]}"), day=on.day)
    return one | {"label": label, "kinds_said": word("family-limit.comma").join(named) or "–"}


def _faults(errand: Errand) -> list[tuple[str, str]]:
    """What the gateway says of settings that it refused, by the field that they stand in."""
    named = errand.said.get("error", {}).get("faults") or [{"setting": "", "code": "unknown"}]
    return [(_field(one["setting"]), word(f"family-fault.{one['code']}")) for one in named]


def _field(setting: str) -> str:
    name, _, part = setting.partition(".")
    stems = {"daily_min": "total", "quiet": "quiet", "features": "feature"}
    return f"{stems[name]}-{part}" if name in stems and part else name


def _label(name: str) -> str:
    """What a field of the page of limits is called; empty for one that is none."""
    stem, _, part = name.partition("-")
    if stem == "total":
        return word(f"family-day.{WEEK[int(part)]}")
    if stem == "quiet" and part.isdigit():
        return word("family-set.quiet-row", number=int(part) + 1)
    if stem == "feature" and part in service.rules().features:
        return service.rules().features[part].name[current().code]
    return word("family-set.spending") if name == "month_yuan" else ""


def _limits_page(
    link: StoredLink, state: State, fields: dict[str, Any], faults: list[tuple[str, str]],
    request: HttpRequest,
) -> dict[str, Any]:  # fmt: skip
    """What the page of limits shows: what was sent where there was something wrong in it."""
    sent = request.POST if request.method == "POST" else None
    wrong = dict(faults)
    days = [
        {
            "name": f"total-{day}", "label": word(f"family-day.{WEEK[day]}"),
            "value": sent.get(f"total-{day}", "") if sent else fields["totals"][day],
            "fault": wrong.get(f"total-{day}", ""),
        }
        for day in range(7)
    ]  # fmt: skip
    rows = [_quiet_row(number, row, sent, wrong) for number, row in enumerate(fields["quiet"])]
    features = [
        {
            "name": f"feature-{name}", "label": service.rules().features[name].name,
            "on": sent.get(f"feature-{name}") == "on" if sent else on,
        }
        for name, on in fields["features"].items()
    ]  # fmt: skip
    month = sent.get("month_yuan", "") if sent else fields["month_yuan"]
    lang, every = current().code, service.rules().features.values()
    never = [one.name[lang] for one in every if one.minors == "never"]
    return {
        "link": link, "days": days, "quiet": rows, "features": features,
        "may_loosen": "daily" in state.rule.guardian,
        "may_lift": "curfew" in state.rule.guardian and state.rule.curfew is not None,
        "curfew_off": sent.get("curfew_off") == "on" if sent else fields["curfew_off"],
        "month_yuan": "" if month is None else month,
        "month_cap": service.rules().spending[state.band].month_yuan,
        "total": state.rule.daily_min.get(state.band),
        "faults": [(name, _label(name), text) for name, text in faults],
        "never": word("family-limit.comma").join(never),
        "night_hours": "" if state.rule.curfew is None else span(state.rule.curfew),
        "month_fault": wrong.get("month_yuan", ""),
    }  # fmt: skip


def _quiet_row(
    number: int, row: dict[str, str], sent: Any, wrong: dict[str, str]
) -> dict[str, Any]:
    name = f"quiet-{number}"
    shown = {part: sent.get(f"{name}-{part}", "") for part in row} if sent else row
    sets = [*DAY_SETS, *(("kept",) if row["days"] == "kept" else ())]
    return {
        "name": name, "number": number + 1, "begin": shown["from"], "end": shown["to"],
        "choices": [(one, word(f"family-days.{one}"), one == shown["days"]) for one in sets],
        "fault": wrong.get(name, ""),
    }  # fmt: skip
