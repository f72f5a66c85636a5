"""The worker for the real libraries: one JSON request a line, one answer with its seconds."""

import pickle
import sqlite3
import time

import numpy as np

from harness.serve import serve


def open_npy(request):
    np.load(request["path"])


def open_npy_mapped(request):
    np.load(request["path"], mmap_mode="r")


def open_torch(request):
    import torch

    torch.load(request["path"], weights_only=True)


def read_hdf5(request):
    import h5py

    with h5py.File(request["path"], "r") as file:
        file["embeddings"][:]


def read_sqlite(request):
    database = sqlite3.connect(request["path"])
    rows = database.execute("SELECT embedding FROM Embeddings ORDER BY id")
    np.stack([pickle.loads(blob) for (blob,) in rows])
    database.close()


def write_sqlite(request):
    database = sqlite3.connect(request["output"])
    database.execute("DROP TABLE IF EXISTS Embeddings")
    database.execute("CREATE TABLE Embeddings (id INTEGER PRIMARY KEY AUTOINCREMENT, embedding BLOB)")
    encode = pickle.dumps if request["pickle"] else (lambda row: row.tobytes())
    vectors = np.load(request["path"])
    database.executemany("INSERT INTO Embeddings (embedding) VALUES (?)", ((encode(row),) for row in vectors))
    database.commit()
    database.close()


def scan(request):
    vectors = np.load(request["path"], mmap_mode="r" if request.get("mapped") else None)
    queries = np.load(request["queries"])
    scores = queries @ vectors.T
    nearest = np.argpartition(scores, -10, axis=1)[:, -10:]
    order = np.argsort(-np.take_along_axis(scores, nearest, axis=1), axis=1)
    np.take_along_axis(nearest, order, axis=1)


ACTIONS = {action.__name__: action for action in (
    open_npy, open_npy_mapped, open_torch, read_hdf5, read_sqlite, write_sqlite, scan,
)}


def answer(request):
    action = ACTIONS[request["do"]]
    begin = time.perf_counter()
    action(request)
    return {"seconds": time.perf_counter() - begin}


serve(answer)
