"""Marks on generated content: the seven fields in a file's metadata, and what people see and hear.

    labelled = produce(png, "001191110000000000000000010001", "20261128-1", pack.labels)
    verify(labelled, pack.labels).verdict        # "compliant"

It refuses to know when a label is due; the gateway asks the pack. `metadata` is the label as a
value, `formats` knows files, `labelling` joins them, `marks` is what is seen and heard.
"""

from licet.labels.labelling import Report, produce, propagate, verify
from licet.labels.metadata import Aigc, Fault

__all__ = ["Aigc", "Fault", "Report", "produce", "propagate", "verify"]
