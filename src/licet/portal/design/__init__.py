"""How every page looks and speaks: languages, words, templates, style, headers.

It refuses to know what any page is about.
"""
