"""FAISS: flat, HNSW and IVF."""

import math

import numpy as np

from engines.engine import Curve, Engine, mask

EF = (16, 24, 32, 48, 64, 96, 128, 192, 256, 512)
PROBES = (1, 2, 4, 8, 16, 32, 64, 128)


class Faiss(Engine):
    exact = {"FAISS": {"factory": "Flat"}}
    filters = ("batch", "bitmap")
    # The OpenBLAS inside the wheel is of 2021 and falls back to slow kernels on newer processors,
    # and a matrix product is used only from queries * dim = 128,000 on, where it would pay before.
    tuned = ({}, {"blas_from": 1})
    environments = ({}, *({"OPENBLAS_CORETYPE": core} for core in ("Haswell", "Zen", "SkylakeX")))

    def __init__(self, base, queries, metric):
        import faiss

        super().__init__(base, queries, metric)
        self.normalise_for_cosine()
        self.library = faiss
        self.blas_from = faiss.cvar.distance_compute_blas_threshold

    @staticmethod
    def curves(rows):
        lists = 2 ** round(math.log2(4 * math.sqrt(rows)))
        return [
            Curve("FAISS flat (exact)", {"factory": "Flat"}, [{}]),
            *(Curve(f"FAISS HNSW{m}", {"factory": f"HNSW{m}"}, [{"efSearch": ef} for ef in EF]) for m in (16, 32)),
            Curve(f"FAISS IVF{lists},Flat", {"factory": f"IVF{lists},Flat"},
                  [{"nprobe": probes} for probes in PROBES if probes <= lists]),
        ]

    def build(self, threads, factory):
        faiss = self.library
        faiss.omp_set_num_threads(threads)
        metric = faiss.METRIC_L2 if self.metric == "l2" else faiss.METRIC_INNER_PRODUCT
        index = faiss.index_factory(self.base.shape[1], factory, metric)
        if factory.startswith("HNSW"):
            index.hnsw.efConstruction = 200
        index.train(self.base)
        index.add(self.base)
        return index

    def searcher(self, index, k, threads, filter=None, how=None, blas_from=None, **parameters):
        faiss = self.library
        faiss.omp_set_num_threads(threads)
        faiss.cvar.distance_compute_blas_threshold = blas_from or self.blas_from
        options = None
        if "efSearch" in parameters:
            options = faiss.SearchParametersHNSW(**parameters)
        elif "nprobe" in parameters:
            options = faiss.SearchParametersIVF(**parameters)
        elif filter is not None:
            options = faiss.SearchParameters(sel=self.selector(filter, how))
        return lambda queries: index.search(queries, k, params=options)[1]

    def selector(self, filter, how):
        if how == "batch":
            return self.library.IDSelectorBatch(filter)
        return self.library.IDSelectorBitmap(np.packbits(mask(len(self.base), filter), bitorder="little"))
