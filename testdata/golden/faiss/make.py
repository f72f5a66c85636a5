"""Small flat indexes, id maps and graphs without their rows as FAISS 1.15 writes them: `python make.py`, with
faiss-cpu installed.

All are over the rows of `rows`; the ids are 5, -3, 2 ** 40, 7 and 6.
"""

from pathlib import Path

import faiss
import numpy as np

HERE = Path(__file__).parent
METRICS = {"ip": 0, "l2": 1, "manhattan": 2, "chebyshev": 3, "lp": 4, "canberra": 20, "braycurtis": 21, "jensenshannon": 22}

rows = (np.arange(15, dtype=np.float32).reshape(5, 3) + 1) / 8
ids = np.array([5, -3, 2**40, 7, 6])

for name, number in METRICS.items():
    flat = faiss.IndexFlat(3, number)
    if name == "lp":
        flat.metric_arg = 3
    id_map = faiss.IndexIDMap(flat)
    id_map.add_with_ids(rows, ids)
    faiss.write_index(flat, str(HERE / f"flat-{name}.faiss"))
    faiss.write_index(id_map, str(HERE / f"idmap-{name}.faiss"))

id_map_2 = faiss.IndexIDMap2(faiss.IndexFlatL2(3))
id_map_2.add_with_ids(rows, ids)
faiss.write_index(id_map_2, str(HERE / "idmap2-l2.faiss"))

for name, factory in {"flat": "HNSW2,Flat", "scalar": "HNSW2,SQfp16", "product": "HNSW2,PQ3x1np"}.items():
    graph = faiss.index_factory(3, factory)
    graph.train(rows)
    graph.add(rows)
    faiss.write_index(graph, str(HERE / f"graph-over-no-{name}.faiss"), faiss.IO_FLAG_SKIP_STORAGE)

# FAISS writes what is inside an id map whole, but for what is not there.
graph = faiss.IndexHNSWFlat(3, 2)
id_map = faiss.IndexIDMap(graph)
id_map.add_with_ids(rows, ids)
graph.storage, graph.own_fields = None, False
faiss.write_index(id_map, str(HERE / "idmap-graph-over-no-flat.faiss"))
