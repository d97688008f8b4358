"""Who signs in, and for whom: people, bodies, roles, the second factor.

It refuses to know what a role may do: the pack's procedures say that.
"""
