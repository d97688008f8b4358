"""The addresses of samples.

It refuses to know what is behind them.
"""

from __future__ import annotations

from django.urls import path

from licet.portal.labelling import views

urlpatterns = [
    path("", views.samples, name="samples"),
    path("<int:sample_id>/", views.sample, name="sample"),
    path("<int:sample_id>/label/", views.label_next, name="sample-label"),
    path("<int:sample_id>/decide/", views.decide_next, name="sample-decide"),
    path("<int:sample_id>/labels.jsonl", views.labels, name="sample-labels"),
    path("<int:sample_id>/close/", views.close, name="sample-close"),
]
