"""usearch: exact search and HNSW."""

from engines.engine import Curve, Engine

EXPANSIONS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 512)
METRICS = {"l2": "L2sq", "ip": "IP"}


class Usearch(Engine):
    exact = {"usearch exact": {}}

    def __init__(self, base, queries, metric):
        import usearch.index

        super().__init__(base, queries, metric)
        self.normalise_for_cosine()
        self.library = usearch.index
        self.kind = self.library.MetricKind[METRICS[self.metric]]

    @staticmethod
    def curves(rows):
        searches = [{"expansion": expansion} for expansion in EXPANSIONS]
        return [Curve(f"usearch HNSW{m}", {"connectivity": m}, searches) for m in (16, 32)]

    def build(self, threads, connectivity=None):
        if connectivity is None:
            return None  # exact search takes the rows as they are
        index = self.library.Index(
            ndim=self.base.shape[1], metric=self.kind, dtype="f32", connectivity=connectivity, expansion_add=200)
        index.add(None, self.base, threads=threads)
        return index

    def searcher(self, index, k, threads, filter=None, how=None, expansion=None):
        if index is None:
            return lambda queries: rows(self.library.search(
                self.base, queries, k, self.kind, exact=True, threads=threads), queries)
        index.expansion_search = expansion
        return lambda queries: rows(index.search(queries, k, threads=threads), queries)


def rows(matches, queries):
    return matches.keys.reshape(len(queries), -1)
