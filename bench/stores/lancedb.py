"""LanceDB: exact search, and two of its vector indexes on copies of the table."""

from stores.store import COLUMNS, Document, Pages, Store

TABLE = "rows"
INDEXES = {"IVF_FLAT": "IvfFlat", "IVF_HNSW_SQ": "HnswSq"}
ANSWERED = ["id", *COLUMNS, "_distance"]
PROBES = (20, 50)
REFINE = 5


class Lancedb(Store):
    syncs = frozenset()
    about_syncs = "no add syncs anything (`strace` shows no fsync); its files are synced after it for the durable numbers"
    about_adds = "one Arrow table"

    def __init__(self, threads):
        import lancedb
        import lancedb.index
        import pyarrow

        super().__init__(threads)
        self.library, self.arrow = lancedb, pyarrow

    def create(self, folder, dim):
        arrow = self.arrow
        self.schema = arrow.schema([
            ("id", arrow.int64()), ("vector", arrow.list_(arrow.float32(), dim)),
            ("file_name", arrow.string()), ("page_num", arrow.int64()), ("text", arrow.string()),
        ])
        self.database = self.library.connect(folder)
        self.table = self.database.create_table(TABLE, schema=self.schema)

    def open(self, folder):
        self.database = self.library.connect(folder)
        self.table = self.database.open_table(TABLE)

    def add(self, vectors, ids, metadata):
        arrow = self.arrow
        flat = arrow.array(vectors.reshape(-1))
        lists = arrow.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
        columns = {"id": arrow.array(ids, arrow.int64()), "vector": lists, **metadata}
        self.table.add(arrow.table(columns))

    def add_one(self, vector, id, values):
        self.add(vector[None], [id], {name: [value] for name, value in zip(COLUMNS, values)})

    def build_indexes(self):
        rows = self.table.to_arrow()
        self.index_columns(self.table)
        for name, kind in INDEXES.items():
            table = self.database.create_table(f"{TABLE}_{name}", rows)
            self.index_columns(table)
            table.create_index("vector", config=getattr(self.library.index, kind)(distance_type="cosine"))

    def index_columns(self, table):
        for column in ("file_name", "page_num"):
            table.create_index(column, config=self.library.index.BTree())

    def ways(self, condition):
        probing = [
            {"index": name, "nprobes": probes, "refine": refine}
            for name, refine in (("IVF_FLAT", None), ("IVF_HNSW_SQ", REFINE)) for probes in PROBES
        ]
        return ({"index": None}, *probing)

    def searcher(self, k, index=None, nprobes=None, refine=None):
        table = self.database.open_table(f"{TABLE}_{index}") if index else self.table

        def search(query, condition):
            asked = table.search(query).distance_type("cosine").limit(k).select(ANSWERED)
            if condition:
                asked = asked.where(predicate(condition), prefilter=True)
            if nprobes:
                asked = asked.nprobes(nprobes)
            if refine:
                asked = asked.refine_factor(refine)
            return asked.to_list()

        return search

    @staticmethod
    def rows(answer):
        return [(row["id"], *(row[column] for column in COLUMNS)) for row in answer]


def predicate(condition):
    if isinstance(condition, Pages):
        return f"page_num >= {condition.first} AND page_num <= {condition.last}"
    assert isinstance(condition, Document)
    return f"file_name = '{condition.file_name}'"
