"""Chroma: its HNSW index is built while rows are added."""

from stores.store import COLUMNS, Pages, Store

NAME = "rows"
# Found to reach a recall of 0.99 without a filter; 100 is what Chroma takes by itself.
EF_SEARCH = 200


class Chroma(Store):
    syncs = frozenset({"single"})
    about_syncs = (
        "SQLite with the default journal, synced (8 fsyncs a single add by `strace`); the files of its HNSW index are not,"
        " and are synced after a bulk add for the durable numbers")
    about_adds = "in batches of `get_max_batch_size()`; builds the HNSW index as it goes, since it cannot search without"

    def __init__(self, threads):
        import chromadb

        super().__init__(threads)
        self.library = chromadb

    def connect(self, folder):
        settings = self.library.Settings(anonymized_telemetry=False)
        self.client = self.library.PersistentClient(folder, settings=settings)

    def create(self, folder, dim):
        self.connect(folder)
        hnsw = {"space": "cosine", "ef_search": EF_SEARCH, "num_threads": self.threads}
        self.collection = self.client.create_collection(NAME, configuration={"hnsw": hnsw}, embedding_function=None)

    def open(self, folder):
        self.connect(folder)
        self.collection = self.client.get_collection(NAME, embedding_function=None)

    def add(self, vectors, ids, metadata):
        names = [str(id) for id in ids]
        values = [{"file_name": name, "page_num": page} for name, page in zip(metadata["file_name"], metadata["page_num"])]
        step = self.client.get_max_batch_size()
        for at in range(0, len(names), step):
            some = slice(at, at + step)
            self.collection.add(
                ids=names[some], embeddings=vectors[some], metadatas=values[some], documents=metadata["text"][some])

    def add_one(self, vector, id, values):
        name, page, text = values
        self.collection.add(
            ids=[str(id)], embeddings=vector[None], metadatas=[{"file_name": name, "page_num": page}], documents=[text])

    def searcher(self, k):
        asked = ["metadatas", "documents", "distances"]
        return lambda query, condition: self.collection.query(
            query_embeddings=query[None], n_results=k, where=predicate(condition), include=asked)

    @staticmethod
    def rows(answer):
        found = zip(answer["ids"][0], answer["metadatas"][0], answer["documents"][0])
        named = [(id, {**values, "text": text}) for id, values, text in found]
        return [(int(id), *(values[column] for column in COLUMNS)) for id, values in named]

    def close(self):
        self.client.close()


def predicate(condition):
    if condition is None:
        return None
    if isinstance(condition, Pages):
        return {"$and": [{"page_num": {"$gte": condition.first}}, {"page_num": {"$lte": condition.last}}]}
    return {"file_name": condition.file_name}
