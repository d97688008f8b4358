"""One installation, one side or both: what belongs to the other side does not exist here.

It refuses to know pages, and what people may do on their own side.

Rules
1. The public register, its ledger, the check of licences, their keys and lists are the
   authority's; the door for machines says so by itself (`portal.api`). Measures against persons,
   their notices and the list for gateways, and complaints from the public, are the provider's.
2. Whoever acts for a body of the other side may sign in and out; there is no desk for them.
3. What families come to is the provider's, and there is none of it without a gateway that counts;
   the chat is the demonstration's.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from licet.portal.accounts.gate import Respond, View
from licet.portal.compute.urls import urlpatterns as computing
from licet.portal.corpus.urls import urlpatterns as data
from licet.portal.demo.urls import urlpatterns as demonstration
from licet.portal.dossiers.urls import urlpatterns as dossiers
from licet.portal.families import gateway
from licet.portal.families.urls import children, everybody, guardians, officers
from licet.portal.filings.urls import urlpatterns as cases
from licet.portal.incidents.urls import urlpatterns as matters
from licet.portal.labelling.urls import urlpatterns as labelled
from licet.portal.orders.urls import urlpatterns as orders

OF_THE_AUTHORITY = frozenset(
    {
        "register",
        "register-any",
        "register-download",
        "entry",
        "check",
        "jwks",
        "status-list",
        "ledger-key",
        "ledger-receipt",
        "ledger-part",
        "public-file",
        "public-dossier",
    }
)
DESKS = (
    computing,
    data,
    cases,
    matters,
    dossiers,
    orders,
    labelled,
    officers,
)
ON_A_DESK = frozenset(one.name for desk in DESKS for one in desk) | {"notices", "key"}
OF_THE_DEMONSTRATION = frozenset(one.name for one in demonstration)
OF_FAMILIES = frozenset(one.name for one in (*guardians, *children, *everybody))
MINORS_DESK = frozenset(one.name for one in officers)
OF_THE_PROVIDER = frozenset(
    {"measure", "measure-any", "measure-list", "complaint", "complaint-look"}
)


class OneSide:
    """Rules 1 to 3, as middleware."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._respond(request)

    def process_view(
        self, request: HttpRequest, view: View, args: tuple[Any, ...], fields: dict[str, Any]
    ) -> None:
        """Raises Http404 for what is not of this side."""
        name, roles = request.resolver_match.url_name, settings.LICET_ROLES
        if name in OF_THE_AUTHORITY and "authority" not in roles:
            raise Http404
        if name in OF_THE_PROVIDER and "provider" not in roles:
            raise Http404
        of_minors = OF_FAMILIES | MINORS_DESK | OF_THE_DEMONSTRATION
        if name in of_minors and not gateway.is_there():
            raise Http404
        if name in OF_THE_DEMONSTRATION and not settings.LICET_DEMO:
            raise Http404
        person = request.user
        if name in ON_A_DESK and person.is_authenticated and person.body.kind not in roles:
            raise Http404
