"""Does a correction work, and what does it break? The same frozen items under two bundles.

    items       what is judged: held out of the fix, regressions, lawful text
    proof       what came of it, and the verdict that it bears
    preferences halted answers and better ones, as TRL reads them

It refuses to know incidents and who releases what; `cases.proceedings` does.
"""
