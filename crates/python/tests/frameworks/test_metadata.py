"""Metadata as columns, below all frameworks: what is read is what was written."""

import anear
import numpy as np
import pytest
from anear._adapters import conditions
from anear._adapters.conditions import Operand
from anear._adapters.documents import Documents
from anear._adapters.metadata import Layout


@pytest.fixture
def documents(tmp_path):
    return Documents(tmp_path / "c.anear", text="text", own=("_own",), options={})


def write(documents, metadata, start=0):
    ids = [str(start + row) for row in range(len(metadata))]
    documents.write(ids, np.ones((len(metadata), 2)), ids, metadata)


def read(documents, condition=conditions.ALWAYS):
    layout = documents.layout()
    return [layout.decode(each.row) for each in documents.read(condition)]


def identical(ours, theirs):
    """Equal, with 1, 1.0 and True apart."""
    return repr([sorted(each.items()) for each in ours]) == repr(
        [sorted(each.items()) for each in theirs]
    )


VALUES = [
    None,
    True,
    False,
    0,
    1,
    -(2**63),
    2**63,
    2**200,
    1.0,
    0.1,
    -2.5e300,
    "",
    "text",
    "1",
    "a \"b\" 'c' ä 漢",
    "[1]",
    [],
    {},
    [1, 1.0, True, None, "x", [2**70, {"a": 0.5}]],
    {"a": {"b c": None}, "": [1]},
]
KEYS = [
    "a",
    "b",
    "A",
    "id",
    "ID",
    "text",
    "rowid",
    "_own",
    "_more",
    "_null",
    "a b",
    "a.b",
    'q"q',
    "",
    "ä",
    "x" * 300,
]


def test_all_values_in_all_orders(documents, rng):
    everything = [
        {
            KEYS[key]: VALUES[value]
            for key, value in zip(
                rng.permutation(len(KEYS))[:5], rng.integers(0, len(VALUES), 5), strict=True
            )
        }
        for _ in range(400)
    ]
    for start in range(0, 400, 50):
        write(documents, everything[start : start + 50], start)
    assert identical(read(documents), everything)


def test_keys_of_one_kind_are_plain_columns(documents):
    write(
        documents, [{"page": 1, "rate": 0.5, "name": "a", "good": True, "tags": [1], "raw": b"x"}]
    )
    write(documents, [{"page": 2}], 1)
    assert set(documents.collection.columns) == {
        "text",
        "page",
        "rate",
        "name",
        "good",
        "tags",
        "raw",
    }
    assert documents.layout().operand("page").sql == '"page"'
    assert read(documents)[0]["raw"] == b"x"


def test_integers_stay_integers_among_fractions(documents):
    metadata = [
        {"rate": 1},
        {"rate": None, "x": 2},
        {"rate": 3, "x": 1},
        {"rate": 2.5},
        {"rate": 4},
    ]
    write(documents, metadata[:3])
    assert documents.collection.columns["rate"] == "int"
    write(documents, metadata[3:4], 3)
    write(documents, metadata[4:], 4)
    assert documents.collection.columns["rate"] == "real"
    write(documents, [{"x": 0.5, "rate": 2.0}, {"x": 7, "rate": 2}], 5)
    assert identical(read(documents), [*metadata, {"x": 0.5, "rate": 2.0}, {"x": 7, "rate": 2}])
    more_than_2 = conditions.compare(documents.layout().operand("rate"), ">", 2)
    assert identical(read(documents, more_than_2), [*metadata[2:]])


def test_many_keys_do_not_make_many_columns(documents):
    metadata = [{f"key {row} {n}": n for n in range(40)} for row in range(20)]
    write(documents, metadata)
    assert len(documents.collection.columns) < 510
    assert identical(read(documents), metadata)
    last = documents.layout().operand("key 19 39")
    assert documents.count(conditions.equal(last, 39)) == 1


def test_types_that_json_knows_by_another_name(documents):
    given = {
        "a": np.int64(3),
        "b": np.float32(0.5),
        "c": (1, 2),
        "d": np.str_("x"),
        "e": float("nan"),
    }
    write(documents, [given])
    assert identical(read(documents), [{"a": 3, "b": 0.5, "c": [1, 2], "d": "x", "e": None}])


@pytest.mark.parametrize(
    "metadata,message",
    [
        ({1: "a"}, "a key of the metadata is 1"),
        ({"a": object()}, "'a' are of the type object"),
        ({"a": {1: 2}}, "'a' have a key 1"),
        ({"a": [float("inf")]}, "'a' hold inf"),
        ({"a": [b"x"]}, "'a' hold b'x'"),
        ({"id": b"x"}, "'id' are bytes"),
    ],
)
def test_metadata_that_cannot_be_kept_are_refused(documents, metadata, message):
    with pytest.raises(anear.Error, match=message):
        write(documents, [{}, metadata])
    assert documents.count() == 0


def test_a_value_that_was_replaced_is_gone(documents):
    write(documents, [{"a": 1, "id": 2, "n": None, "s": "x"}])
    write(documents, [{"s": 1}])
    assert identical(read(documents), [{"s": 1}])
    write(documents, [{"s": "y"}])
    assert identical(read(documents), [{"s": "y"}])


COMPARED = [None, True, 0, 1, 2.5, 2**40, "", "1", "b", [1], {"a": 1}]
PYTHON = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}


def comparable(value, other):
    numbers = (bool, int, float)
    return (isinstance(value, numbers) and isinstance(other, numbers)) or (
        isinstance(value, str) and isinstance(other, str)
    )


@pytest.mark.parametrize("kinds", ["apart", "together"])
def test_conditions_are_those_of_python(documents, kinds):
    """Whether each value has a column for its kind, or one has values of all kinds."""
    key = {"apart": lambda row: f"key {row}", "together": lambda row: "key"}[kinds]
    write(documents, [{key(row): value} for row, value in enumerate(COMPARED)])
    layout = documents.layout()

    def check(row, condition, expected):
        value, id = COMPARED[row], documents.with_id([str(row)])
        for given, wanted in ((condition, expected), (condition.negated(), not expected)):
            found = documents.count(conditions.all_of([id, given]))
            assert found == wanted, (value, given)

    for row, value in enumerate(COMPARED):
        x = layout.operand(key(row))
        for other in COMPARED:
            check(row, conditions.equal(x, other), value == other)
            check(row, conditions.one_of(x, [other, "nothing"]), value == other)
            if isinstance(other, (list, dict)) or (
                isinstance(value, (list, dict)) and x.kind is None
            ):
                continue
            for sign, compare in PYTHON.items():
                expected = comparable(value, other) and compare(value, other)
                check(row, conditions.compare(x, sign, other), expected)


def test_numbers_that_are_text_are_no_numbers(documents):
    write(documents, [{"a": "10"}, {"a": "9"}, {"b": 10}])
    a, b = documents.layout().operand("a"), documents.layout().operand("b")
    for condition in (
        conditions.equal(a, 10),
        conditions.compare(a, ">", 5),
        conditions.equal(b, "10"),
        conditions.one_of(b, ["10"]),
        conditions.compare(b, "<", "x"),
    ):
        assert documents.count(condition) == 0
        assert documents.count(condition.negated()) == 3


def test_joined_conditions():
    a, b = (conditions.equal(Operand(f'"{name}"'), name) for name in "ab")
    both = conditions.all_of([a, b])
    assert both == ('("a" = ? AND "b" = ?)', ("a", "b"), '("a" IS NOT ? OR "b" IS NOT ?)')
    assert conditions.any_of([a, b]).negated().sql == '("a" IS NOT ? AND "b" IS NOT ?)'
    assert conditions.all_of([]).sql == "1" and conditions.any_of([]).sql == "0"
    assert conditions.all_of([a]) == conditions.any_of([a]) == a


def test_a_layout_quotes_names():
    layout = Layout({'a"b': "int", "c": "json"}, own=())
    assert layout.operand('a"b').sql == '"a""b"'
    assert layout.operand("c", "d'e").sql == "(\"c\" ->> '$.\"d''e\"')"
    with pytest.raises(anear.UsageError, match="quotation mark"):
        layout.operand("c", 'd"e')


def test_shapes_that_make_no_sense_are_refused(documents):
    with pytest.raises(anear.UsageError, match="shape"):
        documents.write(["a"], np.ones(3), ["a"], [{}])
