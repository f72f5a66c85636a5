"""What ``annoy`` has, faster: the same files, trees and answers, and filters and batches besides.

A program that says ``from annoy import AnnoyIndex`` goes on as it is with this instead:

>>> from anear.annoy import AnnoyIndex
>>> index = AnnoyIndex(2, "angular")
>>> index.add_item(0, [1, 0])
>>> index.add_item(1, [0, 1])
>>> index.build(10)
True
>>> index.get_nns_by_vector([1, 2], 1)
[1]

An index in a file cannot be changed, in Annoy and here. `AmendedIndex` keeps changes beside it.
"""

from ._anear import AmendedIndex, AnnoyIndex

__all__ = ["AmendedIndex", "AnnoyIndex"]
