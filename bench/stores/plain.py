"""What people glue together: sqlite3 with pickled vectors, and a flat FAISS index beside it.

The index is in memory and written to a file after a bulk add and on closing, so that opening does
not build it again. A single add is safe once SQLite has committed it; the index gets it too.
"""

import pickle
import sqlite3
from pathlib import Path

import numpy as np

from stores.sqlite import COLUMN_INDEXES, JOURNALS, connect, insert
from stores.store import Pages, Store, sql

TABLE = "CREATE TABLE rows (id INTEGER PRIMARY KEY, file_name TEXT, page_num INTEGER, text TEXT, vector BLOB)"
INSERT = "INSERT INTO rows VALUES (?, ?, ?, ?, ?)"


class Plain(Store):
    settings = JOURNALS
    syncs = frozenset({"single"})
    about_syncs = (
        "SQLite syncs each commit (the faster of the default journal and WAL); FAISS does not sync its file, which is"
        " synced after a bulk add for the durable numbers")
    about_adds = "`executemany` in one transaction with `pickle.dumps` of each vector, one `add` of the unit vectors to FAISS"

    def __init__(self, threads):
        import faiss

        super().__init__(threads)
        self.faiss = faiss
        faiss.omp_set_num_threads(threads)

    def create(self, folder, dim, journal):
        self.connection = connect(sqlite3, folder, journal)
        self.connection.execute(TABLE)
        self.file, self.unwritten = index_file(folder), True
        self.index = self.faiss.IndexFlatIP(dim)

    def open(self, folder, journal=None):
        """Maps the index where it is only asked, which is quicker; else reads it."""
        self.connection = connect(sqlite3, folder, journal)
        self.file, self.unwritten = index_file(folder), False
        self.index = self.faiss.read_index(self.file, 0 if journal else self.faiss.IO_FLAG_MMAP_IFC)

    def add(self, vectors, ids, metadata):
        columns = (metadata[name] for name in ("file_name", "page_num", "text"))
        pickles = (pickle.dumps(vector, pickle.HIGHEST_PROTOCOL) for vector in vectors)
        insert(self.connection, INSERT, zip(ids, *columns, pickles))
        self.index.add(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
        self.write()

    def add_one(self, vector, id, values):
        self.connection.execute(INSERT, (id, *values, pickle.dumps(vector, pickle.HIGHEST_PROTOCOL)))
        self.index.add((vector / np.linalg.norm(vector))[None])
        self.unwritten = True

    def write(self):
        self.faiss.write_index(self.index, self.file)
        self.unwritten = False

    def build_indexes(self):
        for statement in COLUMN_INDEXES:
            self.connection.execute(statement)

    def ways(self, condition):
        if condition is None:
            return tuple({"threads": threads} for threads in range(1, self.threads + 1))
        listed = ("rows", "text") if isinstance(condition, Pages) else ("rows",)
        return tuple({"listed": by, "how": how} for by in listed for how in ("gather", "bitmap", "batch"))

    def searcher(self, k, listed=None, how=None, threads=None):
        self.faiss.omp_set_num_threads(threads or self.threads)

        def search(query, condition):
            unit = (query / np.linalg.norm(query))[None]
            if condition is None:
                return self.metadata(self.index.search(unit, k)[1][0])
            ids = self.ids(condition, listed)
            return self.metadata(self.nearest(unit, min(k, len(ids)), ids, how))

        return search

    def ids(self, condition, listed):
        """The ids that pass. Python's sqlite3 is slow in handing out rows; one text of all is faster when they are many."""
        where, parameters = sql(condition)
        if listed == "text":
            found = self.connection.execute(f"SELECT group_concat(id) FROM rows WHERE {where}", parameters).fetchone()[0]
            return np.fromstring(found or "", dtype=np.int64, sep=",")
        found = self.connection.execute(f"SELECT id FROM rows WHERE {where}", parameters)
        return np.fromiter((id for id, in found), dtype=np.int64)

    def nearest(self, unit, k, ids, how):
        faiss = self.faiss
        if how == "gather":
            places = faiss.knn(unit, self.index.reconstruct_batch(ids), k, metric=faiss.METRIC_INNER_PRODUCT)[1][0]
            return ids[places]
        if how == "batch":
            passing = faiss.IDSelectorBatch(ids)
        else:
            mask = np.zeros(self.index.ntotal, dtype=bool)
            mask[ids] = True
            passing = faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
        return self.index.search(unit, k, params=faiss.SearchParameters(sel=passing))[1][0]

    def metadata(self, ids):
        """The rows of the ids in their order: (id, file_name, page_num, text)."""
        ids = ids.tolist()
        marks = ",".join("?" * len(ids))
        found = self.connection.execute(f"SELECT id, file_name, page_num, text FROM rows WHERE id IN ({marks})", ids)
        by_id = {row[0]: row for row in found}
        return [by_id[id] for id in ids]

    @staticmethod
    def rows(answer):
        return answer

    def close(self):
        if self.unwritten:
            self.write()
        self.connection.close()


def index_file(folder):
    return str(Path(folder) / "index.faiss")
