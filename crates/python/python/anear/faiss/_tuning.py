"""How good searches are and how long they take: what is compared where parameters are chosen."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ._search import eval_intersection
from ._vectors import Records, Vector

#: The time for a performance that no point has. Source: FAISS 1.15, ``OperatingPoints::t_for_perf``.
_NEVER = 1e50


class AutoTuneCriterion:
    """How good what searches of ``nq`` queries for ``nnn`` rows find is, from 0 to 1."""

    def __init__(self, nq: int, nnn: int) -> None:
        self.nq, self.nnn, self.gt_nnn = int(nq), int(nnn), 0
        self._true_distances: npt.NDArray[np.float32] = np.empty(0, np.float32)
        self._true_labels: npt.NDArray[np.int64] = np.empty((0, 0), np.int64)

    def set_groundtruth(self, D: Any, I: Any) -> None:  # noqa: E741
        """Takes the labels, and the distances if there are any, of the rows that are nearest in truth."""
        assert D is None or D.shape == I.shape
        self.nq, self.gt_nnn = I.shape
        self._true_labels = np.array(I, dtype=np.int64)
        if D is not None:
            self._true_distances = np.array(D, dtype=np.float32).reshape(-1)

    @property
    def gt_I(self) -> Vector:
        """The labels of the rows that are nearest in truth."""
        return Vector(self._true_labels.reshape(-1))

    @property
    def gt_D(self) -> Vector:
        """Their distances."""
        return Vector(self._true_distances)

    def evaluate(self, D: Any, I: Any) -> float:  # noqa: E741
        """How good these answers are."""
        assert D.shape == I.shape == (self.nq, self.nnn)
        return self._share(np.asarray(I))

    def _share(self, labels: npt.NDArray[np.int64]) -> float:
        raise NotImplementedError("an AutoTuneCriterion of its own does not say what is good")

    def _check(self, wanted: int, rank: int) -> None:
        if self._true_labels.shape[0] != self.nq or self.gt_nnn < wanted or self.nnn < rank:
            raise RuntimeError(f"ground truth not initialized: {self.gt_nnn} rows are known for each query, "
                               f"{wanted} are wanted, {rank} of {self.nnn} answers")


class OneRecallAtRCriterion(AutoTuneCriterion):
    """For how many of the queries the nearest row is among the first ``R`` that are found."""

    def __init__(self, nq: int, R: int) -> None:
        super().__init__(nq, R)
        self.R = int(R)

    def _share(self, labels: npt.NDArray[np.int64]) -> float:
        self._check(1, self.R)
        return float((labels[:, : self.R] == self._true_labels[:, :1]).any(axis=1).mean())


class IntersectionCriterion(AutoTuneCriterion):
    """How many of the ``R`` nearest rows are among the first ``R`` that are found."""

    def __init__(self, nq: int, R: int) -> None:
        super().__init__(nq, R)
        self.R = int(R)

    def _share(self, labels: npt.NDArray[np.int64]) -> float:
        self._check(self.R, self.R)
        common = eval_intersection(labels[:, : self.R], self._true_labels[:, : self.R])
        return common / (self.nq * self.R)


@dataclass
class OperatingPoint:
    """How good searches were and how long they took: with which settings, and the number of these."""

    perf: float
    t: float
    key: str
    cno: int


class OperatingPoints:
    """Operating points, and those of them that no other is better and faster than."""

    all_pts: Records
    #: Sorted by how good they are; the first is to do nothing, which takes no time.
    optimal_pts: Records

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forgets all points."""
        self.all_pts, self.optimal_pts = Records(), Records([OperatingPoint(0.0, 0.0, "", -1)])

    def add(self, perf: float, t: float, key: str, cno: int = 0) -> bool:
        """Takes a point; tells whether none of those before is as good and as fast."""
        point = OperatingPoint(float(perf), float(t), key, int(cno))
        self.all_pts.append(point)
        best = self.optimal_pts
        at = next((place for place, other in enumerate(best) if other.perf >= perf), len(best))
        if perf == 0 or at < len(best) and t >= best[at].t:
            return False
        as_good = at < len(best) and best[at].perf == perf
        slower = next(place for place in range(at + 1) if place == at or place > 0 and best[place].t >= t)
        best[slower : at + as_good] = [point]
        return True

    def merge_with(self, other: OperatingPoints, prefix: str = "") -> int:
        """Takes the points of others, ``prefix`` before their keys; tells how many of them are now among the
        best."""
        added = [self.add(point.perf, point.t, prefix + point.key, point.cno) for point in other.all_pts]
        return sum(added)

    def t_for_perf(self, perf: float) -> float:
        """How long it takes to be so good."""
        return float(next((point.t for point in self.optimal_pts if point.perf >= perf), _NEVER))

    def display(self, only_optimal: bool = True) -> None:
        """Prints the points."""
        count, best = len(self.all_pts), len(self.optimal_pts)
        print(f"Tested {count} operating points, {best} ones are Pareto-optimal:")
        numbers = {point.cno for point in self.optimal_pts}
        for point in self.optimal_pts if only_optimal else self.all_pts:
            star = "*" if not only_optimal and point.cno in numbers else ""
            print(f"cno={point.cno} key={point.key} perf={point.perf:.4f} t={point.t:.3f} {star}")

    def all_to_gnuplot(self, fname: str | os.PathLike[str]) -> None:
        """Writes a line for each point."""
        with open(fname, "w") as file:
            file.writelines(f"{point.perf:g} {point.t:g} {point.key}\n" for point in self.all_pts)

    def optimal_to_gnuplot(self, fname: str | os.PathLike[str]) -> None:
        """Writes the corners of the steps that the best points make."""
        before = 0.0
        with open(fname, "w") as file:
            for point in self.optimal_pts:
                file.write(f"{before:g} {point.t:g}\n{point.perf:g} {point.t:g} {point.key}\n")
                before = point.perf
