"""Parameters of an index by their names, and which values of them are best."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._index import AnyIndex
from ._tuning import AutoTuneCriterion, OperatingPoint, OperatingPoints
from ._vectors import Records


@dataclass
class ParameterRange:
    """A parameter and the values it may have, from the fastest to the best."""

    name: str
    values: list[float] = field(default_factory=list)


class ParameterSpace:
    """Sets parameters of an index by their names, wherever in it they belong, and tries combinations of them.

    A combination is a number: that of the first parameter's value, then, times how many values it has, that of
    the second's, and so on.
    """

    verbose = 1
    #: How many combinations are tried; all of them for 0.
    n_experiments = 500
    #: How many queries are searched for at a time.
    batchsize = 1 << 30
    #: For how long a combination is tried at least, in seconds.
    min_test_duration = 0.0

    def __init__(self) -> None:
        self.parameter_ranges = Records()

    def set_index_parameters(self, index: AnyIndex, parameters: str | int) -> None:
        """Sets several: ``"nprobe=4,efSearch=20"``, or a combination by its number."""
        if isinstance(parameters, (int, np.integer)):
            for name, value in self._values(int(parameters)):
                self.set_index_parameter(index, name, value)
            return
        for parameter in parameters.replace(",", " ").split():
            name, _, text = parameter.partition("=")
            try:
                number = float(text)
            except ValueError:
                raise RuntimeError(f"could not interpret parameters {parameter!r}") from None
            self.set_index_parameter(index, name, number)

    def set_index_parameter(self, index: AnyIndex, name: str, value: float) -> None:
        """Sets one.

        Raises
        ------
        RuntimeError
            If no index inside this one has it.
        """
        if name == "verbose":
            index.verbose = bool(value)
        elif name.startswith("quantizer_"):
            quantizer = getattr(_found(index, ("inner", "base"), "quantizer"), "quantizer", None)
            if quantizer is None:
                raise RuntimeError(f"could not set parameter {name}")
            self.set_index_parameter(quantizer, name[len("quantizer_") :], value)
        elif name == "k_factor_rf":
            _set(_found(index, ("inner",), "k_factor"), "k_factor", value, name)
        elif name in ("efSearch", "efConstruction"):
            _set(getattr(_found(index, ("inner", "base", "quantizer"), "hnsw"), "hnsw", None), name, int(value), name)
        elif name == "max_codes":
            most = int(value) if math.isfinite(value) else 0
            _set(_found(index, ("inner", "base"), name), name, most, name)
        elif name in ("ht", "k_factor"):
            attribute = "polysemous_ht" if name == "ht" else name
            _set(_found(index, ("inner", "base"), attribute), attribute, value, name)
        else:
            _set(_found(index, ("inner", "base"), name), name, int(value), name)

    def add_range(self, name: str) -> ParameterRange:
        """The range of a parameter, which is new and empty if there was none."""
        for known in self.parameter_ranges:
            if known.name == name:
                return known  # type: ignore[no-any-return]
        self.parameter_ranges.append(ParameterRange(name))
        return self.parameter_ranges[-1]  # type: ignore[no-any-return]

    def initialize(self, index: AnyIndex) -> None:
        """Adds the ranges of what may be worth to be tried with an index. ``ht`` is none of them: searches here
        are not faster where codes are compared by their bits first."""
        for name, values in _worthwhile(index):
            self.add_range(name).values.extend(values)

    def n_combinations(self) -> int:
        """How many combinations of values there are."""
        return math.prod(len(of.values) for of in self.parameter_ranges)

    def _digits(self, cno: int) -> list[int]:
        """The number of each parameter's value in a combination."""
        digits = []
        for of in self.parameter_ranges:
            cno, digit = divmod(cno, len(of.values))
            digits.append(digit)
        return digits

    def _values(self, cno: int) -> list[tuple[str, float]]:
        digits = zip(self.parameter_ranges, self._digits(cno), strict=True)
        return [(of.name, of.values[digit]) for of, digit in digits]

    def combination_name(self, cno: int) -> str:
        """A combination as :meth:`set_index_parameters` takes it."""
        return ",".join(f"{name}={value:g}" for name, value in self._values(cno))

    def combination_ge(self, c1: int, c2: int) -> bool:
        """Whether no value of one combination is lower than that of another."""
        return all(one >= other for one, other in zip(self._digits(c1), self._digits(c2), strict=True))

    def display(self) -> None:
        """Prints the ranges."""
        print(f"ParameterSpace, {len(self.parameter_ranges)} parameters, {self.n_combinations()} combinations:")
        for of in self.parameter_ranges:
            print(f"   {of.name}: [ " + ", ".join(f"{value:g}" for value in of.values) + "]")

    def _bounds(self, cno: int, points: list[OperatingPoint]) -> tuple[float, float]:
        """How good a combination can be at best and how long it takes at least, as others tell that have lower or
        higher values throughout."""
        times = [point.t for point in points if self.combination_ge(cno, point.cno)]
        performances = [point.perf for point in points if self.combination_ge(point.cno, cno)]
        return min([1.0, *performances]), max([0.0, *times])

    def explore(self, index: AnyIndex, xq: Any, crit: AutoTuneCriterion) -> OperatingPoints:
        """Tries combinations on an index: how good their answers are, and the seconds they take. Those that
        cannot be better than others are passed over. The index is left with the last combination."""
        assert xq.shape == (crit.nq, index.d)
        points, count = OperatingPoints(), self.n_combinations()
        if 0 < self.n_experiments < 3 and count > 1:
            raise RuntimeError(f"{self.n_experiments} experiments: 3 are the fewest, 0 stands for all")
        for cno in _order(count)[: self.n_experiments] if self.n_experiments else range(count):
            best, least = self._bounds(cno, points.all_pts)
            if self.n_experiments and points.t_for_perf(best) <= least:
                continue
            self.set_index_parameters(index, cno)
            seconds, (distances, labels) = self._timed(index, xq, crit.nnn)
            name, perf = self.combination_name(cno), crit.evaluate(distances, labels)
            kept = points.add(perf, seconds, name, cno)
            if self.verbose:
                print(f"  {cno}/{count}: {name} perf={perf:.3f} t={seconds:.3f} s {'*' if kept else ''}")
        sys.stdout.flush()
        return points

    def _timed(self, index: Any, xq: Any, k: int) -> tuple[float, tuple[Any, Any]]:
        """The seconds that a search of all queries takes, and what it finds."""
        runs, start = 0, time.perf_counter()
        while True:
            firsts = range(0, len(xq), self.batchsize)
            found = [index.search(xq[first : first + self.batchsize], k) for first in firsts]
            runs, seconds = runs + 1, time.perf_counter() - start
            if seconds >= self.min_test_duration:
                distances, labels = (np.concatenate(parts) for parts in zip(*found, strict=True))
                return seconds / runs, (distances, labels)


def _order(count: int) -> list[int]:
    """All combinations: the lowest, the highest, then the others at random, the same way each time."""
    if count < 2:
        return list(range(count))
    others = 1 + np.random.RandomState(1234).permutation(count - 2)
    return [0, count - 1, *map(int, others)]


def _powers(first: int, last: int) -> list[float]:
    return [float(1 << power) for power in range(first, last + 1)]


def _worthwhile(index: AnyIndex) -> Iterator[tuple[str, list[float]]]:
    """What may be worth to be tried. Source: FAISS 1.15, ``ParameterSpace::initialize``."""
    from ._graphs import IndexHNSW
    from ._lists import IndexIVF, IndexIVFPQR
    from ._wrappers import IndexPreTransform, IndexRefine

    if isinstance(index, IndexPreTransform):
        index = index.index
    if isinstance(index, IndexRefine):
        yield "k_factor_rf", _powers(0, 6)
        index = index.base_index
    if isinstance(index, IndexPreTransform):
        index = index.index
    if isinstance(index, IndexIVF):
        nlist = index.nlist
        yield "nprobe", [probes for probes in _powers(0, 12) if probes < nlist]
        for name, values in _worthwhile(index.quantizer):
            yield f"quantizer_{name}", values
    if isinstance(index, IndexIVFPQR):
        yield "k_factor", _powers(0, 6)
    if isinstance(index, IndexHNSW):
        yield "efSearch", _powers(2, 9)


def _found(index: AnyIndex, steps: tuple[str, ...], attribute: str) -> AnyIndex | None:
    """The outermost index that has an attribute."""
    looked: AnyIndex | None = index
    while looked is not None and not hasattr(looked, attribute):
        looked = next((inner for inner in map(looked._inside, steps) if inner is not None), None)
    return looked


def _set(owner: Any, attribute: str, value: float, name: str) -> None:
    if owner is None:
        raise RuntimeError(f"could not set parameter {name}")
    setattr(owner, attribute, value)
