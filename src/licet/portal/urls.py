"""Every address of the portal. What is under a language is for readers, what is not for machines.

It refuses to know what is behind them.
"""

from __future__ import annotations

from django.urls import URLResolver, include, path

from licet.portal.accounts.urls import outside
from licet.portal.compute import dashboard_views as compute
from licet.portal.corpus import annotation_views as annotation
from licet.portal.corpus import views as corpus
from licet.portal.demo.urls import urlpatterns as demonstration
from licet.portal.design.assets import show_asset
from licet.portal.design.languages import LanguagePrefix
from licet.portal.dossiers import views as dossiers
from licet.portal.families.urls import urlpatterns as families
from licet.portal.filings import ledger_views as ledger
from licet.portal.filings import licence_views as licences
from licet.portal.filings import notice_views as notices
from licet.portal.filings import record_views as record
from licet.portal.filings import views as filings
from licet.portal.incidents import complaint_views as complaints
from licet.portal.incidents import measure_views as measures
from licet.portal.public import label_views as labels
from licet.portal.public import transparency_views as transparency
from licet.portal.public import views as public
from licet.portal.register import views as register

readers = [
    path("", public.home, name="home"),
    path("law/", public.law, name="law"),
    path("me/", public.me, name="me"),
    path("register/", register.search, name="register"),
    path("register/<str:number>/", register.entry, name="entry"),
    path("register/<str:number>/dossier/", dossiers.public, name="public-dossier"),
    path("check/", licences.check, name="check"),
    path("label/", labels.label, name="label"),
    path("data/", corpus.search, name="data"),
    path("", include("licet.portal.corpus.urls")),
    path("data/<str:space>/<str:name>/", corpus.show, name="data-set"),
    path("compute/", compute.dashboard, name="compute"),
    path("", include("licet.portal.compute.urls")),
    path("annotation/", annotation.register, name="annotation"),
    path("annotation/<str:space>/<str:name>/", annotation.show_rules, name="annotation-rules"),
    path("scope/", filings.scope_page, name="scope"),
    path("notices/", notices.show_notices, name="notices"),
    *families,
    *demonstration,
    path("desk/key/", dossiers.key, name="key"),
    path("desk/dossiers/", include("licet.portal.dossiers.urls")),
    path("transparency/", transparency.page, name="transparency"),
    path("complaint/", complaints.complain, name="complaint"),
    path("complaint/look/", complaints.look, name="complaint-look"),
    path("measure/<str:number>/", measures.notice, name="measure"),
    path("desk/orders/", include("licet.portal.orders.urls")),
    path("desk/matters/", include("licet.portal.incidents.urls")),
    path("desk/samples/", include("licet.portal.labelling.urls")),
    path("desk/", include("licet.portal.filings.urls")),
    path("account/", include("licet.portal.accounts.urls")),
]
urlpatterns = [
    path("", public.front_door, name="door"),
    path("assets/<str:digest>/<str:name>", show_asset, name="asset"),
    path("register", register.negotiated, name="register-any"),
    path("register/download.<str:kind>", register.download, name="register-download"),
    path(".well-known/jwks.json", licences.key_set, name="jwks"),
    path("status/1", licences.status_list, name="status-list"),
    path("datasets/<str:space>/<str:name>", corpus.any_language, name="data-set-any"),
    path(
        "datasets/<str:space>/<str:name>/tree/<str:revision>",
        corpus.any_language,
        name="data-version-any",
    ),
    path("compute.<str:kind>", compute.download, name="compute-file"),
    path("transparency.<str:kind>", transparency.download, name="transparency-file"),
    path("measure/<str:number>", measures.any_language, name="measure-any"),
    path("measures/<str:code>/list", measures.listed, name="measure-list"),
    path("api/v1/", include("licet.portal.api.urls")),
    path("register/files/<str:number>/<str:sha256>", record.public_file, name="public-file"),
    path("register/ledger.vkey", ledger.ledger_key, name="ledger-key"),
    path("register/ledger/<int:seq>.tlog-proof", ledger.public_receipt, name="ledger-receipt"),
    path("register/ledger/<path:path>", ledger.ledger_part, name="ledger-part"),
    *outside,
    URLResolver(LanguagePrefix(), readers),
]
handler400 = "licet.portal.public.faults.unusable"
handler403 = "licet.portal.public.faults.denied"
handler404 = "licet.portal.public.faults.unknown"
handler500 = "licet.portal.public.faults.broken"
