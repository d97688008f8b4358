"""What anybody may read besides the register: front page, the law, and what went wrong.

It refuses to know cases and people's work.
"""
