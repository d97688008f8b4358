"""What a provider's installation sends to its authority, and what it reads there.

It refuses to know law and pages: what may be sent is decided before it comes here.

    linking     which authority, under which key (enrolment)
    sending     a message is signed and put into the outbox, durably
    delivering  the outbox is emptied: files, message, receipt; again and again, never twice
    following   what happened at the authority is read and kept, event by event
    carrying    acts of the desk's pages become messages, where the authority is elsewhere
    courier     the thread that does the two in the middle while a portal runs
    line        HTTP to the authority

docs/protocol.md says what goes over the line.
"""
