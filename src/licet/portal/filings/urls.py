"""The addresses of the desks.

It refuses to know what is behind them.
"""

from __future__ import annotations

from django.urls import path

from licet.portal.filings import draft_views, licence_views, record_views, views

urlpatterns = [
    path("", views.queue, name="desk"),
    path("new/", views.start, name="start"),
    path("<str:case_id>/", views.show, name="case"),
    path("<str:case_id>/form/<str:name>/", draft_views.section, name="section"),
    path("<str:case_id>/do/<str:act_id>/", views.do, name="do"),
    path("<str:case_id>/licence/", licence_views.licence, name="token"),
    path("<str:case_id>/file/<str:sha256>/", record_views.attachment, name="attachment"),
    path("<str:case_id>/receipt/<int:seq>/", record_views.receipt, name="receipt"),
]
