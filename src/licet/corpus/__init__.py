"""Public training data: data sets whose provenance, licence and consent can be shown, and the
checks that they pass.

    catalogue.publish(...)  ->  a version that never changes
    hub                         the same for `huggingface_hub`, `datasets`, DuckDB and Polars
    scan                        legality, personal data, copies, contamination, quality

It refuses to know computing power, gateways and pages.
"""
