"""The addresses of dossiers at the desks.

It refuses to know what is behind them.
"""

from __future__ import annotations

from django.urls import path

from licet.portal.dossiers import chain_views, views

urlpatterns = [
    path("", views.queue, name="dossiers"),
    path("<str:dossier_id>/", views.show, name="dossier"),
    path("<str:dossier_id>/form/<str:name>/", views.section, name="dossier-section"),
    path("<str:dossier_id>/chain/", chain_views.chain, name="dossier-chain"),
    path("<str:dossier_id>/publish/", views.publish, name="dossier-publish"),
    path("<str:dossier_id>/do/<str:act_id>/", views.do, name="dossier-do"),
    path("<str:dossier_id>/file/<str:sha256>/", views.exhibit, name="exhibit"),
]
