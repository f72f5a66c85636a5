"""Folders: their size, and copies that are on the disk before anything is timed."""

import os
import shutil


def size(folder):
    """Bytes of all files as they appear, and as the file system allocated them."""
    stats = [os.stat(os.path.join(inner, name)) for inner, _, files in os.walk(folder) for name in files]
    return {"bytes": sum(stat.st_size for stat in stats), "allocated_bytes": sum(stat.st_blocks * 512 for stat in stats)}


def fresh(folder):
    """An empty folder; nothing of what was written before is still on its way to the disk."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.sync()
    return str(folder)


def copied(source, target):
    """A copy of a store, on the disk and in the page cache."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    os.sync()
    return str(target)
