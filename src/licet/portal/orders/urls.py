"""The addresses of orders of access.

It refuses to know what is behind them.
"""

from __future__ import annotations

from django.urls import path

from licet.portal.orders import views

urlpatterns = [
    path("", views.queue, name="orders"),
    path("new/", views.new, name="order-new"),
    path("<str:order_id>/", views.show, name="order"),
    path("<str:order_id>/do/<str:act_id>/", views.do, name="order-do"),
    path("<str:order_id>/share/", views.share, name="order-share"),
    path("<str:order_id>/view/", views.view, name="order-view"),
]
