"""The addresses of training data for people who act for a body.

It refuses to know what is behind them.
"""

from __future__ import annotations

from django.urls import path

from licet.portal.corpus import annotation_views, upload_views, use_views, views

urlpatterns = [
    path("data/tokens/", views.tokens, name="data-tokens"),
    path("data/receipts.jsonl", views.receipts, name="data-receipts"),
    path("data/publish/", views.publish, name="data-publish"),
    path("data/<str:space>/<str:name>/ask/", views.ask, name="data-ask"),
    path("data/<str:space>/<str:name>/withdraw/", views.withdraw, name="data-withdraw"),
    path("data/<str:space>/<str:name>/sample/", views.sample, name="data-sample"),
    path("data/<str:space>/<str:name>/use/", use_views.declare, name="data-use"),
    path("desk/data/<str:space>/<str:name>/chain/", use_views.chain, name="data-chain"),
    path("desk/data/models/<str:number>/", use_views.of_model, name="data-of-model"),
    path("desk/data/samples/<int:sample_id>/close/", views.close_sample, name="data-sample-close"),
    path("desk/data/content/<str:sha256>/", upload_views.content, name="data-content"),
    path("annotation/add/", annotation_views.add_rules, name="annotation-add"),
    path("annotation/record/", annotation_views.record_batch, name="annotation-record"),
    path("desk/data/", views.desk, name="data-desk"),
    path("desk/data/<str:request_id>/", views.decide, name="data-decide"),
]
