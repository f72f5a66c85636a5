"""A folder of LangChain's FAISS store, as the installed version writes it: `python make.py NAME`.

Writes NAME/index.faiss, NAME/index.pkl and NAME/expected.json: for each row what the store itself says its
vector, id, text and metadata are. Made with: langchain 0.0.101 and 0.0.200 (Python 3.8), 0.0.270 (3.9),
langchain-community 0.0.38 (3.10) and 0.4.2 (3.11).
"""

import datetime
import json
import sys
from pathlib import Path, PurePosixPath

import faiss
import numpy as np

try:
    from langchain_community.vectorstores import FAISS
except ImportError:
    from langchain.vectorstores import FAISS

HERE = Path(__file__).parent

TEXTS = ["Tea is a drink.", "Räksmörgås 日本 🦀\nsecond line", "", "Tea, again", "no metadata at all"]
METADATA = [
    {"source": "a.pdf", "page": 1, "score": 0.5, "kept": True, "tags": ["x", {"y": None}], "id": "own"},
    {"source": "a.pdf", "page": 2**40, "score": 2, "kept": False, "rating": 4, "when": datetime.datetime(2024, 2, 29, 13, 5)},
    {"source": None, "page": -3, "score": float("inf"), "text": "its own", "path": PurePosixPath("/a/b c.txt")},
    {"source": "b.pdf", "page": np.int32(7), "rating": "good", "nested": {"a": [1.5, "é"]}, "bytes": b"\x00\xff"},
    {},
]


class Embeddings:
    def embed_documents(self, texts):
        return [[float(len(text)), text.count("a") / 8, 1.0] for text in texts]

    def embed_query(self, text):
        return self.embed_documents([text])[0]


def plain(value):
    """A value as JSON."""
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, PurePosixPath):
        return str(value)
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, np.integer):
        return int(value)
    return str(value) if value == float("inf") else value


def main(name: str) -> None:
    folder = HERE / name
    store = FAISS.from_texts(TEXTS, Embeddings(), metadatas=METADATA)
    store.save_local(str(folder))
    vectors = faiss.read_index(str(folder / "index.faiss")).reconstruct_n(0, len(TEXTS))
    rows = []
    for row, vector in enumerate(vectors):
        document_id = store.index_to_docstore_id[row]
        document = store.docstore.search(document_id)
        metadata = {key: plain(value) for key, value in document.metadata.items()}
        rows.append({"id": document_id, "text": document.page_content, "metadata": metadata, "vector": vector.tolist()})
    text = json.dumps({"rows": rows}, indent=1, ensure_ascii=False)
    (folder / "expected.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
