"""The addresses of the demonstration's chat.

It refuses to know what is behind them.
"""

from __future__ import annotations

from django.urls import path

from licet.portal.demo import chat_views

urlpatterns = [
    path("try/", chat_views.chat, name="demo-chat"),
    path("try/stream/", chat_views.stream, name="demo-stream"),
    path("try/as/", chat_views.choose, name="demo-choose"),
    path("try/state/", chat_views.state, name="demo-state"),
]
