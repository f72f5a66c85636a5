"""When answers of FAISS and of anear are the same: all but ties and rounding."""

import numpy as np


def answer(call):
    """What a call gives, or the kind of exception it raises."""
    try:
        return call()
    except Exception as error:
        return type(error)


def same(call, *indexes, rounding=2e-5, nearest=None):
    """Both indexes, that of FAISS first, give the same answer or refuse; ``nearest`` compares what
    searches find, if not :func:`same_nearest`."""
    expected, found = (answer(lambda: call(index)) for index in indexes)
    if isinstance(expected, type) or isinstance(found, type):
        assert expected is found, (expected, found)
    elif isinstance(expected, tuple) and len(expected) == 3:
        same_range(expected, found, rounding)
    elif isinstance(expected, tuple):
        (nearest or same_nearest)(expected, found, rounding)
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    return expected


def by_query(expected, found):
    """For each query the distances and labels that FAISS has found, then those that anear has."""
    for one, other in zip(expected, found, strict=True):
        assert one.shape == other.shape and one.dtype == other.dtype
    for distances, labels, other_distances, others in zip(*expected, *found, strict=True):
        there, other_there = labels >= 0, others >= 0  # what is missing may have any distance in FAISS
        ours = other_distances[other_there].astype(np.float64), others[other_there]
        yield (distances[there].astype(np.float64), labels[there]), ours


def slack_of(rounding, distances):
    return rounding * max(1.0, np.abs(distances).max(initial=0.0))


def same_nearest(expected, found, rounding=2e-5):
    """The same distances up to rounding; where labels differ, what has one of them is as far as what
    has the other."""
    for (distances, labels), (other_distances, others) in by_query(expected, found):
        assert len(labels) == len(others), (labels, others)
        compare_ranks(distances, labels, other_distances, others, rounding)


def same_nearest_but_missing(expected, found, rounding=2e-5):
    """The same where FAISS does not find rows whose rounded score is the least there is."""
    for (distances, labels), (other_distances, others) in by_query(expected, found):
        assert len(labels) <= len(others), (labels, others)
        count = len(labels)
        compare_ranks(distances, labels, other_distances[:count], others[:count], rounding)


def compare_ranks(distances, labels, other_distances, others, rounding):
    slack = slack_of(rounding, distances)
    np.testing.assert_allclose(other_distances, distances, rtol=0, atol=slack)
    in_order = np.abs(np.diff(distances))
    for label in set(labels) ^ set(others):  # as far as the last one, which others are as far as
        place = np.flatnonzero((labels == label) | (others == label))[0]
        assert abs(distances[place] - distances[-1]) <= 2 * slack, (label, labels, others, distances)
    for place in np.flatnonzero(labels != others):
        is_last = place == len(labels) - 1
        neighbours = in_order[max(place - 1, 0) : place + 1]
        assert is_last or neighbours.min() <= 2 * slack, (place, labels, others, distances)


def as_near(expected, found, rounding=2e-5):
    """As near or nearer at each rank, where FAISS passes over rows by an estimate of their distance; rows
    that both find have the same distance."""
    for (distances, labels), (other_distances, others) in by_query(expected, found):
        slack = slack_of(rounding, distances)
        known = dict(zip(others, other_distances, strict=True))
        assert len(labels) <= len(others)
        is_farthest = np.sign(other_distances[-1] - other_distances[0]) if len(others) > 1 else 0.0
        for rank, (distance, label) in enumerate(zip(distances, labels, strict=True)):
            assert label not in known or abs(known[label] - distance) <= slack, (label, distance, known)
            assert is_farthest * (other_distances[rank] - distance) <= slack, (rank, distances, other_distances)


def same_range(expected, found, rounding=2e-5):
    """The same rows within a radius, in any order; those as far as the farthest may be in or out."""
    for one, other in zip(expected, found, strict=True):
        assert one.dtype == other.dtype
    assert len(expected[0]) == len(found[0])
    slack = slack_of(rounding, expected[1])
    for query in range(len(expected[0]) - 1):
        one, other = (within(query, *answers) for answers in (expected, found))
        ends = [end for rows in (one, other) if rows for end in (min(rows.values()), max(rows.values()))]
        for label in one.keys() & other.keys():
            assert abs(one[label] - other[label]) <= slack, (label, one[label], other[label])
        for label in one.keys() ^ other.keys():
            distance = one.get(label, other.get(label))
            assert min(abs(distance - end) for end in ends) <= slack, (label, distance, ends)


def within(query, limits, distances, labels):
    """The distance of each row that was found for a query."""
    of = slice(int(limits[query]), int(limits[query + 1]))
    return dict(zip(labels[of].tolist(), distances[of].tolist(), strict=True))
