"""Exact statistics where that is possible: pure, a thin layer on SciPy.

    share       a share of items: bounds, verdict against a limit, a detector's error
    sample      how many items show a limit; the least effect that pairs can show
    paired      the same items before and after, or with one word changed
    agreement   two people's labels
    family      many tests at once, and cells too small to be shown

It refuses to know what an item is. Chance is an argument.
"""
