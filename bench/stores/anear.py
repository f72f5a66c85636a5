"""anear, through its Python package."""

from pathlib import Path

from stores.store import COLUMNS, Store, sql


class Anear(Store):
    about_syncs = "each add is synced before it returns (`strace`: one fsync a single add, six in a bulk add)"
    about_adds = "one `add` of the array and the lists"

    def __init__(self, threads):
        import anear

        super().__init__(threads)
        self.library = anear

    def create(self, folder, dim):
        self.collection = self.library.Collection(path(folder), dim, "cosine")

    def open(self, folder):
        self.collection = self.library.Collection(path(folder), create=False)

    def add(self, vectors, ids, metadata):
        self.collection.add(vectors, ids, metadata)

    def add_one(self, vector, id, values):
        self.collection.add(vector[None], [id], [dict(zip(COLUMNS, values))])

    def build_indexes(self):
        self.collection.index(self.threads)

    def searcher(self, k):
        def search(query, condition):
            where, parameters = sql(condition) if condition else (None, ())
            hits = self.collection.search(query, k, where=where, params=parameters, threads=self.threads)
            return hits.ids, hits.metadata

        return search

    @staticmethod
    def rows(answer):
        ids, metadata = answer
        return list(zip(ids, *(metadata[column] for column in COLUMNS)))

    def close(self):
        self.collection.close()


def path(folder):
    return Path(folder) / "rows.anear"
