"""anear, through its Python package."""

from engines.engine import Curve, Engine, mask


class Anear(Engine):
    exact = {
        "anear plain": {"kind": "flat", "prefilter": False},
        "anear prefilter": {"kind": "flat", "prefilter": True},
    }
    filters = ("ids", "mask")

    def __init__(self, base, queries, metric):
        import anear

        super().__init__(base, queries, metric)
        self.library = anear

    @staticmethod
    def curves(rows):
        return [Curve("anear flat (exact)", {"kind": "flat"}, [{}])]

    def build(self, threads, **parameters):
        return self.library.Index.build(self.base, metric=self.metric, threads=threads, **parameters)

    def searcher(self, index, k, threads, filter=None, how=None, **parameters):
        if filter is not None:
            parameters["filter"] = mask(len(self.base), filter) if how == "mask" else filter
        return lambda queries: index.search(queries, k, threads=threads, **parameters)[1]
