"""The pages of dossiers: parse, call, render.

It refuses to know law, and who may do what.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from licet.base.trouble import BadInput, NotFound
from licet.cases import Fault, Refusal
from licet.cases.model import Party
from licet.cases.proceedings import barred, clocks, possible, said, settled
from licet.portal.design.languages import current
from licet.portal.design.words import word
from licet.portal.dossiers import sealing, service, showing
from licet.portal.dossiers.models import Exhibit, StoredDossier
from licet.portal.filings import uploads
from licet.portal.filings.arriving import now
from licet.portal.filings.forming import element, questions, read, wording
from licet.portal.filings.ledger_views import OCTETS
from licet.portal.filings.service import procedure
from licet.portal.incidents import service as matters
from licet.portal.incidents.asking import sheet_of
from licet.portal.incidents.doing import act_page, attempt
from licet.portal.register.reading import get_listing

View = Callable[..., HttpResponse]
QUEUE_MAX = 200
SHOWABLE = ("text/plain", "text/csv")
"""What may be sealed as a file: an order shows it under a watermark, and never hands it out."""


def on_dossier(view: View) -> View:
    """Gives a view the dossier that its person may see; 404 where there is none."""

    @login_required
    @wraps(view)
    def found(request: HttpRequest, dossier_id: str, **more: Any) -> HttpResponse:
        row = service.visible(request.user, dossier_id)
        if row is None:
            raise Http404
        return view(request, row, **more)

    return found


def of_provider(view: View) -> View:
    """A view of `on_dossier` for the provider's own people."""

    @on_dossier
    @wraps(view)
    def found(request: HttpRequest, row: StoredDossier, **more: Any) -> HttpResponse:
        if request.user.official:
            raise Http404
        return view(request, row, **more)

    return found


@login_required
def queue(request: HttpRequest) -> HttpResponse:
    """Dossiers, and filings that have none yet; POST begins one."""
    provider = request.user.body.kind == "provider"
    try:
        service.rules()
    except NotFound:
        raise Http404
    if request.method == "POST":
        cases = service.filings_without(request.user) if provider else []
        chosen = next((one for one in cases if one.pk == request.POST.get("case")), None)
        if chosen is None:
            raise Http404
        return redirect("dossier", dossier_id=service.begin(chosen, now()).pk)
    rows = StoredDossier.objects.select_related("holder", "case").order_by("-changed")
    rows = rows.filter(holder=request.user.body) if provider else rows.filter(published__gt=0)
    context = {
        "rows": rows[:QUEUE_MAX],
        "cases": service.filings_without(request.user) if provider else (),
        "on_desk": True,
    }
    return render(request, "dossiers/queue.html", context)


@require_safe
@on_dossier
def show(request: HttpRequest, row: StoredDossier) -> HttpResponse:
    """A dossier: its draft or its newest version, what can be done, what happened."""
    official, form = request.user.official, service.rules().form
    version, moment = service.latest(row), now()
    context: dict[str, Any] = {
        "row": row, "version": version, "official": official, "on_desk": True,
        "may_order": service.may_order(request.user),
        "parts": showing.parts(form, version, party_of(official)) if version else (),
        "tree": showing.tree(row),
        "editions": showing.editions(row, party_of(official)),
        "sealable": sealing.needed() <= len(sealing.keepers()),
        "needed": sealing.needed(),
        "chain_section": service.chain_section(),
    }  # fmt: skip
    if not official:
        lacks = {fault.field for fault in service.lacking(row)}
        context["sections"] = [
            (section, sum(form.fields[f].section == name for f in lacks))
            for name, section in form.sections.items()
        ]
        context["lacks"], context["changed"] = len(lacks), service.differs(row, version)
    of = service.proceeding(row)
    if of is not None:
        of, known, actor = settled(of, moment), matters.rules("dossier"), actor_in(request)
        context |= {
            "stage": known.stages[of.stage],
            "acts": _by_hand(possible(of, actor, moment, known)),
            "barred": [
                (known.acts[no.act], said(no, current().code, known))
                for no in barred(of, actor, moment, known)
                if not known.acts[no.act].effects
            ],
            "clocks": clocks(of, moment, known),
            "past": list(showing.past(of.events, known)),
        }
    return render(request, "dossiers/show.html", context)


@of_provider
def section(request: HttpRequest, row: StoredDossier, name: str) -> HttpResponse:
    """One section of the draft, to be answered."""
    form = service.rules().form
    if name not in form.sections:
        raise Http404
    faults, unfit, trouble = tuple[Fault, ...](), dict[str, str](), ""
    answers = dict(row.answers)
    if request.method == "POST":
        given, sealings, unfit = _given(request, row, name)
        answers |= given
        if not unfit:
            try:
                faults = service.save(row.pk, given, sealings, now())
            except BadInput as no:
                trouble = f"{no}"
            if not faults and not trouble:
                return redirect("dossier", dossier_id=row.pk)
    here = questions(form, name, _with_addresses(row, answers), faults)
    told = [(one.id, one.field.label, text) for one in here for text in one.faults]
    told += [(element(key), form.fields[key].label, text) for key, text in unfit.items()]
    sealed = service.sealed_of(row)
    context = {
        "row": row, "section": form.sections[name], "questions": here, "faults": told,
        "unfit": unfit, "limits": procedure().limits, "on_desk": True,
        "no": word("dossier.cannot-seal", needed=sealing.needed()) if trouble else "",
        "closed": [(f, sealed[f.id]) for f in form.fields.values()
                   if f.section == name and f.id in sealed],
        "seals": any(f.section == name and f.visibility == "sealed" for f in form.fields.values()),
        "needed": sealing.needed(),
    }  # fmt: skip
    return render(
        request, "dossiers/section.html", context, status=422 if told or trouble else 200
    )


@of_provider
def publish(request: HttpRequest, row: StoredDossier) -> HttpResponse:
    """Publish what is drafted as the next version."""
    known, actor = matters.rules("dossier"), actor_in(request)
    act = service.publishing(row)
    if not actor.roles & set(act.by):
        raise Http404
    no, told = None, list[Any]()
    if request.method == "POST":
        whats_new = request.POST.get("whats_new", "").strip()
        outcome = service.publish(row.pk, whats_new, request.user, now())
        if isinstance(outcome, tuple):
            form = service.rules().form
            told = [(element(f.field), form.fields[f.field].label, wording(f)) for f in outcome]
        elif isinstance(outcome, Refusal):
            no = outcome
        else:
            return redirect("dossier", dossier_id=row.pk)
    hidden = ("number", "version_sha256")
    answers = {"whats_new": request.POST.get("whats_new", "")}
    sheet = sheet_of(known, act, answers, no, hidden)
    sheet["faults"] = told or sheet["faults"]
    return act_page(request, sheet, _trail(row), 422 if told or no else 200)


@on_dossier
def do(request: HttpRequest, row: StoredDossier, act_id: str) -> HttpResponse:
    """The page of an act that is done in words: ask, explain, end."""
    of = service.proceeding(row)
    if of is None:
        raise Http404
    number = of.id
    tried = attempt(
        request, settled(of, now()), act_id,
        lambda act, sent: matters.act(number, act, sent, request.user, now()),
        fits=lambda rule: not rule.effects,
    )  # fmt: skip
    if tried.done:
        return redirect("dossier", dossier_id=row.pk)
    return act_page(request, tried.sheet, _trail(row), tried.status)


def _trail(row: StoredDossier) -> list[tuple[str, Any]]:
    above = (reverse("dossiers"), word("dossier.title"))
    return [above, (reverse("dossier", args=(row.pk,)), row.case.title)]


@require_safe
@on_dossier
def exhibit(request: HttpRequest, row: StoredDossier, sha256: str) -> HttpResponse:
    """An open file of a dossier, as a download: of a version, or of the holder's own draft."""
    told = [version.answers for _, version in service.versions(row)]
    told += [] if request.user.official else [row.answers]
    named = {
        one["sha256"] for answers in told for one in answers.values() if isinstance(one, dict)
    }
    found = Exhibit.objects.filter(dossier=row, sha256=sha256).first()
    if found is None or sha256 not in named:
        raise Http404
    path = uploads.path_of(settings.LICET_HOME, sha256)
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=found.name, content_type=OCTETS
    )


@require_safe
def public(request: HttpRequest, number: str) -> HttpResponse:
    """What the dossier of a filing says to everybody."""
    row, listing = service.public(number), get_listing(number)
    version = service.latest(row) if row else None
    if row is None or version is None or listing is None:
        raise Http404
    form = service.rules().form
    context = {
        "listing": listing, "version": version,
        "parts": showing.parts(form, version, "public"),
        "editions": showing.editions(row, "public"),
    }  # fmt: skip
    return render(request, "dossiers/public.html", context)


@login_required
def key(request: HttpRequest) -> HttpResponse:
    """One's own key: to keep shares of what is sealed, or to read what an order opens."""
    faults = []
    if request.method == "POST":
        first, again = (request.POST.get(name, "") for name in ("passphrase", "again"))
        if first != again:
            faults.append(("again", word("key.again"), word("key.differs")))
        else:
            try:
                sealing.make_key(request.user, first, now())
            except BadInput:
                faults.append(("passphrase", word("key.passphrase"), word("key.short")))
            else:
                return redirect("key")
    context = {"key": sealing.key_of(request.user), "faults": faults, "on_desk": True}
    return render(request, "dossiers/key.html", context, status=422 if faults else 200)


def actor_in(request: HttpRequest) -> Any:
    """Who asks, as proceedings know them."""
    return matters.actor_of(request.user)


def party_of(official: bool) -> Party:
    """As whom they read."""
    return "regulator" if official else "holder"


def _by_hand(acts: Any) -> list[Any]:
    return [act for act in acts if not act.effects]


def _given(
    request: HttpRequest, row: StoredDossier, name: str
) -> tuple[dict[str, Any], dict[str, service.Sealing], dict[str, str]]:
    """What a browser sent of a section: open answers, answers to be sealed, what is wrong with
    files."""
    given: dict[str, Any] = {}
    sealings: dict[str, service.Sealing] = {}
    unfit: dict[str, str] = {}
    for one in questions(service.rules().form, name, row.answers):
        field, sealed = one.field, one.field.visibility == "sealed"
        if field.kind != "file":
            value = read(field, request.POST)
            if not sealed:
                given[field.id] = value
            elif value is not None:
                sealings[field.id] = service.Sealing(str(value).encode())
            continue
        taken = _file(request, field.id)
        if isinstance(taken, uploads.Unfit):
            unfit[field.id] = word(f"wrong.{taken.code}", **taken.params)
        elif taken is not None and sealed and taken.kind not in SHOWABLE:
            unfit[field.id] = word("wrong.file-not-text")
        elif taken is not None and sealed:
            sealings[field.id] = service.Sealing(taken.data, taken.name)
        elif taken is not None:
            given[field.id] = keep_exhibit(row, taken)
        elif request.POST.get(f"{field.id}.drop") and not sealed:
            given[field.id] = None
    return given, sealings, unfit


def _file(request: HttpRequest, name: str) -> uploads.Taken | uploads.Unfit | None:
    sent, limits = request.FILES.get(name), procedure().limits
    if sent is None:
        return None
    return uploads.examine(sent.name, sent.read(limits.attachment_bytes + 1), limits)


def keep_exhibit(row: StoredDossier, taken: uploads.Taken) -> dict[str, Any]:
    """Keep an open file; how an answer names it."""
    uploads.put(settings.LICET_HOME, taken)
    Exhibit.objects.get_or_create(
        dossier=row, sha256=taken.sha256, name=taken.name,
        defaults={"kind": taken.kind, "size": len(taken.data), "at": now()},
    )  # fmt: skip
    return {
        "name": taken.name, "sha256": taken.sha256, "bytes": len(taken.data), "type": taken.kind,
    }  # fmt: skip


def _with_addresses(row: StoredDossier, answers: dict[str, Any]) -> dict[str, Any]:
    """Files with the address at which they are read again."""
    return {
        name: {**one, "at": reverse("exhibit", args=(row.pk, one["sha256"]))}
        if isinstance(one, dict) else one
        for name, one in answers.items()
    }  # fmt: skip
