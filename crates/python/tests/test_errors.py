import pickle

import anear
import pytest
from conftest import fixtures

BUILTIN = {
    anear.DamagedError: ValueError,
    anear.UnsupportedError: ValueError,
    anear.LimitError: ValueError,
    anear.DataError: ValueError,
    anear.UsageError: ValueError,
    anear.FileError: OSError,
    anear.MissingFileError: FileNotFoundError,
    anear.RowError: IndexError,
    anear.ColumnError: KeyError,
    anear.InputTypeError: TypeError,
}


@pytest.mark.parametrize("kind", BUILTIN)
def test_every_error_is_also_a_builtin_one(kind):
    assert issubclass(kind, anear.Error) and issubclass(kind, BUILTIN[kind])
    error = kind("what", help="next step", path="x.npy", row=3)
    again = pickle.loads(pickle.dumps(error))
    for one in (error, again):
        assert str(one) == "what\nhelp: next step"
        assert (one.help, one.path, one.row) == ("next step", "x.npy", 3)
    assert str(kind("what")) == "what"


def test_all_errors_are_in_the_package():
    public = {name for name in anear.__all__ if name.endswith("Error")}
    assert public == {kind.__name__ for kind in BUILTIN} | {"Error"}


def test_hostile_files_end_in_one_clear_error():
    files = sorted(fixtures("bad").iterdir())
    seen = set()
    for path in files:
        try:
            with anear.open(path) as v:
                for block in v.blocks():
                    anear.search(block, block[:1], k=1)
        except anear.Error as error:
            seen.add(type(error))
            assert "\n" not in error.message
    assert {anear.DamagedError, anear.DataError, anear.UnsupportedError} <= seen


def test_a_limit_can_be_lifted():
    path = fixtures("bad") / "npz_bomb_claims.npz"
    with pytest.raises(anear.LimitError, match="far more than"):
        anear.open(path)
    unbound = anear.open(path, limits=False)
    with pytest.raises(anear.LimitError, match="exceed the memory"):
        unbound[:1]
    with pytest.raises(anear.DamagedError):
        unbound.numpy()
