"""Written .pt files open in torch without running anything, bit for bit."""

import json
from pathlib import Path

import numpy as np
import torch

from common import FIXTURES, anear, case, finish, folder, same, same_bits

random = np.random.default_rng(8)
TYPES = ["?", "i1", "u1", "i2", "i4", "i8", "f2", "f4", "f8"]


def write_and_load(place, dtype):
    expected = (random.standard_normal((29, 12)) * 50).astype(dtype)
    np.save(place / "source.npy", expected)
    anear("convert", place / "source.npy", place / "output.pt", "--force")
    same_bits(torch.load(place / "output.pt", weights_only=True).numpy(), expected)


def bfloat16(place):
    source = FIXTURES / "torch" / "bfloat16.pt"
    anear("convert", source, place / "output.pt", "--force")
    found = torch.load(place / "output.pt", weights_only=True)
    expected = torch.load(source, weights_only=True)
    same(found.dtype, torch.bfloat16, "type")
    assert torch.equal(found.view(torch.int16), expected.view(torch.int16)), "other bits"


def with_metadata(place):
    rows = [
        {"id": i, "file_name": None if i == 3 else f"ä{i}.pdf", "score": i / 3, "embedding": [i, 0.5, -i]}
        for i in range(20)
    ]
    text = "\n".join(json.dumps(row) for row in rows)
    (place / "source.jsonl").write_text(text + "\n", encoding="utf-8")
    anear("convert", place / "source.jsonl", place / "output.pt", "--force", "--dtype", "f32")
    found = torch.load(place / "output.pt", weights_only=True)
    same(found["embeddings"].tolist(), [row["embedding"] for row in rows], "embeddings")
    same(list(found["file_name"]), [row["file_name"] for row in rows], "file_name")
    same([int(value) for value in found["id"]], [row["id"] for row in rows], "id")
    same([float(value) for value in found["score"]], [row["score"] for row in rows], "score")


def large(place):
    expected = random.standard_normal((40_000, 384)).astype("f4")
    np.save(place / "source.npy", expected)
    anear("convert", place / "source.npy", place / "output.pt", "--force")
    same_bits(torch.load(place / "output.pt", weights_only=True).numpy(), expected)


def main():
    with folder() as name:
        place = Path(name)
        for dtype in TYPES:
            case(f"pt {dtype}", write_and_load, place, dtype)
        case("pt bf16", bfloat16, place)
        case("pt with metadata", with_metadata, place)
        case("pt of 61 MB", large, place)
    finish()


if __name__ == "__main__":
    main()
