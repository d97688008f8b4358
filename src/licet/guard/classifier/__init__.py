"""The first judge of meaning: own weights for Chinese and English, small enough for every text.

It refuses to know where weights lie: the caller reads WEIGHTS beside this file and gives bytes.
"""

from licet.guard.classifier.explain import Explanation, Piece
from licet.guard.classifier.model import Classifier, Role, Scores, group_of

WEIGHTS = "weights/classifier.bin"
"""The shipped weights, relative to this package."""

__all__ = ["WEIGHTS", "Classifier", "Explanation", "Piece", "Role", "Scores", "group_of"]
