"""The second judge of meaning: a small transformer for clauses and whole texts.

It refuses to know where weights lie: the caller reads WEIGHTS beside this file and gives bytes.
ONNX Runtime is imported when weights are read, not before.
"""

from licet.guard.encoder.model import Encoder

WEIGHTS = "weights/encoder.onnx"
"""The shipped weights, relative to this package."""

__all__ = ["WEIGHTS", "Encoder"]
