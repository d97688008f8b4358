"""What a portal does again and again for families: tells the gateway what waits, asks what came.

It refuses to know threads.

Rules
1. One round asks after so many children at most, those first that were not asked after longest.
2. Guardians are told once a week that the report of the week before is there, from Monday on, in
   the pack's zone; who was linked since has none yet.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from licet.portal.families import errands, gateway, service
from licet.portal.families.models import Child, Counted, StoredLink, UsedTicket

REST_S = 3.0
LOOK_EVERY = timedelta(seconds=60)
LOOKS_MAX = 50
REPORTS_MAX = 200


def go_round(now: datetime) -> None:
    """One round. Raises Unavailable where the gateway gives no answer; what was told stays."""
    if not gateway.is_there():
        return
    UsedTicket.objects.filter(ends__lt=now).delete()
    errands.tell_all(service.took_back)
    _look(now)
    _count(now)
    report_week(now)


def _look(now: datetime) -> None:
    """Whether help was given to children who have a guardian to tell."""
    due = Q(looked=None) | Q(looked__lt=now - LOOK_EVERY)
    linked = Child.objects.filter(due, links__stage="active").distinct()
    for child in linked.order_by(F("looked").asc(nulls_first=True))[:LOOKS_MAX]:
        said = gateway.ask("status", user=child.reference)
        if said.ok:
            service.take_alerts(child, said.body.get("alerts", []), now)
        child.looked = now
        child.save()


def _count(now: datetime) -> None:
    """The figures of the last whole day, once; a day that is missing comes with the next round."""
    yesterday = service.today(now) - timedelta(days=1)
    if Counted.objects.filter(day=yesterday).exists():
        return
    said = gateway.ask("figures")
    if said.ok and said.body.get("day") == yesterday.isoformat():
        Counted.objects.get_or_create(
            day=date.fromisoformat(said.body["day"]),
            defaults={"persons": said.body["persons"], "cells": said.body["cells"]},
        )


def report_week(now: datetime) -> None:
    """Rule 2."""
    today = service.today(now)
    monday = today - timedelta(days=today.weekday())
    links = StoredLink.objects.filter(stage="active")
    due = links.exclude(reported=monday).select_related("guardian").order_by("pk")
    for link in due[:REPORTS_MAX]:
        with transaction.atomic():
            mine = links.filter(pk=link.pk).exclude(reported=monday).update(reported=monday)
            if mine and service.today(service.moment(link.since_ms)) < monday:
                service.tell_person(link.guardian, "week", link.called, now)
