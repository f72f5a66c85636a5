"""Indexes that FAISS or anear has trained, filled by both in turn, and searched by both.

Each case is drawn from its number: a description, how many rows, how a search goes. ``ANEAR_FAISS_CASES``
says how many there are, ``ANEAR_FAISS_FIRST`` the first.
"""

import os
import random
from dataclasses import dataclass

import anear.faiss as ours
import faiss as theirs
import numpy as np
import pytest
from agreement import answer, as_near, same, same_nearest, same_nearest_but_missing

CASES = int(os.environ.get("ANEAR_FAISS_CASES", 300))
FIRST = int(os.environ.get("ANEAR_FAISS_FIRST", 0))
REFINEMENTS = ("RFlat", "Refine(SQ8)")
L2, PRODUCT = theirs.METRIC_L2, theirs.METRIC_INNER_PRODUCT


@dataclass
class Case:
    number: int
    description: str
    d: int
    metric: int
    n: int
    k: int
    nprobe: int
    effort: int

    @property
    def lists(self):
        return "IVF" in self.description

    @property
    def graph(self):
        return "HNSW" in self.description and not self.lists

    @property
    def factor(self):
        """How many times as many rows a refinement is given: all of them, where many are as far as
        others by the codes that find them."""
        return 2.0 if any(codes in self.description for codes in (",Flat,R", "SQ8,R", "SQ6,R")) else float(self.n)

    @property
    def in_blocks(self):
        return "fs" in self.description

    @property
    def nearest(self):
        """How what searches find is compared."""
        if self.in_blocks:
            return same_nearest_but_missing
        return as_near if "RaBitQ3" in self.description else same_nearest

    @property
    def rounding(self):
        """How far apart distances may be: where a rounded number is a step, that of a step."""
        if "RaBitQ" in self.description:
            return 5e-3
        return 1e-2 if self.in_blocks else 1e-4 if "fp16" in self.description else 2e-5


def drawn(number):
    choose = random.Random(number)
    parts = choose.choice([2, 4])
    d = choose.choice([8, 16, 24, 40])
    nlist = choose.randint(1, 12)
    transforms = ["L2norm,", f"PCA{d // 2},", f"PCAR{d},", f"OPQ{parts}_{d},", f"RR{d},", f"Pad{d + 8},"]
    transform = choose.choice(["", "", "", *transforms])
    codes = [
        "Flat", "SQ8", "SQ6", "SQ4", "SQfp16", "SQbf16", "PQ{0}x4np".format(parts), f"PQ{parts}x5np", f"PQ{parts}np",
        f"PQ{parts}x4fs", "RaBitQ", "RaBitQ3", "RaBitQfs", "RaBitQfs3", "LSH",
    ]  # fmt: skip
    code = choose.choice(codes)
    structure = choose.choice(["", f"IVF{nlist},", f"IVF{nlist},", f"IVF{nlist}_HNSW4,", "HNSW8,"])
    if structure == "HNSW8," and code not in ("Flat", "SQ8", "SQ6", "SQfp16", f"PQ{parts}np"):
        code = "Flat"
    if structure.startswith("IVF") and code == "LSH":
        code = "Flat"
    if code == f"PQ{parts}x4fs" and structure.startswith("IVF") and choose.random() < 0.5:
        code += "r"
    behind = choose.choice(["", "", "", ",RFlat", ",Refine(SQ8)"])
    wrapped = choose.choice(["", "", "IDMap,", "IDMap2,"]) if not behind and not transform else ""
    metric = choose.choice([L2, L2, L2, PRODUCT])
    if structure == "HNSW8," and code.startswith("PQ"):
        metric = L2  # FAISS takes the other one, and goes by this
    if code == "LSH":
        metric = L2  # FAISS takes no other one
    if structure == "" and code == "Flat" and choose.random() < 0.5:
        metric = choose.choice([theirs.METRIC_L1, theirs.METRIC_Linf, theirs.METRIC_Canberra, theirs.METRIC_BrayCurtis])
    return Case(
        number, wrapped + transform + structure + code + behind, d, metric, choose.choice([60, 200, 700]),
        choose.choice([1, 4, 20]), choose.randint(1, 6), choose.choice([4, 16, 60]),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread():
    for library in (theirs, ours):
        library.omp_set_num_threads(1)


def names_of(case):
    return case.description.split(",")


def moved(index, to):
    """The index as the other library reads it."""
    other = theirs if to is ours else ours
    return to.deserialize_index(other.serialize_index(index))


def parameters(library, case, ids):
    """How a search goes: the same for either library."""

    def of_lists():
        kind = library.SearchParametersIVF
        more = {"nprobe": case.nprobe, "sel": selector}
        if case.in_blocks:
            more["max_lists_num"] = choose.choice([0, 0, 1, 2])
        elif "RaBitQ3" not in case.description:  # of which FAISS does not count what it passes over
            more["max_codes"] = choose.choice([0, 0, 7, 40])
            more["ensure_topk_full"] = choose.random() < 0.3
        if "_HNSW" in case.description:
            more["quantizer_params"] = library.SearchParametersHNSW(efSearch=case.effort)
        if "RaBitQ" in case.description and choose.random() < 0.7:
            kind = library.IVFRaBitQSearchParameters
            more |= {"qb": choose.randint(0, 8), "centered": choose.random() < 0.5}
        return kind(**more)

    choose = random.Random(case.number)
    selector = choose.choice([
        lambda: None,
        lambda: library.IDSelectorRange(int(ids[3]), int(ids[-3])),
        lambda: library.IDSelectorNot(library.IDSelectorBatch(ids[::3])),
        lambda: library.IDSelectorXOr(library.IDSelectorArray(ids[:9]), library.IDSelectorRange(0, int(ids[20]))),
        lambda: library.IDSelectorBitmap(np.packbits(np.arange(ids[-1] // 2) % 3 == 0, bitorder="little")),
    ])()  # fmt: skip
    if case.lists:
        params = of_lists()
    elif "RaBitQ" in case.description:
        params = library.RaBitQSearchParameters(qb=choose.randint(0, 8), centered=choose.random() < 0.5, sel=selector)
    elif case.graph:
        params = library.SearchParametersHNSW(efSearch=case.effort, sel=selector)
    else:
        params = library.SearchParameters(sel=selector)
    names = names_of(case)
    if names[-1] in REFINEMENTS:
        return library.IndexRefineSearchParameters(k_factor=case.factor, base_index_params=params)
    if any(name.startswith(("PCA", "OPQ", "RR", "L2norm", "Pad")) for name in names):
        return library.SearchParametersPreTransform(index_params=params)
    return params


def searched(case, one, other, q, ids):
    """Both find the same, whatever way they are asked."""
    libraries = {id(one): theirs, id(other): ours}
    how = {"rounding": case.rounding, "nearest": case.nearest}
    if names_of(case)[-1] in REFINEMENTS:
        one.k_factor = other.k_factor = case.factor
    assert (one.ntotal, one.d, one.metric_type) == (other.ntotal, other.d, other.metric_type)
    expected = same(lambda index: index.search(q, case.k), one, other, **how)

    def search(index):
        return index.search(q, case.k, params=parameters(libraries[id(index)], case, ids))

    same(search, one, other, **how)
    if isinstance(expected, tuple) and not case.in_blocks and expected[1][0, -1] >= 0:
        radius = float(expected[0][0, -1])
        same(lambda index: index.range_search(q, radius), one, other, **how)
    if not (case.lists and case.in_blocks):
        key = int(ids[case.n // 3 - 1]) if "IDMap" in case.description else 3
        same(lambda index: index.reconstruct(key), one, other)
    if not case.lists and "IDMap" not in case.description:
        same(lambda index: index.reconstruct_n(2, 7), one, other)
    if case.description.startswith("IVF") and "R" not in case.description:
        one.nprobe = other.nprobe = min(one.nlist, 2)
        lists = np.random.default_rng(case.number).integers(-1, one.nlist, (len(q), one.nprobe))
        close = one.quantizer.search(q, one.nlist)
        order = np.argsort(close[1], axis=1)
        by_list = np.take_along_axis(close[0], order, 1)
        near = np.where(lists < 0, 0, np.take_along_axis(by_list, np.maximum(lists, 0), 1))
        if (close[1] >= 0).all():
            same(lambda index: index.search_preassigned(q, case.k, lists, near), one, other, **how)
        one.nprobe = other.nprobe = 1


def add(index, rows, ids):
    """Adds rows, under ids where the index takes some."""
    return answer(lambda: index.add_with_ids(rows, ids)) is None or answer(lambda: index.add(rows)) is None


def exchanged(case, first, second):
    """Trained by the first, partly filled by it, carried on by the second, and searched by both."""
    rng = np.random.default_rng(case.number)
    x = rng.standard_normal((case.n, case.d)).astype(np.float32)
    q = rng.standard_normal((6, case.d)).astype(np.float32)
    ids = np.sort(rng.choice(5 * case.n, case.n, replace=False)).astype(np.int64)
    part = case.n // 3
    index = first.index_factory(case.d, case.description, case.metric)
    index.train(rng.standard_normal((600, case.d)).astype(np.float32))
    assert add(index, x[:part], ids[:part])
    both = moved(index, second)
    searched(case, *in_order(first, index, both), q, ids)
    assert add(both, x[part:], ids[part:])
    back = moved(both, first)
    searched(case, *in_order(first, back, both), q, ids)
    if case.lists and "IDMap" in case.description:
        return  # FAISS goes on to number rows in lists as before, and finds others by their ids
    gone = np.concatenate([ids[: part // 2], np.arange(part // 2, part)])
    same(lambda index: index.remove_ids(gone), *in_order(first, back, both))
    searched(case, *in_order(first, back, both), q, ids)
    searched(case, *in_order(first, moved(both, first), moved(back, second)), q, ids)


def in_order(first, one, other):
    """The index of FAISS, then that of anear."""
    return (one, other) if first is theirs else (other, one)


@pytest.mark.parametrize("first", [theirs, ours], ids=["trained by FAISS", "trained by anear"])
def test_indexes_go_back_and_forth(first):
    second = ours if first is theirs else theirs
    for number in range(FIRST, FIRST + CASES):
        case = drawn(number)
        try:
            exchanged(case, first, second)
        except Exception as error:
            raise AssertionError(f"{case}: {error}") from error
