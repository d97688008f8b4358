"""Families: guardians and children before a service that counts minors' time.

It refuses to know how time is counted and who is a minor: the gateway beside it says so when it is
asked, and is told by its API what people decide here.
"""
