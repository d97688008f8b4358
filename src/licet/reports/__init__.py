"""What reports of every kind have in common: plots, and folders that are signed and on record.

    plots     shares, effects and counts as SVG
    saying    moments, languages, labels in both languages
    signed    a document and its page in a folder: written, signed, recorded, checked

It refuses to know what a report says.
"""
