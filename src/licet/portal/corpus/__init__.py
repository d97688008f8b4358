"""Training data in a browser: found, read, loaded, published, granted, withdrawn.

It refuses to know what a card must say and which licences agree: `licet.corpus` does.
"""
