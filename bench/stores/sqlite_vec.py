"""sqlite-vec: its vec0 tables, and its distance function over an ordinary table with indexes."""

from stores.sqlite import COLUMN_INDEXES, JOURNALS, connect, insert
from stores.store import Store, sql

INSERT = "INSERT INTO rows (id, file_name, page_num, text, vector) VALUES (?, ?, ?, ?, ?)"
ANSWERED = "id, file_name, page_num, text"


class SqliteVec(Store):
    """What both have: they differ in the table and in the statement that searches."""

    settings = JOURNALS
    about_syncs = "SQLite syncs each commit; the faster of the default journal and WAL"
    about_adds = "`executemany` in one transaction"
    table = ""

    def __init__(self, threads):
        import pysqlite3
        import sqlite_vec

        super().__init__(threads)
        self.library, self.extension = pysqlite3, sqlite_vec

    def create(self, folder, dim, journal):
        self.open(folder, journal)
        self.connection.execute(self.table.format(dim=dim))

    def open(self, folder, journal=None):
        self.connection = connect(self.library, folder, journal, self.extension)

    def add(self, vectors, ids, metadata):
        columns = (metadata[name] for name in ("file_name", "page_num", "text"))
        insert(self.connection, INSERT, zip(ids, *columns, vectors))

    def add_one(self, vector, id, values):
        self.connection.execute(INSERT, (id, *values, vector))

    @staticmethod
    def rows(answer):
        return answer

    def close(self):
        self.connection.close()


class Vec0(SqliteVec):
    table = """CREATE VIRTUAL TABLE rows USING vec0(
        id INTEGER PRIMARY KEY, vector FLOAT[{dim}] distance_metric=cosine,
        file_name TEXT, page_num INTEGER, +text TEXT)"""

    def searcher(self, k):
        def search(query, condition):
            where, parameters = sql(condition) if condition else ("TRUE", ())
            statement = f"SELECT {ANSWERED} FROM rows WHERE vector MATCH ? AND k = ?"
            if condition:
                statement += f" AND {where}"
            return self.connection.execute(statement, (query, k, *parameters)).fetchall()

        return search


class VecTable(SqliteVec):
    table = "CREATE TABLE rows (id INTEGER PRIMARY KEY, file_name TEXT, page_num INTEGER, text TEXT, vector BLOB)"

    def build_indexes(self):
        for statement in COLUMN_INDEXES:
            self.connection.execute(statement)

    def ways(self, condition):
        return ({"mapped_bytes": 0}, {"mapped_bytes": 2**31 - 1})

    def searcher(self, k, mapped_bytes):
        self.connection.execute(f"PRAGMA mmap_size = {mapped_bytes}")

        def search(query, condition):
            where, parameters = sql(condition) if condition else ("TRUE", ())
            statement = f"SELECT {ANSWERED} FROM rows WHERE {where} ORDER BY vec_distance_cosine(vector, ?) LIMIT ?"
            return self.connection.execute(statement, (*parameters, query, k)).fetchall()

        return search
