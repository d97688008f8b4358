"""Scanning training data: what is unlawful, personal, copied, contaminated or poor in it.

    pieces, reading   which texts there are, in an order that never changes
    checks            one batch of texts -> columns of findings; pure
    copies, merge     findings of all batches -> flags and figures; pure
    engine            who works off the batches: this machine, or Ray
    run               one scan, begun, resumed, finished: report and cleaned copy

It refuses to know data sets, clients and pages.
"""
