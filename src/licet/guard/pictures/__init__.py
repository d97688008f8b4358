"""Pictures that are known, and how they are known again: perceptual hashes and lists of them.

It refuses to know files of pictures: whoever opens one gives its pixels.
"""

from licet.guard.pictures.blocklist import BlockList, Listed, parse_blocklist
from licet.guard.pictures.hashing import HASH_SIDE, phash, render_hash

__all__ = ["HASH_SIDE", "BlockList", "Listed", "parse_blocklist", "phash", "render_hash"]
