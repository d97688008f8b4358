"""Minors: who is one, when they may use a service and for how long, and what guardians decide.

    table = Timetable(rules, rules.profiles["chat"], band, settings, zone)
    decision = decide(table, usage, now_ms)      # allowed, or why not and when again
    usage = mark(usage, now_ms, read_ms, rules.use, zone)

It refuses to know chat, HTTP and who a person is: a person is a subject, a keyed digest. Times are
whole milliseconds since 1970 (UTC), written `_ms`; days are days of the pack's time zone.
"""
