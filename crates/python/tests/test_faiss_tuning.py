"""Choosing parameters with ``anear.faiss``: criteria, operating points, and trying combinations."""

import anear.faiss as faiss
import numpy as np
import pytest


@pytest.fixture
def x(rng):
    return rng.random((600, 16), dtype=np.float32)


@pytest.fixture
def q(rng):
    return rng.random((30, 16), dtype=np.float32)


def truth(q, x, k):
    return faiss.knn(q, x, k)


def test_criteria_count_what_is_found(q, x):
    distances, labels = truth(q, x, 5)
    first, common = faiss.OneRecallAtRCriterion(30, 5), faiss.IntersectionCriterion(30, 5)
    with pytest.raises(RuntimeError, match="ground truth not initialized"):
        first.evaluate(distances, labels)
    first.set_groundtruth(None, labels[:, :1])
    common.set_groundtruth(distances, labels)
    assert (first.gt_nnn, first.gt_I.size(), first.gt_D.size()) == (1, 30, 0)
    assert (common.gt_nnn, common.gt_I.size(), common.gt_D.size()) == (5, 150, 150)
    assert first.evaluate(distances, labels) == common.evaluate(distances, labels) == 1.0
    missed = labels.copy()
    missed[:15, 0] = -1
    assert first.evaluate(distances, missed) == 0.5
    assert common.evaluate(distances, missed) == pytest.approx(0.9)
    narrow = faiss.IntersectionCriterion(30, 5)
    narrow.set_groundtruth(None, labels[:, :4])
    with pytest.raises(RuntimeError, match="4 rows are known"):
        narrow.evaluate(distances, labels)


def keys(points):
    return [point.key for point in points.optimal_pts]


def test_points_that_others_beat_are_not_among_the_best(tmp_path):
    points = faiss.OperatingPoints()
    assert points.add(0.5, 1.0, "slow") and points.add(0.9, 1.0, "as slow and better")
    assert keys(points) == ["", "as slow and better"]
    assert points.add(0.7, 0.5, "faster", 7) and not points.add(0.6, 0.6, "beaten")
    assert not points.add(0.7, 0.5, "the same") and not points.add(0.0, 0.0, "nothing")
    assert keys(points) == ["", "faster", "as slow and better"]
    assert points.add(0.7, 0.25, "as good and faster")
    assert keys(points) == ["", "as good and faster", "as slow and better"]
    assert [points.t_for_perf(perf) for perf in (0.0, 0.1, 0.7, 0.8, 0.95)] == [0.0, 0.25, 0.25, 1.0, 1e50]
    others = faiss.OperatingPoints()
    assert others.merge_with(points, "a ") == 4  # slow, as slow and better, faster, as good and faster
    assert keys(others) == ["", "a as good and faster", "a as slow and better"]
    others.optimal_to_gnuplot(tmp_path / "points")
    assert (tmp_path / "points").read_text().splitlines()[-1] == "0.9 1 a as slow and better"
    others.all_to_gnuplot(tmp_path / "points")
    assert len((tmp_path / "points").read_text().splitlines()) == len(others.all_pts) == 7
    others.clear()
    assert keys(others) == [""] and len(others.all_pts) == 0


def test_points_are_printed(capsys):
    points = faiss.OperatingPoints()
    points.add(0.5, 0.25, "nprobe=1", 3)
    points.add(0.25, 0.5, "worse", 4)
    points.display(False)
    printed = capsys.readouterr().out
    assert "2 ones are Pareto-optimal" in printed and "cno=3 key=nprobe=1 perf=0.5000 t=0.250 *\n" in printed
    assert "worse perf=0.2500 t=0.500 \n" in printed


def test_combinations_are_numbered():
    space = faiss.ParameterSpace()
    space.add_range("nprobe").values.extend([1, 2, 4])
    space.add_range("efSearch").values.extend([8, 16])
    assert space.add_range("nprobe") is space.parameter_ranges.at(0) and space.n_combinations() == 6
    assert space.combination_name(0) == "nprobe=1,efSearch=8"
    assert space.combination_name(5) == "nprobe=4,efSearch=16"
    assert space.combination_ge(5, 3) and not space.combination_ge(2, 3) and not space.combination_ge(3, 2)


def test_combinations_of_what_an_index_has_are_tried(q, x, capsys):
    index = faiss.index_factory(16, "IVF16,Flat")
    index.train(x)
    index.add(x)
    space = faiss.ParameterSpace()
    space.initialize(index)
    space.display()
    assert "nprobe: [ 1, 2, 4, 8]" in capsys.readouterr().out
    criterion = faiss.IntersectionCriterion(30, 10)
    criterion.set_groundtruth(*truth(q, x, 10))
    for experiments, tried in ((0, range(4, 5)), (500, range(2, 5))):
        space.n_experiments = experiments
        points = space.explore(index, q, criterion)
        assert len(points.all_pts) in tried
        assert "nprobe=8 perf=" in capsys.readouterr().out
        for point in points.all_pts:
            space.set_index_parameters(index, point.cno)
            assert index.nprobe == 1 << point.cno and point.key == f"nprobe={index.nprobe}"
            assert criterion.evaluate(*index.search(q, 10)) == point.perf
    space.verbose, space.batchsize, space.min_test_duration = 0, 7, 0.01
    assert max(point.perf for point in space.explore(index, q, criterion).all_pts) > 0.9
    assert capsys.readouterr().out == ""
    space.n_experiments = 2
    with pytest.raises(RuntimeError, match="2 experiments"):
        space.explore(index, q, criterion)


def test_parameters_of_graphs_are_set():
    index = faiss.index_factory(16, "IVF8_HNSW4,Flat")
    space = faiss.ParameterSpace()
    space.set_index_parameters(index, "efConstruction=50,efSearch=7 max_codes=inf")
    assert (index.quantizer.hnsw.efConstruction, index.quantizer.hnsw.efSearch, index.max_codes) == (50, 7, 0)
    with pytest.raises(RuntimeError, match="could not interpret"):
        space.set_index_parameters(index, "nprobe")
