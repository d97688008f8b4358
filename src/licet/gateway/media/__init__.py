"""Pictures and sound at the gateway: looked at, fetched, marked, labelled, beside the loop.

It refuses to know requests, exchanges and the ledger; `gateway.media_answering` brings them
together with these:

    seeing       a picture's bytes: what it is, its hashes, what a classifier is shown
    reading      the text in a picture, by a program for that
    classifying  a model that looks at pictures
    fetching     a picture that the model gave as a URL
    labelling    marks and labels, manifests
    sound        from one form of sound to another
    studio       all of it for one gateway, bounded
"""
