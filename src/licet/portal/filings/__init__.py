"""The desks of licensing: providers apply and answer, officers review and decide.

It refuses to know the law: what there is to do, by whom, in what time and on what grounds is the
pack's, and `licet.cases` decides. Here cases are kept, recorded, shown and acted on.
"""
