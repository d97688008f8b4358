"""The addresses of proceedings.

It refuses to know what is behind them.
"""

from __future__ import annotations

from django.urls import path

from licet.portal.incidents import overview_views, views

urlpatterns = [
    path("", views.queue, name="proceedings"),
    path("overview/", overview_views.show, name="overview"),
    path("new/<str:kind>/<str:act_id>/", views.start, name="proceeding-start"),
    path("<str:proceeding_id>/", views.show, name="proceeding"),
    path("<str:proceeding_id>/do/<str:act_id>/", views.do, name="proceeding-do"),
]
