"""hnswlib."""

from engines.engine import Curve, Engine

EF = (16, 24, 32, 48, 64, 96, 128, 192, 256, 512)


class Hnswlib(Engine):
    def __init__(self, base, queries, metric):
        import hnswlib

        super().__init__(base, queries, metric)
        self.normalise_for_cosine()
        self.library = hnswlib

    @staticmethod
    def curves(rows):
        return [Curve(f"hnswlib M={m}", {"m": m}, [{"ef": ef} for ef in EF]) for m in (16, 32)]

    def build(self, threads, m):
        index = self.library.Index(space=self.metric, dim=self.base.shape[1])
        index.init_index(max_elements=len(self.base), ef_construction=200, M=m)
        index.add_items(self.base, num_threads=threads)
        return index

    def searcher(self, index, k, threads, filter=None, how=None, ef=None):
        index.set_ef(max(ef, k))
        return lambda queries: index.knn_query(queries, k, num_threads=threads)[0]
