"""A small believable world for `licet up`: bodies, people, cases in every state. All invented.

It refuses to touch a portal that holds anything.
"""
