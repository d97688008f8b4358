"""The door for machines, `/api/v1`: providers' installations send, the authority answers.

It refuses to know what a message asks for (a row of `kinds` says who does it) and what the law
wants; pages and this door call the same services.

    table       every address, what it takes and gives: URLs and OpenAPI are made of it
    kinds       what a message can ask for; another desk adds a row
    taking      a message taken once, whatever happens, and its receipt
    enrolling   how a provider's key becomes known
    admitting   who asks, by the token that they signed
    reading     a case as its holder may see it

docs/protocol.md is the same for whoever builds the other end.
"""
