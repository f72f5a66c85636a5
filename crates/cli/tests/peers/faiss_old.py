"""Files as old versions of FAISS wrote them are read as FAISS reads them, and give the same answers.

The bytes are written here as FAISS's `index_read.cpp` takes them apart.
"""

import struct
from pathlib import Path

import faiss
import numpy as np
from common import anear_json, case, finish, folder
from faiss_answers import compare, data

D, N, K = 32, 700, 10
UNUSED = struct.pack("<qq", 1 << 20, 1 << 20)
HEADER_BYTES = 37
arrays = faiss.vector_to_array


def made(factory, metric=faiss.METRIC_L2):
    random = np.random.default_rng(len(factory))
    rows = data(random, N, D)
    index = faiss.index_factory(D, factory, metric)
    index.train(rows)
    index.add(rows)
    if hasattr(index, "nprobe"):
        index.nprobe = 3
    return index, data(random, 9, D)


def written(index):
    return faiss.serialize_index(index).tobytes()


def vector(array):
    array = np.ascontiguousarray(array)
    return struct.pack("<Q", array.size) + array.tobytes()


def header(letters, index, metric=None):
    metric = index.metric_type if metric is None else metric
    return letters + struct.pack("<iq", index.d, index.ntotal) + UNUSED + struct.pack("<?i", index.is_trained, metric)


def product(pq):
    return struct.pack("<QQQ", pq.d, pq.M, pq.nbits) + vector(arrays(pq.centroids))


def scalar(sq):
    return struct.pack("<iifQQ", sq.qtype, sq.rangestat, sq.rangestat_arg, sq.d, sq.code_size) + vector(arrays(sq.trained))


def lists(index):
    """The ids and the codes of all lists."""
    sizes = [index.invlists.list_size(number) for number in range(index.nlist)]
    found = []
    for number, size in enumerate(sizes):
        ids = faiss.rev_swig_ptr(index.invlists.get_ids(number), size) if size else np.zeros(0, "int64")
        code_bytes = size * index.code_size
        codes = faiss.rev_swig_ptr(index.invlists.get_codes(number), code_bytes) if size else np.zeros(0, "uint8")
        found.append((ids.copy(), codes.copy()))
    return found


def old_lists(letters, index, codec, rest=b"", element="uint8"):
    found = lists(index)
    head = header(letters, index) + struct.pack("<QQ", index.nlist, index.nprobe) + written(index.quantizer)
    no_map = struct.pack("<BQ", 0, 0)
    ids = b"".join(vector(ids) for ids, _ in found)
    codes = b"".join(vector(codes.view(element)) for _, codes in found)
    return head + ids + no_map + codec + codes + rest


def flat_lists(letters, element):
    index, queries = made("IVF8,Flat")
    return old_lists(letters, index, b"", element=element), queries


def scalar_lists():
    index, queries = made("IVF8,SQ8")
    return old_lists(b"IvSQ", index, scalar(index.sq) + struct.pack("<Q", index.code_size)), queries


def scalar_lists_of_residuals():
    index, queries = made("IVF8,SQ6")
    bytes_ = written(index)
    at = bytes_.rindex(b"ilar")
    return b"IwSQ" + bytes_[4 : at - 1] + bytes_[at:], queries


def product_lists():
    index, queries = made("IVF8,PQ8x4")
    codec = struct.pack("<?Q", index.by_residual, index.code_size) + product(index.pq)
    return old_lists(b"IvPQ", index, codec), queries


def refined_lists():
    index, queries = made("IVF8,PQ4+8")
    codec = struct.pack("<?Q", index.by_residual, index.code_size) + product(index.pq)
    rest = product(index.refine_pq) + vector(arrays(index.refine_codes)) + struct.pack("<f", index.k_factor)
    return old_lists(b"IvQR", index, codec, rest), queries


def product_codes(letters):
    index, queries = made("PQ8x4")
    rest = b"" if letters == b"IxPQ" else struct.pack("<i?i", 0, False, 33)
    codes = vector(arrays(index.codes))
    return header(letters, index, faiss.METRIC_INNER_PRODUCT) + product(index.pq) + codes + rest, queries


def hashes():
    index, queries = made("LSH64rt")
    bytes_ = bytearray(written(index))
    at = HEADER_BYTES + 6 + len(vector(arrays(index.thresholds)))
    assert struct.unpack_from("<i", bytes_, at) == (8,)
    struct.pack_into("<i", bytes_, at, 1)  # words of 64 bits
    return b"IxHE" + bytes(bytes_[4:]), queries


def apart(blocks, block_rows, rows):
    """Blocks of signs, and what else there is of each row."""
    blocks = blocks.reshape(-(-rows // block_rows), -1)
    signs = block_rows * (D // 8)
    others = blocks[:, signs:].reshape(len(blocks) * block_rows, -1)[:rows]
    return np.ascontiguousarray(blocks[:, :signs]).ravel(), others


def signs_in_blocks(factory):
    index, queries = made(factory)
    bytes_, blocks = written(index), arrays(index.codes)
    signs, others = apart(blocks, index.bbs, N)
    count = len(bytes_) - len(blocks) - 8
    settings = count - 28
    return b"Irfs" + bytes_[4:settings] + vector(others) + bytes_[settings:count] + vector(signs), queries


def signs_in_lists(factory):
    index, queries = made(factory)
    bytes_ = written(index)
    at = bytes_.rindex(b"ilbl")
    block_bytes = struct.pack("<Q", index.bbs * (D // 8))
    others_by_id, written_lists = {}, bytes_[at : at + 28] + block_bytes
    for number in range(index.nlist):
        size = index.invlists.list_size(number)
        ids = faiss.rev_swig_ptr(index.invlists.get_ids(number), size) if size else np.zeros(0, "int64")
        bytes_of = -(-size // index.bbs) * index.bbs * index.code_size
        blocks = faiss.rev_swig_ptr(index.invlists.get_codes(number), bytes_of) if size else np.zeros(0, "uint8")
        signs, others = apart(blocks, index.bbs, size) if size else (blocks, [])
        others_by_id.update(zip(ids.tolist(), others))
        written_lists += vector(ids) + vector(signs)
    others = np.stack([others_by_id[number] for number in range(N)])
    return b"Iwrf" + bytes_[4:at] + vector(others) + written_lists, queries


FILES = {
    "IvFL": lambda: flat_lists(b"IvFL", "uint8"),
    "IvFl": lambda: flat_lists(b"IvFl", "float32"),
    "IvSQ": scalar_lists,
    "IwSQ": scalar_lists_of_residuals,
    "IvPQ": product_lists,
    "IvQR": refined_lists,
    "IxPQ": lambda: product_codes(b"IxPQ"),
    "IxPo": lambda: product_codes(b"IxPo"),
    "IxHE": hashes,
    "Irfs": lambda: signs_in_blocks("RaBitQfs"),
    "Irfs of several bits": lambda: signs_in_blocks("RaBitQfs3"),
    "Irfs of 64 rows": lambda: signs_in_blocks("RaBitQfs_64"),
    "Iwrf": lambda: signs_in_lists("IVF8,RaBitQfs"),
    "Iwrf of several bits": lambda: signs_in_lists("IVF8,RaBitQfs4"),
}


def check(place, name, make):
    bytes_, queries = make()
    path = place / "old.faiss"
    path.write_bytes(bytes_)
    np.save(place / "queries.npy", queries)
    distances, labels = faiss.read_index(str(path)).search(queries, K)
    reply = anear_json("search", path, "--query", place / "queries.npy", "-k", K)
    compare(reply["results"], labels, distances)
    info = anear_json("info", path)
    assert name[:4] in str(info), info


def main():
    with folder() as place:
        for name, make in FILES.items():
            case(name, check, Path(place), name, make)
    finish()


if __name__ == "__main__":
    main()
