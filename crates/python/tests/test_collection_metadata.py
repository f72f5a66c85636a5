"""What metadata become in a collection, and how answers look as tables."""

import datetime

import anear
import numpy as np
import pytest

NAN = float("nan")


@pytest.fixture
def c(tmp_path):
    return anear.Collection(tmp_path / "c.anear", dim=2, metric="l2")


def back(c, values, kind):
    """The values of a column after a stay in a collection."""
    count = len(values)
    ids = c.add(np.zeros((count, 2)), metadata={"it": values})
    assert c.columns == {"it": kind}
    return c.get(ids).metadata["it"]


LISTS = {
    "int": ([1, None, -(2**63), 2**63 - 1], None),
    "real": ([0.5, None, NAN, -1e300], [0.5, None, None, -1e300]),
    "text": (["a", "", None, "naïve\n\0x"], None),
    "bool": ([True, None, False], None),
    "blob": ([b"\0x", None, b""], None),
    "mixed": ([1, "a", b"b", 0.5, None], None),
    "json": ([{"a": [1, {"b": None}]}, [1, "é"], "text", 5, 0.5, True, None, (1, 2)], [{"a": [1, {"b": None}]}, [1, "é"], "text", 5, 0.5, True, None, [1, 2]]),
}


@pytest.mark.parametrize("kind", LISTS)
def test_lists_of_values(c, kind):
    values, expected = LISTS[kind]
    found = back(c, values, kind)
    assert found == (expected or values)
    assert [type(value) for value in found] == [type(value) for value in expected or values]


ARRAYS = {
    "int8": np.array([1, -2], np.int8),
    "big-endian integers": np.array([1, -2], ">i4"),
    "unsigned": np.array([1, 2**63 - 1], np.uint64),
    "every other": np.arange(4)[::2],
    "truth": np.array([True, False]),
    "float32": np.array([0.5, -1], np.float32),
    "half": np.array([0.5, -1], np.float16),
    "strings": np.array(["a", "bc"]),
    "bytes": np.array([b"a", b"bc"]),
    "objects": np.array(["a", 1], object),
    "a tuple": ("a", 1),
    "a range": range(2),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_and_other_sequences(c, name):
    values = ARRAYS[name]
    kinds = {"i": "int", "u": "int", "f": "real", "b": "bool", "U": "text", "S": "blob"}
    kind = kinds.get(getattr(values, "dtype", np.dtype(object)).kind, "mixed")
    assert back(c, values, "int" if name == "a range" else kind) == list(getattr(values, "tolist", lambda: values)())


def test_missing_values_are_null(c):
    assert back(c, np.array([0.5, NAN]), "real") == [0.5, None]
    c.add(np.zeros((2, 2)), metadata={"it": np.ma.array([1, 2], mask=[False, True])})
    assert c.count("it IS NULL") == 2


def test_scalars_of_numpy_are_plain(c):
    values = [np.float32(0.5), np.int16(3), np.bool_(True), np.str_("a"), np.float64(NAN), np.arange(2)]
    assert back(c, values, "json") == [0.5, 3, True, "a", None, [0, 1]]


def test_rows_as_dicts(c):
    ids = c.add(np.zeros((3, 2)), metadata=[{"a": 1}, {"b": "x", "a": None}, {}])
    assert c.get(ids).metadata == {"a": [1, None, None], "b": [None, "x", None]}
    with pytest.raises(anear.InputTypeError, match="no metadata of a row"):
        c.add(np.zeros((2, 2)), metadata=[{}, 5])


@pytest.mark.parametrize(
    "values,message",
    [
        ([datetime.date(2024, 1, 2)], "type date.*\n.*isoformat"),
        ([2**63], "type int"),
        ([1j], "type complex"),
        ([{"a": datetime.date(2024, 1, 2)}], "datetime.date"),
        ([{"a": NAN}], "JSON"),
        (np.array(["2024-01-02"], "M8[ns]"), "datetime64"),
        (np.array([2**63], np.uint64), "64 bits"),
        (np.zeros((1, 2)), "2 axes"),
        ("a", "no column"),
        (5, "no column"),
        ({"a": 1}, "no column"),
    ],
)
def test_what_metadata_cannot_hold(c, values, message):
    with pytest.raises(anear.Error, match=message):
        c.add(np.zeros((1, 2)), metadata={"it": values})
    assert len(c) == 0 and c.columns == {}
    with pytest.raises(anear.InputTypeError, match="no metadata"):
        c.add(np.zeros((1, 2)), metadata="it")


def test_documents_are_searched_by_path(c):
    c.add([[0, 0], [3, 4]], ids=["a", "b"], metadata=[{"it": {"author": "Ann"}}, {"it": {"author": "Bob"}}])
    assert c.search([0, 0], where="it ->> '$.author' = ?", params=["Bob"]).ids == ["b"]


def test_texts_and_documents_in_one_column(c):
    for values in (["a"], [{"a": 1}], ["b"], [True], [3]):
        c.add(np.zeros((1, 2)), metadata={"it": values})
    assert c.columns == {"it": "json"}
    assert c.get(range(5)).metadata["it"] == ["a", {"a": 1}, "b", True, 3]


def test_a_copy_of_a_collection_is_like_it(tmp_path):
    c = anear.Collection(tmp_path / "c.anear", dim=2, metric="l2", model="tiny", text="about")
    c.add(np.zeros((2, 2)), ids=["a", "b"], metadata={"about": ["tea", "milk"], "it": [{"a": 1}, 5]})
    copies = tmp_path / "copy.anear", tmp_path / "part.anear"
    anear.convert(c.path, copies[0])
    c.export(copies[1], where="id = 'a'")
    for path in copies:
        copy = anear.Collection(path)
        assert (copy.model, copy.metric, copy.columns) == (c.model, c.metric, c.columns)
        assert copy.search(text="tea").ids == ["a"]
        assert copy.get("a").metadata == c.get("a").metadata
    assert [len(anear.Collection(path)) for path in copies] == [2, 1]


@pytest.mark.parametrize("name", ["rowid", "select", "a b", "é", '"q"', "_row", "order by"])
def test_any_name_is_that_of_a_column(c, name):
    c.add(np.zeros((2, 2)), metadata={name: [1, 2], "other": [3, 4]})
    assert c.columns == {name: "int", "other": "int"}
    assert c.search([0, 0], columns=[name])[1].metadata == {name: 2}
    if name not in ("rowid", "_row"):  # those are other things in SQL
        quoted = name.replace('"', '""')
        assert c.count(f'"{quoted}" = 2') == 1


def test_a_data_frame(c):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {
            "int": [1, 2, 3],
            "gaps": pd.array([1, None, 2**60 + 1], dtype="Int64"),
            "real": [0.5, None, 1.5],
            "text": ["a", None, "c"],
            "kind": pd.Categorical(["x", "y", None]),
            "flag": pd.array([True, None, False], dtype="boolean"),
            "string": pd.array(["a", None, "c"], dtype="string"),
            "objects": [{"a": 1}, None, [2]],
        },
        index=[5, 6, 7],
    )
    ids = c.add(np.zeros((3, 2)), metadata=frame)
    assert c.get(ids).metadata == {
        "int": [1, 2, 3],
        "gaps": [1, None, 2**60 + 1],
        "real": [0.5, None, 1.5],
        "text": ["a", None, "c"],
        "kind": ["x", "y", None],
        "flag": [True, None, False],
        "string": ["a", None, "c"],
        "objects": [{"a": 1}, None, [2]],
    }
    with pytest.raises(anear.Error, match="datetime64"):
        c.add(np.zeros((1, 2)), metadata=pd.DataFrame({"day": pd.to_datetime(["2024-01-02"])}))


def test_an_arrow_table(c):
    pa = pytest.importorskip("pyarrow")
    columns = {
        "int": [1, 2, 2**60 + 1],
        "gaps": [1, None, 2**60 + 1],
        "real": [0.5, None, 1.5],
        "text": ["a", None, "c"],
        "flag": [True, None, False],
        "blob": [b"x", None, b""],
        "struct": [{"a": 1}, None, {"a": 2}],
        "list": [[1], [], None],
    }
    table = pa.table({**columns, "dictionary": pa.array(["a", "b", "a"]).dictionary_encode()})
    chunks = pa.concat_tables([table.slice(0, 1), table.slice(1)])
    ids = c.add(np.zeros((3, 2)), metadata=chunks)
    assert c.get(ids).metadata == {**columns, "dictionary": ["a", "b", "a"]}


def answers(c):
    c.add(
        [[0, 0], [3, 4]],
        ids=["a", "b"],
        metadata={
            "page": [1, None],
            "about": ["x", None],
            "real": [None, 0.5],
            "flag": [None, True],
            "blob": [b"x", None],
            "json": [{"a": [1]}, None],
            "mixed": [1, "x"],
            "distance": [5, 6],
        },
    )
    return c.search([0, 0], k=2), c.get(["a", "b"])


def test_answers_as_data_frames(c):
    pd = pytest.importorskip("pandas")
    hits, rows = answers(c)
    frame = hits.to_pandas()
    metadata = ["page", "about", "real", "flag", "blob", "json", "mixed"]
    assert list(frame.columns) == ["id", "distance", *metadata, "metadata.distance"]
    assert frame["id"].tolist() == ["a", "b"] and frame["distance"].tolist() == [0, 25]
    assert str(frame["page"].dtype) == "Int64" and str(frame["flag"].dtype) == "boolean"
    assert frame["real"].dtype == np.float64 and frame["json"][0] == {"a": [1]}
    assert frame["metadata.distance"].tolist() == [5, 6] and pd.isna(frame["about"][1])
    frame = rows.to_pandas()
    assert list(frame.columns) == ["id", "vector", *metadata, "distance"]
    np.testing.assert_array_equal(np.stack(frame["vector"]), rows.vectors)
    assert "vector" not in c.get("a", vectors=False).to_pandas()
    assert len(c.search([0, 0], where="id = 'z'").to_pandas()) == 0


def test_answers_as_arrow_tables(c):
    pa = pytest.importorskip("pyarrow")
    hits, rows = answers(c)
    table = hits.to_arrow()
    kinds = {field.name: str(field.type) for field in table.schema}
    expected = {
        "id": "string",
        "distance": "double",
        "page": "int64",
        "about": "string",
        "real": "double",
        "flag": "bool",
        "blob": "binary",
        "json": "string",
        "mixed": "string",
        "metadata.distance": "int64",
    }
    assert kinds == expected
    assert table["json"].to_pylist() == ['{"a": [1]}', None]
    assert table["mixed"].to_pylist() == ["1", "x"]
    table = rows.to_arrow()
    assert table["vector"].type == pa.list_(pa.float32(), 2)
    assert table["vector"].to_pylist() == rows.vectors.tolist()
    (empty,) = [c.search([0, 0], where="id = 'z'").to_arrow()]
    assert empty.num_rows == 0 and str(empty.schema.field("about").type) == "string"


def test_hits_are_a_sequence(c):
    hits, _ = answers(c)
    assert [hit.id for hit in hits] == ["a", "b"] and hits[-1].id == "b"
    assert hits[1] == list(hits)[1]
    assert hits[1:].ids == ["b"] and hits[1:][0] == hits[1]
    with pytest.raises(IndexError):
        hits[2]
    assert repr(hits) == "<anear.Hits, 2, 'a' at 0, 'b' at 25>"
    assert isinstance(hits[0].distance, float) and isinstance(hits[0].row, int)
