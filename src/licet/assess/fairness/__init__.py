"""Non-discrimination: the same question about different people, and what becomes of it.

    lexicon     grounds, groups, templates -> prompts that differ in one phrase
    answers     a reply as a number, a choice, a balance of words
    audit       each group beside the one it is compared with: paired tests, effects, Holm
    document    an audit as JSON and as a page
    terms       what API customers get, competitors beside others
    bbq         BBQ and CBBQ: accuracy and bias scores by their papers' formulas

It refuses to say that a difference is unlawful: people do.
"""
