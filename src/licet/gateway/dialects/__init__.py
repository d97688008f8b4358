"""The APIs that clients already speak, as pure translation: bytes to texts and back.

A dialect knows where text stands in its requests, replies and stream events, and how its API says
"refused" and "filtered". It refuses to know rules, verdicts' grounds, sockets and clocks.
"""
