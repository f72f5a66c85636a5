import anear
import numpy as np
import pytest

torch = pytest.importorskip("torch")


def test_tensors_are_read_where_they_are(x, q):
    from anear import _inputs

    tensor = torch.from_numpy(x)
    array, element = _inputs.rows(tensor, False)
    assert np.shares_memory(array, x) and element is None
    expected = anear.search(x, q, metric="l2")
    for given in (tensor, torch.nn.Parameter(tensor.clone()), tensor.t().contiguous().t()):
        np.testing.assert_array_equal(anear.search(given, q, metric="l2"), expected)
    np.testing.assert_array_equal(anear.search(x, torch.from_numpy(q), metric="l2"), expected)
    assert len(anear.Index.build(tensor)) == len(x)


@pytest.mark.parametrize("name", ["float16", "float64", "int8", "uint8", "int32", "bool"])
def test_types(rng, name):
    tensor = torch.from_numpy(rng.random((30, 16)) * 3).to(getattr(torch, name))
    metric = "hamming" if name == "bool" else "l2"
    expected = anear.search(tensor.numpy(), tensor.numpy()[:3], metric=metric)
    np.testing.assert_array_equal(anear.search(tensor, tensor[:3], metric=metric), expected)


def test_bfloat16(x, q):
    small = torch.from_numpy(x).to(torch.bfloat16)
    expected = anear.search(small.float().numpy(), q, metric="l2")
    for layout in (small, small.t().contiguous().t(), torch.cat([small, small])[: len(small)]):
        np.testing.assert_array_equal(anear.search(layout, q, metric="l2"), expected)


def test_bfloat16_files(tmp_path, x):
    small = torch.from_numpy(x).to(torch.bfloat16)
    anear.save(tmp_path / "x.safetensors", small)
    v = anear.open(tmp_path / "x.safetensors")
    assert (v.element, v.dtype) == ("bf16", np.float32)
    np.testing.assert_array_equal(v.numpy(), small.float().numpy())
    np.testing.assert_array_equal(v[3], small[3].float().numpy())
    assert v.torch().dtype == torch.bfloat16 and torch.equal(v.torch(), small)
    assert torch.equal(torch.from_dlpack(v), small)


def test_tensors_elsewhere_are_refused(x):
    with pytest.raises(anear.InputTypeError, match="on the device meta") as caught:
        anear.search(torch.empty((3, 24), device="meta"), x[:1])
    assert caught.value.help.startswith("x.cpu()")
    with pytest.raises(anear.InputTypeError, match="layout torch.sparse_coo"):
        anear.search(torch.eye(24).to_sparse(), x[:1])


def test_a_file_becomes_a_tensor_without_a_copy(tmp_path, x):
    anear.save(tmp_path / "x.npy", x)
    before = (tmp_path / "x.npy").read_bytes()
    v = anear.open(tmp_path / "x.npy")
    tensor = v.torch()
    assert torch.equal(tensor, torch.from_numpy(x))
    tensor[0] = 7  # private: neither the file nor other views of it change
    assert v[0][0] == x[0, 0] and (tmp_path / "x.npy").read_bytes() == before
    shared = torch.from_dlpack(v)
    shared += 1
    np.testing.assert_allclose(shared.numpy(), x + 1)
    v.close()
    assert float(tensor[1, 1]) == x[1, 1]
    assert torch.equal(anear.open("examples/data/food.db").torch()[3], torch.from_numpy(
        anear.open("examples/data/food.db")[3]
    ))


def test_saved_tensors_load_in_torch(tmp_path, x):
    anear.save(tmp_path / "x.pt", torch.from_numpy(x))
    loaded = torch.load(tmp_path / "x.pt")
    loaded = loaded if isinstance(loaded, torch.Tensor) else next(iter(loaded.values()))
    assert torch.equal(loaded, torch.from_numpy(x))
