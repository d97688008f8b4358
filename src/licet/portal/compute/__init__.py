"""Shared computing power in a browser: pools, needs, jobs, vouchers, policy, public figures.

It refuses to know who gets what and what is granted: `licet.compute` does.
"""
