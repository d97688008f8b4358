"""Shared computing power: needs in, allocations out, run on a scheduler that others wrote.

    model       pools, needs, speeds: what people say, as values
    round       the same as arrays: what a policy sees
    policies    who should get how much of what: small, interchangeable, pure
    placing     from shares of time to whole gangs on whole nodes
    explain     which rule, whose claim, at what price
    simulate    the same policies on recorded or generated demand

It refuses to know data sets, gateways and pages.
"""
