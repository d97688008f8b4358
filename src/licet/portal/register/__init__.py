"""The public register: what anybody may look up, compare, download and check.

It refuses to know drafts, officials and anything that a form does not call public. What stands
here is a projection: it can be thrown away and made again from the cases.
"""
