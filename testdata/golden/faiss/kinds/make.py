"""Small indexes of kinds that the fixtures have not, or have large: `python make.py`, with faiss-cpu 1.15 installed.

The old forms are written as `crates/cli/tests/peers/faiss_old.py` does. `ilod.faiss` names itself as the file that its lists
are in, which lie behind the index.
"""

import struct
import sys
import tempfile
from pathlib import Path

import faiss
import numpy as np

HERE = Path(__file__).parent
sys.argv = [sys.argv[0], "", ""]
sys.path.insert(0, str(HERE.parents[3] / "crates/cli/tests/peers"))

import faiss_old  # noqa: E402

faiss_old.D = 8
BITS = 32
NAME = b"ilod.faiss"


def binary(factory):
    rows = np.random.default_rng(1).integers(0, 256, (40, BITS // 8), dtype=np.uint8)
    index = faiss.index_binary_factory(BITS, factory)
    index.train(rows)
    index.add(rows)
    return faiss.serialize_index_binary(index).tobytes()


def lists_behind():
    index, _ = faiss_old.made("IVF4,SQ8")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lists"
        apart = faiss.OnDiskInvertedLists(index.nlist, index.code_size, str(path))
        for number in range(index.nlist):
            size = index.invlists.list_size(number)
            if size:
                ids, codes = index.invlists.get_ids(number), index.invlists.get_codes(number)
                apart.add_entries(number, size, ids, codes)
        index.replace_invlists(apart)
        written = faiss.serialize_index(index).tobytes()
        lists = path.read_bytes()
    at = written.rindex(struct.pack("<Q", len(str(path))) + str(path).encode())
    places = written.rindex(b"ilod") + 4 + 16
    head = bytearray(written[:at]) + struct.pack("<Q", len(NAME)) + NAME
    size = len(head) + 8
    for number in range(index.nlist):
        place = places + 8 + 24 * number + 16
        (offset,) = struct.unpack_from("<Q", head, place)
        if offset != 2**64 - 1:
            struct.pack_into("<Q", head, place, offset + size)
    return bytes(head) + struct.pack("<Q", size + len(lists)) + lists


for name, make in faiss_old.FILES.items():
    faiss_old.N = 256 if name == "IvQR" else 40
    (HERE / f"{name.replace(' ', '-')}.faiss").write_bytes(make()[0])
for factory in ("RaBitQfs", "RaBitQfs3_64", "IVF4,RaBitQfs", "IVF4,RaBitQfs4", "IVF4,PQ4x4fsr", "HNSW4,SQ8", "PQ4x4fs"):
    (HERE / f"{factory.replace(',', '-')}.faiss").write_bytes(faiss_old.written(faiss_old.made(factory)[0]))
for factory in ("BHNSW4", "BIVF4", "BIVF4_HNSW4", "BFlat"):
    (HERE / f"{factory}.faiss").write_bytes(binary(factory))
(HERE / NAME.decode()).write_bytes(lists_behind())
