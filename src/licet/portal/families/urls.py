"""The addresses of families, below `family/` and `desk/minors/`.

It refuses to know what is behind them.
"""

from __future__ import annotations

from django.urls import path

from licet.portal.families import (
    child_views,
    desk_views,
    figures_views,
    guardian_views,
)

guardians = [
    path("family/", guardian_views.family, name="family"),
    path("family/join/", guardian_views.start, name="family-join"),
    path("family/invite/", guardian_views.invite, name="family-invite"),
    path("family/children/<str:link_id>/", guardian_views.child, name="family-child"),
    path(
        "family/children/<str:link_id>/limits/", guardian_views.set_limits, name="family-limits"
    ),
    path(
        "family/children/<str:link_id>/answer/<str:request_id>/", guardian_views.answer,
        name="family-answer",
    ),
    path("family/children/<str:link_id>/end/", guardian_views.end, name="family-end"),
]  # fmt: skip
children = [
    path("family/enter/", child_views.enter, name="family-enter"),
    path("family/mine/", child_views.mine, name="family-mine"),
    path("family/mine/ask/", child_views.ask, name="family-ask"),
    path("family/mine/code/", child_views.claim, name="family-claim"),
    path("family/mine/links/<str:link_id>/", child_views.link, name="family-link"),
    path("family/mine/appeal/", child_views.appeal, name="family-appeal"),
    path("family/mine/leave/", child_views.leave, name="family-leave"),
]
officers = [
    path("desk/minors/", desk_views.desk, name="minors-desk"),
    path("desk/minors/appeals/<str:appeal_id>/", desk_views.appeal, name="minors-appeal"),
    path("desk/minors/alerts/<str:alert_id>/", desk_views.alert, name="minors-alert"),
]
everybody = [path("minors/", figures_views.figures, name="minors-figures")]
urlpatterns = [*guardians, *children, *officers, *everybody]
