"""A tamper-evident log in C2SP tlog-tiles form. It does not know what an entry means.

    note checkpoint tiles        the text and byte formats of C2SP, nothing else
    tree                         grow a Merkle tree, prove from it
    tree_check verify source     check a tree that somebody else grew, with arithmetic of its own
    entry seal keyfiles          what may be written, and how the rest stays erasable
    store store_sqlite store_postgres connect   where it is kept
    log proof export writer      append, show, prove, publish, commit in groups
    begun opening                open one to write, and none a second time from nothing

docs/ledger.md describes the format for outsiders.
"""
