"""What people hold vectors in, as NumPy arrays that the engine reads where they are.

The compiled half takes a NumPy array in C order as it is and calls `rows` with everything else.
Nothing is copied where the memory of the other library can be used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ._anear import File
from ._columns import items, name_of
from ._errors import DataError, InputTypeError
from ._vectors import opened

# Types that NumPy does not have travel as unsigned integers, with their name beside them.
_BITS = {"bfloat16": np.uint16, "float8_e4m3fn": np.uint8, "float8_e5m2": np.uint8}
_MAIN_MEMORY = (1, 3, 11)  # DLPack: CPU, and memory pinned for CUDA and ROCm

_Array = np.ndarray[Any, Any]


def rows(source: Any, vector: bool) -> File | tuple[_Array, str | None]:
    """The rows of `source`: an open file, or an array in C order with the name of its type where
    NumPy has none. With `vector`, one axis is one row."""
    source = opened(source)
    if isinstance(source, File):
        return source
    array, element = _array(source)
    if array.dtype.name in _BITS:  # of the package ml_dtypes
        element = array.dtype.name
        array = array.view(_BITS[element])
    _check_type(array)
    if array.ndim == 1 and array.size == 0:
        raise DataError(
            "there are no rows, so nothing tells how many components they have",
            help="give an array of shape (0, components)",
        )
    if array.ndim == 2 or (vector and array.ndim == 1):
        native = array.dtype.newbyteorder("=")
        return np.asarray(np.require(array, native, ["C", "A"])), element
    wanted = "a matrix, or one vector" if vector else "a matrix: one row for each vector"
    hint = "x.reshape(1, -1) makes a matrix of one vector" if array.ndim == 1 else None
    raise DataError(f"an array of {array.ndim} axes is no {wanted}", help=hint)


def _array(source: Any) -> tuple[_Array, str | None]:
    if isinstance(source, np.ma.MaskedArray):
        return _unmasked(source), None
    if isinstance(source, np.ndarray):
        return source, None
    library = type(source).__module__.partition(".")[0]
    if library == "torch" and hasattr(source, "detach"):
        return _torch(source)
    if library == "pyarrow":
        return _arrow(source), None
    if library == "pandas":
        return _pandas(source), None
    if hasattr(source, "__dlpack__"):
        return _dlpack(source), None
    if isinstance(source, (list, tuple)):
        return _sequence(source), None
    if any(hasattr(source, name) for name in ("__array__", "__array_interface__")):
        return np.asarray(source), None
    try:
        return np.asarray(memoryview(source)), None
    except TypeError:
        pass
    raise InputTypeError(
        f"a {name_of(source)} holds no vectors",
        help="give an array, a tensor, a list of lists, a path or an open anear.Vectors",
    )


def _check_type(array: _Array) -> None:
    dtype = array.dtype
    if dtype.kind in "biu" or (dtype.kind == "f" and dtype.itemsize <= 8):
        return
    hint = {
        "O": "x.astype('float32') makes numbers of the objects, if that is what they are",
        "c": "complex numbers have no place here; search their real and imaginary parts",
        "f": "x.astype('float64') is the widest there is",
    }
    raise InputTypeError(f"vectors of type {dtype} are not supported", help=hint.get(dtype.kind))


def _unmasked(source: Any) -> _Array:
    mask = np.ma.getmaskarray(source)
    if mask.any():
        row = int(np.argwhere(mask)[0][0])
        raise DataError(f"row {row} has masked components", help="x.filled(0)", row=row)
    return np.asarray(source.data)


def _torch(tensor: Any) -> tuple[_Array, str | None]:
    if tensor.device.type != "cpu":
        raise InputTypeError(
            f"this tensor is on the device {tensor.device}",
            help="x.cpu() copies it into main memory",
        )
    if str(tensor.layout) != "torch.strided":
        raise InputTypeError(
            f"this tensor has the layout {tensor.layout}", help="x.to_dense() fills in the zeros"
        )
    tensor = tensor.detach()
    element = str(tensor.dtype).removeprefix("torch.")
    if element not in _BITS:
        return np.asarray(tensor.numpy()), None
    import torch

    same_size = torch.int16 if tensor.element_size() == 2 else torch.uint8
    bits: _Array = tensor.contiguous().view(same_size).numpy()
    return bits.view(_BITS[element]), element


def _dlpack(source: Any) -> _Array:
    device, number = source.__dlpack_device__()
    if device not in _MAIN_MEMORY:
        raise InputTypeError(
            f"this {name_of(source)} is on the DLPack device {int(device)}:{number}",
            help="copy it into main memory first",
        )
    try:
        return np.from_dlpack(source)
    except (BufferError, RuntimeError, TypeError):
        if hasattr(source, "__array__"):  # a type or a strict layout that DLPack cannot say
            return np.asarray(source)
        raise


def _arrow(array: Any) -> _Array:
    if hasattr(array, "chunks"):
        chunks = array.chunks
        if len(chunks) == 1:
            return _arrow(chunks[0])
        if chunks:
            return np.concatenate([_arrow(chunk) for chunk in chunks])
        return _arrow(array.combine_chunks())
    if hasattr(array, "storage"):  # an extension type such as FixedShapeTensor
        return _arrow(array.storage)
    if not hasattr(array, "flatten") or not hasattr(array, "null_count"):
        if hasattr(array, "to_numpy") and hasattr(array, "strides"):
            return np.asarray(array.to_numpy())  # pyarrow.Tensor
        raise InputTypeError(
            f"a {name_of(array)} is no column of vectors", help="choose one: table['embedding']"
        )
    if array.null_count:
        row = next(row for row, value in enumerate(array.is_valid()) if not value.as_py())
        raise DataError(f"row {row} is null", help="drop the rows without a vector", row=row)
    values, size = array.flatten(), getattr(array.type, "list_size", None)
    if values is array or not hasattr(array.type, "value_type"):
        return np.asarray(array.to_numpy(zero_copy_only=False))
    if size is None:
        lengths = array.value_lengths().to_numpy(zero_copy_only=False)
        _check_lengths(lengths)
        size = int(lengths[0]) if len(lengths) else 0
    if values.null_count:
        at = next(at for at, value in enumerate(values.is_valid()) if not value.as_py())
        row, column = divmod(at, size)
        raise DataError(f"component {column} of row {row} is null", row=row)
    numbers = values.to_numpy(zero_copy_only=False)
    return np.asarray(numbers).reshape(len(array), size)


def _pandas(source: Any) -> _Array:
    array = np.asarray(source.to_numpy())
    if array.dtype != object:
        return array
    if array.ndim == 1:  # a column whose values are vectors
        return _sequence(array.tolist())
    for column, dtype in source.dtypes.items():
        if dtype.kind not in "biuf":
            raise InputTypeError(
                f"the column {column!r} of type {dtype} holds no numbers",
                help="choose the columns of numbers, or the column of vectors",
            )
    return np.asarray(source.to_numpy("float64"))


def _sequence(source: Sequence[Any]) -> _Array:
    first = source[0] if source else None
    if isinstance(first, (str, bytes)) or first is None and len(source) > 0:
        raise InputTypeError(f"a list of {name_of(first)} holds no vectors")
    if first is None or np.ndim(first) == 0 and not hasattr(first, "__len__"):
        return np.asarray(source)  # one vector, or nothing
    vectors = [row if isinstance(row, (list, tuple)) else _array(row)[0] for row in source]
    _check_lengths([len(row) if np.ndim(row) or isinstance(row, list) else -1 for row in vectors])
    return np.asarray(vectors)


def _check_lengths(lengths: Iterable[int]) -> None:
    """Every row must have as many components as the first."""
    dim = None
    for row, length in enumerate(lengths):
        dim = length if dim is None else dim
        if length != dim:
            raise DataError(
                f"row {row} has {length} components, the first has {dim}",
                help="all vectors must have the same number of components",
                row=row,
            )


def columns(metadata: Any) -> list[tuple[str, list[Any]]]:
    """Metadata as lists of plain Python objects by column."""
    return [] if metadata is None else [(name, values(column)) for name, column in items(metadata)]


def values(column: Any) -> list[Any]:
    """The values of one column as plain Python objects."""
    if isinstance(column, (str, bytes)) or not isinstance(column, Iterable):
        raise InputTypeError(f"a {name_of(column)} is no column: it needs one value a row")
    if hasattr(column, "notna") and hasattr(column, "astype"):  # pandas
        column = column.astype(object).where(column.notna(), None)
    if isinstance(column, np.ndarray) and column.ndim != 1:
        raise InputTypeError(f"an array of {column.ndim} axes is no column: it needs one value a row")
    if hasattr(column, "to_pylist"):
        return list(column.to_pylist())
    if hasattr(column, "tolist"):
        column = column.tolist()
    return [value.item() if isinstance(value, np.generic) else value for value in column]


def selection(chosen: Any) -> _Array | list[str]:
    """A filter: one truth value a row, or ids."""
    flags = np.asarray(_array(chosen)[0] if hasattr(chosen, "detach") else chosen)
    if flags.dtype == bool and flags.ndim == 1:
        return np.ascontiguousarray(flags)
    return ids(chosen)


def ids(given: Any) -> npt.NDArray[np.int64] | list[str]:
    """Ids: 64-bit integers, or strings."""
    found = values(given)
    if found and all(isinstance(value, str) for value in found):
        return found
    for row, value in enumerate(found):
        if isinstance(value, bool) or not isinstance(value, int):
            raise InputTypeError(
                f"an id is {value!r}", help="ids are all integers or all strings", row=row
            )
        if not -(2**63) <= value < 2**63:
            raise DataError(f"the id {value} does not fit in 64 bits", row=row)
    return np.array(found, np.int64)
