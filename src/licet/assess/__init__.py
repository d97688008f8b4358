"""What a service does, measured: test banks, exact statistics, reports that anyone can recompute.

It refuses to know how a service is run. The numbers that must be reached come from the pack.
"""
