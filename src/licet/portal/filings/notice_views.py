"""The page of notices, and how many are new, for every page.

It refuses to know whom an event concerns.
"""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from licet.portal.filings import notices
from licet.portal.filings.service import procedure


@login_required
def show_notices(request: HttpRequest) -> HttpResponse:
    """What the reader's body was told; marking it as read."""
    if request.method == "POST":
        upto = request.POST.get("upto", "")
        if upto.isdecimal() and len(upto) <= 18:
            notices.mark_read(request.user, int(upto))
        return redirect("notices")
    context = {"notices": notices.newest(request.user, procedure())}
    return render(request, "filings/notices.html", context)


def of_reader(request: HttpRequest) -> dict[str, int]:
    """The context processor: how many notices the reader has not marked as read."""
    person = getattr(request, "user", None)
    if person is None or not person.is_authenticated:
        return {"unread": 0}
    return {"unread": notices.unread(person)}
