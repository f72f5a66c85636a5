"""Copies the fixtures this project needs from the full set: `python copy_fixtures.py FOLDER`.

All files of the formats anear reads; of the index formats the small ones.
Each expected.json keeps what it says of the files that are copied.
"""

import json
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent / "fixtures"
WHOLE = ("numpy", "torch", "safetensors", "hdf5", "sqlite", "parquet")
SMALL = {"annoy": 20_000, "faiss": 10_000, "bad": 120_000}
INDEXES = ("annoy", "faiss")


def wanted(folder: str, file: Path, expected: dict) -> bool:
    if folder in WHOLE:
        return True
    size = file.stat().st_size
    return size <= (10_000 if expected.get("format", folder) in INDEXES else SMALL[folder])


def main(source: Path) -> None:
    shutil.rmtree(HERE, ignore_errors=True)
    for folder in (*WHOLE, *SMALL):
        described = json.loads((source / folder / "expected.json").read_text(encoding="utf-8"))
        files = described["files"]
        kept = {name: files[name] for name in files if wanted(folder, source / folder / name, files[name])}
        target = HERE / folder
        target.mkdir(parents=True)
        for name in kept:
            shutil.copyfile(source / folder / name, target / name)
        text = json.dumps({**described, "files": kept}, separators=(",", ":"))
        (target / "expected.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
