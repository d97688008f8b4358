"""Licet: software for running generative AI under a licence.

The package itself holds nothing; ARCHITECTURE.md says what each part is for.
"""

from licet.base import compiled

__version__ = "0.1.0"

compiled.install()
