"""A tamper-evident log in C2SP tlog-tiles form. It does not know what an entry means."""
