"""What makes an adapter one that can be saved."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from sklearn.utils.validation import check_is_fitted

from monge.adapters.artifact import Kept, Precision, save_adapter
from monge.adapters.certificate import Certificate
from monge.adapters.inverse import inverse_of
from monge.errors import InputError, sentence
from monge.maps import AffineMap, Map
from monge.verdict import Tried, Verdict

__all__ = ["SavedEstimator"]


class SavedEstimator:
    """The part of `Adapter` that outlives the process.

    A fitted adapter holds its plan. One that was loaded holds what was kept of it, until it is
    fitted again.
    """

    @property
    def certificate_(self) -> Certificate | None:
        """The plan's certificate as plain numbers; ``None`` for transports without a plan."""
        check_is_fitted(self, "classifier_")
        if "_kept" in vars(self):
            kept: Kept = vars(self)["_kept"]
            return kept.certificate
        solution = vars(self)["solution_"]
        return None if solution is None else Certificate.of(solution)

    @property
    def trials_(self) -> tuple[Tried, ...]:
        """What was tried for the verdict that chose the transport."""
        if "verdict_" not in vars(self):
            raise AttributeError("there are trials only where transport='auto' was fitted")
        verdict: Verdict = vars(self)["verdict_"]
        return verdict.trials

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        inverse: bool = False,
        notes: Mapping[str, Any] | None = None,
        precision: Precision = "compact",
    ) -> None:
        """Save the fitted adapter as a folder that `monge.load` reads.

        ``config.json`` and ``arrays.safetensors``, never pickle, whole or not at all. The map and
        the classifier are stored, the plan is not: of it the certificate is kept.

        Parameters
        ----------
        path
            A new folder, or a saved adapter to replace.
        inverse
            Whether to keep what `inverse_transform` needs of a plan: a map more, of about the size
            of the target. Affine maps are their own.
        notes
            What else is worth keeping, e.g. where the data came from: anything that JSON can hold.
        precision
            ``"compact"`` keeps the points, whether float32 or float64, to about seven digits: three
            bytes a number, in whole steps of at most 1.2e-7 of the range of its column. Decimals of
            up to seven digits stay as they are, and so do columns in which a few rows are so far
            off that the steps would blur the others. What `transform` gives changes by at most 1e-6
            of the range of a column, measured before the artifact is written: else the map is
            stored as it is. What was lost is listed under ``"precision"`` in ``config.json``.
            ``"exact"`` stores every number as it is, and a loaded adapter answers bit for bit as
            this one. A classifier other than nearest neighbours is always stored as it is.

        Raises
        ------
        InputError
            If a part cannot be stored without pickling it, such as a cost that is a function.
        OutputError
            If the folder cannot be written, or holds something other than an artifact.
        """
        check_is_fitted(self, "classifier_")
        back = self._way_back() if inverse and vars(self)["map_"] is not None else None
        kept = Kept(certificate=self.certificate_, inverse=back)
        save_adapter(self, path, kept, notes, precision)

    def _way_back(self) -> Map:
        """Return the map from target to source.

        Raises
        ------
        InputError
            If there is none, or it was not saved.
        """
        state = vars(self)
        kept: Kept | None = state.get("_kept")
        if kept is not None and kept.inverse is not None:
            return kept.inverse
        if kept is not None and not isinstance(state["map_"], AffineMap):
            required, got = "saved with its way back", "one that was loaded without"
            remedy = "save it with inverse=True, or fit it again"
            caller = "Adapter.inverse_transform"
            raise InputError(sentence(caller, "adapter", required, got, remedy))
        return inverse_of(state["map_"], state["solution_"], state["_plan_map"])
