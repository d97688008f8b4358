"""The addresses of computing power for people who act for a body.

It refuses to know what is behind them.
"""

from __future__ import annotations

from django.urls import path

from licet.portal.compute import customer_views as customer
from licet.portal.compute import operator_views as operator
from licet.portal.compute import supplier_views as supplier

urlpatterns = [
    path("compute/pools/", supplier.pools, name="compute-pools"),
    path("compute/pools/new/", supplier.new_pool, name="compute-pool-new"),
    path("compute/bill/", supplier.bill, name="compute-bill"),
    path("compute/pools/<str:pool_id>/", supplier.change_pool, name="compute-pool"),
    path("compute/needs/", customer.needs, name="compute-needs"),
    path("compute/needs/new/", customer.new_need, name="compute-need-new"),
    path("compute/needs/<str:need_id>/", customer.need, name="compute-need"),
    path("compute/jobs/<str:job_id>/", customer.job, name="compute-job"),
    path("compute/jobs/<str:job_id>/<str:name>", customer.result, name="compute-result"),
    path("compute/vouchers/", customer.vouchers, name="compute-vouchers"),
    path("desk/compute/", operator.desk, name="compute-desk"),
    path("desk/compute/policy/", operator.policy, name="compute-policy"),
    path("desk/compute/what-if/", operator.what_if, name="compute-what-if"),
    path("desk/compute/accounts/", operator.accounts, name="compute-accounts"),
    path("desk/compute/payment/", operator.payment, name="compute-payment"),
    path("desk/compute/vouchers/<str:claim_id>/", operator.claim, name="compute-claim"),
    path("desk/compute/disputes/<str:dispute_id>/", operator.dispute, name="compute-dispute"),
]
