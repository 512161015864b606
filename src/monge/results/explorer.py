"""What the page shows of one plan, point by point: some rows of both domains, never the plan."""

from __future__ import annotations

from dataclasses import dataclass

from monge._types import NDArray

__all__ = ["AtRisk", "Clouds", "Convergence", "Explorer", "PlanView", "Sent"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Clouds:
    """Some rows of both domains in one plane, which is the same before and after.

    Attributes
    ----------
    source_rows, source_labels
        (s,) int64, number of each row in its domain, and its class.
    before, after
        (s, 2) float32, where the rows were and where the transport puts them, in the two principal
        directions of both domains together before it.
    target_rows, target_predicted
        (t,) int64, number of each row, and the class that it is given after the transport.
    target
        (t, 2) float32, in the same directions.
    shown
        The first so many target rows are a random sample, to be drawn; the others were added
        because they receive mass of the source rows, or are at risk.
    target_labels
        (t,) int64, true classes where the page is about an experiment; ``None`` otherwise.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.zeros(1, dtype=np.int64)
    >>> clouds = Clouds(
    ...     source_rows=one + 17,
    ...     source_labels=one,
    ...     before=np.array([[0.0, 0.0]]),
    ...     after=np.array([[3.0, 4.0]]),
    ...     target_rows=one + 5,
    ...     target_predicted=one,
    ...     target=np.array([[3.0, 4.0]]),
    ...     shown=1,
    ... )
    >>> clouds.moved
    array([5.])
    """

    source_rows: NDArray
    source_labels: NDArray
    before: NDArray
    after: NDArray
    target_rows: NDArray
    target_predicted: NDArray
    target: NDArray
    shown: int
    target_labels: NDArray | None = None

    @property
    def moved(self) -> NDArray:
        """How far each source row goes in this plane, (s,)."""
        distance: NDArray = ((self.after - self.before) ** 2).sum(1) ** 0.5
        return distance


@dataclass(frozen=True, kw_only=True, eq=False)
class Sent:
    """Where the mass of each source row of `Clouds` goes.

    Attributes
    ----------
    receivers
        (s, k) int64, places in the target rows of `Clouds`, of the largest first.
    shares
        (s, k), the share of the row's mass that each receives.
    perplexity
        (s,), how many rows it feeds in effect, ``exp(entropy)``; 0 for a row without mass.
    image
        (s, 2) float32, the mean of its receivers, in the plane of `Clouds`; NaN without mass.
    class_share
        (s, L), the share that goes to target rows given each class.

    Examples
    --------
    >>> import numpy as np
    >>> sent = Sent(
    ...     receivers=np.array([[4, 2]]),
    ...     shares=np.array([[0.75, 0.25]]),
    ...     perplexity=np.array([1.75]),
    ...     image=np.zeros((1, 2)),
    ...     class_share=np.array([[1.0, 0.0]]),
    ... )
    >>> sent.listed
    array([1.])
    """

    receivers: NDArray
    shares: NDArray
    perplexity: NDArray
    image: NDArray
    class_share: NDArray

    @property
    def listed(self) -> NDArray:
        """The share of each row's mass that goes to the receivers that are listed, (s,)."""
        total: NDArray = self.shares.sum(1)
        return total


@dataclass(frozen=True, kw_only=True, eq=False)
class PlanView:
    """A whole plan, binned and summed.

    Attributes
    ----------
    log_plan, log_plan_sorted, row_borders, column_borders, class_mass
        As in `Evidence`.
    columns
        What the target's side is sorted by: ``"true class"`` or ``"predicted class"``.
    shape
        Rows of the plan.

    Examples
    --------
    >>> import numpy as np
    >>> nothing, ends = np.zeros((1, 1)), np.array([0.0, 1.0])
    >>> PlanView(
    ...     log_plan=nothing,
    ...     log_plan_sorted=nothing,
    ...     row_borders=ends,
    ...     column_borders=ends,
    ...     class_mass=np.ones((1, 1)),
    ...     columns="predicted class",
    ...     shape=(60_000, 7_291),
    ... ).shape
    (60000, 7291)
    """

    log_plan: NDArray
    log_plan_sorted: NDArray
    row_borders: NDArray
    column_borders: NDArray
    class_mass: NDArray
    columns: str
    shape: tuple[int, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class AtRisk:
    """The target rows whose class is least sure: fed by several classes, or far from the source.

    Attributes
    ----------
    target
        (r,) int64, places in the target rows of `Clouds`.
    votes
        (r, L), the share of each row's mass that comes from each source class.
    distance
        (r,), to the nearest source row after the transport, in units of the median over the target.

    Examples
    --------
    >>> import numpy as np
    >>> risk = AtRisk(
    ...     target=np.array([3]), votes=np.array([[0.5, 0.25, 0.25]]), distance=np.array([1.5])
    ... )
    >>> risk.doubt
    array([0.5])
    """

    target: NDArray
    votes: NDArray
    distance: NDArray

    @property
    def doubt(self) -> NDArray:
        """The share of each row's mass that comes from other classes than the first, (r,)."""
        doubt: NDArray = 1 - self.votes.max(1)
        return doubt


@dataclass(frozen=True, kw_only=True)
class Convergence:
    """How a solve ended, and how it came there.

    Attributes
    ----------
    status
        The solver's verdict, in words.
    converged
        Whether it reached its tolerance.
    marginal_error
        L1 error of the source's and the target's marginal over the total mass, on the true kernel.
    dual_gap, objective, epsilon
        In units of the cost.
    sweeps
        Passes over a kernel.
    history
        Marginal error after each sweep; empty where the solver keeps none.
    tolerance
        The error asked for; ``None`` where there is none to ask for.
    moved
        Share of the mass that the plan moves, where it may leave some behind; else ``None``.

    Examples
    --------
    >>> Convergence(
    ...     status="converged",
    ...     converged=True,
    ...     marginal_error=(1e-7, 2e-7),
    ...     dual_gap=1e-9,
    ...     objective=1.5,
    ...     epsilon=0.01,
    ...     sweeps=3,
    ...     history=(1e-1, 1e-4, 2e-7),
    ...     tolerance=1e-6,
    ... ).sweeps
    3
    """

    status: str
    converged: bool
    marginal_error: tuple[float, float]
    dual_gap: float
    objective: float
    epsilon: float
    sweeps: int
    history: tuple[float, ...] = ()
    tolerance: float | None = None
    moved: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Explorer:
    """Everything that the page lets a person look at, of one plan (a few megabytes).

    Attributes
    ----------
    classes
        Their names, (L,).
    clouds
        Some rows of both domains.
    sent, plan, at_risk, convergence
        What is known of the plan; ``None`` where there is none.
    sampled
        What was drawn, in one sentence.
    notes
        What is missing and why, and what else to bear in mind, a sentence each.
    source_images, target_images
        Pictures of the rows of ``clouds``, (s, h, w) and (t, h, w) uint8, where there are any.

    Examples
    --------
    >>> import numpy as np
    >>> from monge import Adapter
    >>> from monge.adapters import explore
    >>> X, y = np.array([[0.0], [1.0], [8.0]]), ["low", "low", "high"]
    >>> adapter = Adapter("exact").fit(X, y, X_target=X + 2)
    >>> explore(adapter, X, y, X + 2).classes
    ('high', 'low')
    """

    classes: tuple[str, ...]
    clouds: Clouds
    sampled: str
    sent: Sent | None = None
    plan: PlanView | None = None
    at_risk: AtRisk | None = None
    convergence: Convergence | None = None
    notes: tuple[str, ...] = ()
    source_images: NDArray | None = None
    target_images: NDArray | None = None
