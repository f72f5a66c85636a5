"""How one search is done."""

from __future__ import annotations

from typing import Any

from ._selectors import IDSelector, IDSelectorTranslated


class SearchParameters:
    """What a search does otherwise than the index says.

    Each is given by its name; a name that there is not is an ``AttributeError``.
    """

    #: The rows that may be found; all where it is ``None``.
    sel: IDSelector | None = None
    _nests = False

    def __init__(self, **parameters: Any) -> None:
        for name, value in parameters.items():
            setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if not hasattr(type(self), name):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        object.__setattr__(self, name, value)

    #: What is taken at its default only: searches do not go by it here.
    _fixed: tuple[str, ...] = ()

    def _nested(self) -> SearchParameters | None:
        """The parameters of the index inside."""
        return None

    def _check(self) -> None:
        for name in self._fixed:
            if getattr(self, name) != getattr(type(self), name):
                raise RuntimeError(f"{name} of {type(self).__name__} is not supported")

    def _own(self) -> dict[str, Any]:
        """What is said for the index itself."""
        return {}


class SearchParametersIVF(SearchParameters):
    """For inverted lists."""

    nprobe = 1
    max_codes = 0
    quantizer_params: SearchParameters | None = None
    max_lists_num = 0
    max_empty_result_buckets = 0
    ensure_topk_full = False

    def _own(self) -> dict[str, Any]:
        most = (self.max_codes, self.max_lists_num, bool(self.ensure_topk_full), self.max_empty_result_buckets)
        coarse = None if self.quantizer_params is None else how(self.quantizer_params)
        return {"probes": int(self.nprobe), "budget": most, "coarse": coarse}


IVFSearchParameters = SearchParametersIVF


class IVFPQSearchParameters(SearchParametersIVF):
    """For inverted lists of product codes."""

    scan_table_threshold = 0
    polysemous_ht = 0
    _fixed = ("polysemous_ht",)


class _Rounding(SearchParameters):
    """How queries are rounded, for RaBitQ codes."""

    qb = 4
    centered = False

    def _own(self) -> dict[str, Any]:
        return {**super()._own(), "rounding": (int(self.qb), bool(self.centered))}


class RaBitQSearchParameters(_Rounding):
    """For RaBitQ codes."""


class IVFRaBitQSearchParameters(_Rounding, SearchParametersIVF):
    """For inverted lists of RaBitQ codes."""


class SearchParametersPQ(SearchParameters):
    """For product codes."""

    search_type = 0
    polysemous_ht = 0
    _fixed = ("search_type", "polysemous_ht")


class SearchParametersHNSW(SearchParameters):
    """For a graph."""

    efSearch = 16
    check_relative_distance = True
    bounded_queue = True
    _fixed = ("check_relative_distance", "bounded_queue")

    def _own(self) -> dict[str, Any]:
        return {"effort": int(self.efSearch)}


class SearchParametersPreTransform(SearchParameters):
    """For the index behind transforms."""

    index_params: SearchParameters | None = None
    _nests = True

    def _nested(self) -> SearchParameters | None:
        return self.index_params


class IndexRefineSearchParameters(SearchParameters):
    """For a refinement and the index that finds its rows."""

    k_factor = 1.0
    base_index_params: SearchParameters | None = None
    _nests = True

    def _nested(self) -> SearchParameters | None:
        return self.base_index_params

    def _own(self) -> dict[str, Any]:
        return {"factor": float(self.k_factor)}


def how(params: SearchParameters) -> dict[str, Any]:
    """The parameters as the compiled half takes them."""
    settings: dict[str, Any] = {
        "probes": None,
        "effort": None,
        "factor": None,
        "selector": None,
        "budget": None,
        "coarse": None,
        "rounding": None,
    }
    inner: SearchParameters | None = params
    while inner is not None:
        inner._check()
        settings.update(inner._own())
        selector = inner.sel
        if isinstance(selector, IDSelectorTranslated):
            selector = selector.sel
        if selector is not None:
            settings["selector"] = selector._set
        inner = inner._nested()
    return settings
