"""Lists in a file of their own: FAISS and anear read what the other wrote."""

import os

import anear.faiss as ours
import faiss as theirs
import numpy as np
import pytest

DIM, ROWS = 16, 400
KINDS = ["IVF8,Flat", "IVF8,SQ8", "IVF8,PQ4x4np", "IVF8,RaBitQ", "PCA8,IVF8,Flat"]


def made(description):
    rng = np.random.default_rng(3)
    index = theirs.index_factory(DIM, description)
    rows = rng.random((ROWS, DIM), dtype=np.float32)
    index.train(rows)
    index.add(rows)
    lists = theirs.extract_index_ivf(index)
    lists.nprobe = 3
    return index, lists, rng.random((20, DIM), dtype=np.float32)


def put_on_disk(lists, path):
    """Moves lists to a file, as FAISS's `contrib.ondisk` does; most lists get more room than they need."""
    on_disk = theirs.OnDiskInvertedLists(lists.nlist, lists.code_size, str(path))
    for number in range(lists.nlist):
        size = lists.invlists.list_size(number)
        on_disk.add_entries(number, size, lists.invlists.get_ids(number), lists.invlists.get_codes(number))
    lists.replace_invlists(on_disk, False)
    return on_disk


def agree(one, other, q):
    (expected, labels), (found, found_labels) = one.search(q, 5), other.search(q, 5)
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=1e-4)
    assert (labels != found_labels).mean() < 0.02


@pytest.mark.parametrize("description", KINDS)
def test_lists_of_faiss_are_read_where_they_are(tmp_path, description):
    index, lists, q = made(description)
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    on_disk = put_on_disk(lists, there / "x.ivfdata")
    theirs.write_index(index, str(here / "x.faiss"))
    found = ours.read_index(here / "x.faiss")
    agree(index, found, q)
    agree(theirs.deserialize_index(ours.serialize_index(found)), found, q)  # with lists inside
    with pytest.raises(RuntimeError, match="x.ivfdata"):
        ours.read_index(here / "x.faiss", ours.IO_FLAG_ONDISK_SAME_DIR)
    os.rename(there / "x.ivfdata", here / "x.ivfdata")
    for flags in (0, ours.IO_FLAG_ONDISK_SAME_DIR):
        agree(index, ours.read_index(here / "x.faiss", flags), q)
    del on_disk


@pytest.mark.parametrize("description", KINDS)
def test_faiss_reads_lists_that_are_written_apart(tmp_path, description):
    index, _, q = made(description)
    copy = ours.deserialize_index(theirs.serialize_index(index))
    ours.write_index(copy, tmp_path / "x.faiss", lists=tmp_path / "x.ivfdata")
    found = theirs.read_index(str(tmp_path / "x.faiss"))
    agree(index, found, q)
    agree(index, ours.read_index(tmp_path / "x.faiss"), q)
    more = np.random.default_rng(4).random((ROWS, DIM), dtype=np.float32)
    for changed in (index, found):  # the file takes more rows
        changed.add(more)
    agree(index, found, q)


def test_an_empty_index_has_a_file_of_lists(tmp_path):
    index = ours.index_factory(DIM, "IVF2,Flat")
    index.train(np.random.default_rng(5).random((100, DIM), dtype=np.float32))
    ours.write_index(index, tmp_path / "x.faiss", lists=tmp_path / "x.ivfdata")
    assert theirs.read_index(str(tmp_path / "x.faiss")).ntotal == 0
    assert ours.read_index(tmp_path / "x.faiss").ntotal == 0
