"""Stand-ins agree with the true kernel where they were corrected, and solves on them end alike."""

from dataclasses import replace

import pytest
import torch

from monge.errors import Cancelled
from monge.geometry import PointCloud
from monge.plans import GibbsKernel
from monge.solvers import Problem, Sinkhorn, Status, correction, kernels, semidual, surrogates
from monge.solvers.climb import Ascent, Reading
from monge.solvers.entries import SparseMatrix
from monge.solvers.kernels import Rows, StoredKernel, StreamedKernel, Sweep
from monge.solvers.relaxation import Relaxation
from monge.solvers.surrogates import MainEntries, SampledRows
from tolerances import tolerance
from zoo import clouds, generator, weights

N, M, EPSILON = 60, 13, 0.7
HELD, LOOSE = Relaxation(), Relaxation(rate=0.6)
DTYPES = [torch.float32, torch.float64]


def stream(held=HELD, dtype=torch.float64, cost="sqeuclidean"):
    kernel = GibbsKernel(PointCloud(*clouds(N, M, 3, dtype=dtype), cost), EPSILON)
    return StreamedKernel(kernel, Rows(weights(N), held), weights(M, seed=1))


def columns(held=HELD):
    return Rows(weights(M, seed=1), held)


def sampled(true, side):
    geometry, a = true.kernel.geometry, true.rows.weights
    some = torch.arange(0, N, 3)
    own = Rows(a[some] / a[some].sum(), true.rows.relaxation)
    return SampledRows(true, geometry.select(some, None), own, side)


def potential(seed, size=1.0):
    return size * torch.randn(M, generator=generator(seed), dtype=torch.float64)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("make", [sampled, MainEntries])
@pytest.mark.parametrize(
    ("held", "holding"), [(HELD, HELD), (LOOSE, HELD), (HELD, LOOSE), (LOOSE, LOOSE)]
)
def test_where_it_was_corrected_a_stand_in_gives_the_true_column_sums(
    make, held, holding, dtype, monkeypatch
):
    monkeypatch.setattr(surrogates, "LEAST_SHARE", 0.02)
    true = stream(held, dtype)
    stand_in = make(true, columns(holding))
    for seed, size in ((3, 0.0), (4, 1.0), (5, 20.0)):
        h = potential(seed, size).clamp_max(2.0)
        truth = stand_in.truth(h, look=True)
        stand_in.correct(h, truth)
        expected = stream(held, dtype).sweep(h)
        torch.testing.assert_close(truth, expected, rtol=tolerance("sum", dtype), atol=1e-12)
        got = stand_in.sweep(h)
        if held is HELD and holding is HELD:
            # Up to one factor: what is asked of the stand-in then adds up to what its rows have.
            asked = stand_in.columns.weights / stand_in.correction.factor
            assert float(asked[~stand_in.correction.lost].sum()) == pytest.approx(1)
            got = got._replace(column=got.column / got.column.sum())
        limit = 50 * tolerance("sum", dtype)
        torch.testing.assert_close(got.column, truth.column, rtol=limit, atol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("held", [HELD, LOOSE])
@pytest.mark.parametrize("elements", [2**20, 2 * M + 1], ids=["whole", "cut"])
def test_all_entries_are_the_true_kernel_wherever_they_are_swept(
    held, dtype, elements, monkeypatch
):
    monkeypatch.setattr(surrogates, "LEAST_SHARE", 0.0)
    monkeypatch.setattr(surrogates, "_LEAST_REST", 0.0)
    monkeypatch.setattr(kernels, "_BLOCK", elements)
    true = stream(held, dtype)
    stand_in = MainEntries(true, columns(LOOSE))
    h = potential(3)
    stand_in.correct(h, stand_in.truth(h, look=True))
    for seed in (4, 5):
        there = h + potential(seed)
        limit = 10 * tolerance("sum", dtype)
        expected = stream(held, dtype).sweep(there)
        torch.testing.assert_close(stand_in.sweep(there), expected, rtol=limit, atol=limit)


def test_the_main_entries_are_those_of_the_least_share_and_more_until_it_looks_again(monkeypatch):
    monkeypatch.setattr(surrogates, "LEAST_SHARE", 0.05)
    monkeypatch.setattr(kernels, "_BLOCK", 64 * M)
    true = stream()
    stand_in = MainEntries(true, columns())
    h = potential(3)

    def kept():
        return torch.from_numpy(stand_in._entries._matrix.toarray())

    stand_in.truth(h, look=True)
    scores = columns().weights.log() + h - true.kernel.geometry.block(slice(0, N)) / EPSILON
    share = scores.softmax(1)
    assert torch.equal(kept() > 0, share >= 0.05)
    torch.testing.assert_close(kept(), share * (share >= 0.05))
    first = kept()
    stand_in.truth(potential(4), look=False)
    assert torch.equal(kept(), first)
    stand_in.truth(potential(4), look=True)
    assert not torch.equal(kept() > 0, first > 0)


def test_a_corrected_row_has_the_true_soft_minimum(monkeypatch):
    monkeypatch.setattr(surrogates, "LEAST_SHARE", 0.05)
    stand_in = MainEntries(stream(), columns())
    for seed in (3, 4):
        h = potential(seed)
        truth = stand_in.truth(h, look=seed == 3)
        stand_in.correct(h, truth)
        torch.testing.assert_close(stand_in.sweep(h).soft_minimum, truth.soft_minimum)


def test_a_column_that_the_stand_in_lost_answers_to_its_own_potential_alone():
    h, b = torch.zeros(3).double(), torch.ones(3).double() / 3
    true, own = torch.tensor([[0.2, 0.3, 0.5], [0.5, 0.5, 0.0]]).double()
    held = Rows(b, HELD)
    for side, scale in ((held, (1 / 3 * 2.5 + 1 / 3 * 5 / 3)), (Rows(b, LOOSE), 1.0)):
        correction_of = surrogates.Correction(h, true, own, held, side)
        assert correction_of.lost.tolist() == [False, False, True]
        moved = torch.tensor([0.0, 0.0, 2.0]).double()
        got = correction_of.of(moved, own) / scale
        assert got.tolist() == pytest.approx([0.2, 0.3, 0.5 * 7.38905609893])


def test_a_sparse_matrix_multiplies_from_both_sides():
    dense = torch.rand(7, 5, generator=generator(0)) * (
        torch.rand(7, 5, generator=generator(1)) > 0.6
    )
    row, column = dense.nonzero(as_tuple=True)
    ends = torch.cat(
        [torch.zeros(1, dtype=torch.int64), torch.bincount(row, minlength=7).cumsum(0)]
    )
    matrix = SparseMatrix(ends, column.int(), dense[row, column], 5)
    w, v = torch.rand(5).double(), torch.rand(7).double()
    torch.testing.assert_close(matrix.times(w), dense.double() @ w, rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(
        matrix.transposed_times(v), dense.double().T @ v, rtol=1e-6, atol=1e-7
    )


STAND_INS = {
    "sampled": {"_EFFECTIVE": 1e-9, "_FEW": 1e-9, "_SAMPLED": 3},
    "sparse": {"_EFFECTIVE": 1e9, "_FEW": 1e9, "_SPARSE_SHARE": 1.0},
}


@pytest.fixture(params=STAND_INS)
def stand_in(request, monkeypatch):
    """Make solves of any size use a stand-in."""
    monkeypatch.setattr(semidual, "_STORED_BYTES", 0)
    for name, value in STAND_INS[request.param].items():
        monkeypatch.setattr(semidual, name, value)
    return request.param


@pytest.mark.parametrize("shape", [(90, 20), (20, 90)], ids=str)
@pytest.mark.parametrize(
    "marginals",
    [{}, {"tau_source": 0.5}, {"tau_target": 0.5}, {"tau_source": 2.0, "tau_target": 1.0}],
)
@pytest.mark.parametrize("epsilon", [0.02, 0.3])
def test_a_solve_with_a_stand_in_ends_where_it_ends_without(
    shape, marginals, epsilon, stand_in, monkeypatch
):
    monkeypatch.setattr(surrogates, "LEAST_SHARE", 1e-2)
    n, m = shape
    problem = Problem(
        PointCloud(*clouds(n, m, 3)), weights(n, zeros=2), weights(m, seed=1, zeros=1), **marginals
    )
    solver = Sinkhorn(epsilon=epsilon, tolerance=1e-9)
    solution = solver.solve(problem)
    monkeypatch.undo()
    plain = solver.solve(problem)
    assert (solution.operator, plain.operator) == (stand_in, "stored")
    torch.testing.assert_close(solution.plan.dense(), plain.plan.dense(), rtol=0, atol=1e-8)
    assert max(solution.marginal_error) <= 1e-9
    assert abs(solution.dual_gap) <= 1e-8
    assert solution.objective == pytest.approx(plain.objective, abs=1e-7)


def test_a_stand_in_saves_sweeps_over_the_whole(stand_in, monkeypatch):
    monkeypatch.setattr(surrogates, "LEAST_SHARE", 1e-5)
    problem = Problem(PointCloud(*clouds(1000, 40, 3)))
    solution = Sinkhorn(epsilon=0.05, tolerance=1e-6).solve(problem)
    monkeypatch.undo()
    plain = Sinkhorn(epsilon=0.05, tolerance=1e-6).solve(problem)
    assert plain.full_sweeps == plain.sweeps + 1  # and the certificate's, on the true kernel
    assert solution.full_sweeps < plain.full_sweeps / 2
    assert solution.full_sweeps < solution.sweeps == len(solution.history)


def test_a_stand_in_that_misleads_is_given_up(stand_in, monkeypatch):
    asked = []

    def lie(self, h, truth):
        asked.append(h)
        honest(self, h, truth)
        self.correction.factor = torch.linspace(0.2, 5.0, len(h), dtype=torch.float64)

    kind = {"sampled": SampledRows, "sparse": MainEntries}[stand_in]
    honest = kind.correct
    monkeypatch.setattr(kind, "correct", lie)
    problem = Problem(PointCloud(*clouds(90, 20, 3)))
    solution = Sinkhorn(epsilon=0.05, tolerance=1e-8).solve(problem)
    assert solution.converged
    assert solution.operator == stand_in
    assert 2 <= len(asked) <= 4


class Told:
    """A stand-in and its climb, with errors told beforehand."""

    name, accuracy, reach = "told", 0.1, 10.0

    def __init__(self, errors, step=0.0):
        self.errors, self.step, self.looked, self.swept = list(errors), step, [], []

    def truth(self, h, *, look):
        self.looked.append(look)
        self.swept.append(float(h[0]))
        return Sweep(h, h)

    def correct(self, h, truth):
        pass

    def run(self, h, *_):
        return Ascent(h + self.step, Sweep(h, h), 0.0, Status.CONVERGED)

    def read(self, *_):
        return Reading(self.errors.pop(0), torch.full((2,), 0.01), 0.0)


def rounds(told, plain, tolerance=1e-3, sweeps=50, near=True):
    climb = correction.CorrectedClimb(plain, told, told, None)
    return climb.run(torch.zeros(2), tolerance, sweeps, lambda *_: None, near=near)


class Plain:
    """A plain climb that remembers where it was begun, and ends in what it was told."""

    def __init__(self, told, error=0.0):
        self.told, self.error, self.begun = told, error, []

    def read(self, *_):
        return self.told.read()

    def run(self, h, tolerance, sweeps, note):
        self.begun.append((float(h[0]), tolerance, sweeps))
        note(self.error, h)
        return Ascent(h, Sweep(h, h), self.error, Status.CONVERGED)


def test_rounds_follow_the_stand_in_while_it_pays():
    told = Told([0.3, 0.1, 0.05, 1e-4], step=1.0)
    ascent = rounds(told, Plain(told))
    assert (ascent.status, ascent.error) == (Status.CONVERGED, 1e-4)
    assert told.swept == [0.0, 1.0, 2.0, 3.0]
    assert told.looked == [True, False, False, False]


def test_a_stand_in_is_made_anew_where_the_potential_moved_far():
    told = Told([0.3, 0.1, 0.05, 1e-4], step=7.0)
    rounds(told, Plain(told))
    assert told.looked == [True, False, True, False]


def test_a_round_that_did_not_pay_is_taken_back_to_the_best_and_the_stand_in_made_anew():
    told = Told([0.3, 0.4, 0.2, 0.05, 1e-4], step=1.0)
    rounds(told, Plain(told))
    assert told.swept == pytest.approx([0.0, 1.0, 0.01, 1.01, 2.01])
    assert told.looked == [True, False, True, False, False]


def test_after_two_rounds_in_a_row_that_did_not_pay_the_climb_is_plain_from_the_best():
    told = Told([0.3, 0.4, 0.25, 0.2, 9.0], step=1.0)
    plain = Plain(told)
    ascent = rounds(told, plain, sweeps=30)
    # 0.25 is the plain step's; 0.2 is the second that a round left.
    assert plain.begun == [(pytest.approx(1.01), 1e-3, 26)]
    assert ascent.status is Status.CONVERGED


def test_far_from_the_solution_the_climb_is_plain_until_the_stand_in_is_a_guide():
    told = Told([0.3, 1e-4], step=1.0)
    told.reach = 0.5
    plain = Plain(told, error=0.4)
    rounds(told, plain, sweeps=30, near=False)
    assert plain.begun == [(0.0, 0.5, 30)]
    near = Plain(told)
    told.errors = [0.3, 1e-4]
    rounds(told, near)
    assert near.begun == []


def test_rounds_are_no_more_than_the_sweeps_allowed():
    told = Told([0.3, 0.1, 0.04, 0.01], step=1.0)
    ascent = rounds(told, Plain(told), sweeps=3)
    assert (ascent.status, ascent.error) == (Status.MAX_SWEEPS, 0.04)


def test_a_solve_cancelled_in_a_stand_in_is_taken_up_again(stand_in, monkeypatch):
    monkeypatch.setattr(surrogates, "LEAST_SHARE", 1e-2)
    problem = Problem(PointCloud(*clouds(90, 20, 3)))
    solver = Sinkhorn(epsilon=0.05, tolerance=1e-9)
    whole = solver.solve(problem)
    for stop in range(1, whole.sweeps, 3):

        def until(progress, stop=stop):
            if progress.done >= stop:
                raise Cancelled

        cut = solver.solve(problem, throw=False, report=until)
        assert cut.status is Status.CANCELLED
        reached = cut.plan.marginals()
        assert cut.marginal_error.target == pytest.approx(
            float((reached.target - problem.b).abs().sum()), abs=1e-10
        )
        resumed = solver.solve(problem, start=cut)
        torch.testing.assert_close(resumed.plan.dense(), whole.plan.dense(), rtol=0, atol=1e-8)
        # The last one is nearly there: going on costs next to nothing.
    assert resumed.full_sweeps <= 4


def test_a_small_kernel_and_one_of_prescribed_mass_need_no_stand_in(monkeypatch):
    geometry = PointCloud(*clouds(90, 20, 3))
    assert Sinkhorn().solve(Problem(geometry)).operator == "stored"
    monkeypatch.setattr(semidual, "_STORED_BYTES", 0)
    solution = Sinkhorn(epsilon=0.3).solve(Problem(geometry, mass=0.6))
    assert solution.operator == "stored"


def test_what_does_not_fit_the_budget_is_streamed(stand_in):
    problem = Problem(PointCloud(*clouds(90, 20, 3)))
    small = Sinkhorn(memory=100).solve(problem)
    assert small.operator == "stream"
    large = Sinkhorn(memory="1 MB").solve(problem)
    assert large.operator == stand_in
    assert large.planned_bytes > small.planned_bytes
    torch.testing.assert_close(large.plan.dense(), small.plan.dense(), rtol=0, atol=1e-5)


def test_few_rows_serve_only_where_the_main_entries_do_not_fit(monkeypatch):
    monkeypatch.setattr(semidual, "_STORED_BYTES", 0)
    monkeypatch.setattr(semidual, "_SPARSE_SHARE", 1.0)
    monkeypatch.setattr(semidual, "_FEW", 0.0)
    monkeypatch.setattr(semidual, "_EFFECTIVE", 1e9)
    problem = Problem(PointCloud(*clouds(900, 20, 3)))
    assert Sinkhorn(memory="1 MB").solve(problem).operator == "sparse"
    assert Sinkhorn(memory="20 KB").solve(problem).operator == "sampled"
    monkeypatch.setattr(semidual, "_EFFECTIVE", 0.0)
    assert Sinkhorn(memory="1 MB").solve(problem).operator == "sampled"


def test_a_sweep_where_the_last_one_was_is_not_made_again(monkeypatch):
    made = []
    true = StoredKernel.sweep

    def counted(self, h):
        made.append(h)
        return true(self, h)

    monkeypatch.setattr(StoredKernel, "sweep", counted)
    stand_in = sampled(stream(), columns())
    h = potential(3)
    stand_in.sweep(h)
    stand_in.correct(h, stand_in.truth(h, look=True))
    first = stand_in.sweep(h)
    assert len(made) == 1
    second = stand_in.sweep(h + 1e-3 * potential(4))
    assert len(made) == 2
    assert not torch.equal(first.column, second.column)


def test_the_rows_that_are_stored_fit_the_budget(monkeypatch):
    monkeypatch.setattr(semidual, "_STORED_BYTES", 0)
    monkeypatch.setattr(semidual, "_EFFECTIVE", 0.0)
    monkeypatch.setattr(semidual, "_FEW", 0.0)
    kept = []
    true = StoredKernel.__init__

    def remember(self, kernel, rows, b, elements=None):
        kept.append(StoredKernel.need(kernel))
        true(self, kernel, rows, b, elements)

    monkeypatch.setattr(StoredKernel, "__init__", remember)
    problem = Problem(PointCloud(*clouds(900, 20, 3)))
    Sinkhorn(memory=50 * 20 * 8).solve(problem)
    Sinkhorn(memory="1 GB").solve(problem)
    assert kept[0] <= 50 * 20 * 8
    assert kept[-1] == 113 * 20 * 8  # one row of eight


def test_a_guess_that_misses_the_largest_score_is_made_good():
    """The columns that the guess looks at lie far away: the others have scores larger by 1e3."""
    x, y = clouds(70, 1500, 3, shift=0.0)
    y[:: kernels._GUESS] += 40.0
    kernel = GibbsKernel(PointCloud(x, y), 1.0)
    b = weights(1500, seed=1)
    for dtype in DTYPES:
        made = replace(kernel, geometry=kernel.geometry.to(dtype))
        got = StreamedKernel(made, Rows(weights(70), HELD), b).sweep(torch.zeros_like(b))
        scores = b.log() - kernel.geometry.block(slice(0, 70))
        limit = 10 * tolerance("sum", dtype)
        torch.testing.assert_close(got.soft_minimum, scores.logsumexp(1), rtol=limit, atol=limit)
        column = weights(70) @ scores.softmax(1)
        torch.testing.assert_close(got.column, column, rtol=limit, atol=limit)


@pytest.mark.parametrize(("m", "height"), [(7_291, 128), (1_000, 1024), (10_000, 64), (40_000, 26)])
def test_blocks_are_as_high_as_whole_tiles_while_these_fit(m, height):
    kernel = GibbsKernel(PointCloud(torch.zeros(5_000, 1), torch.zeros(m, 1)), 1.0)
    blocks = list(kernels.block_slices(kernel))
    assert blocks[0] == slice(0, height)
    assert blocks[-1].stop == 5_000


@pytest.mark.parametrize(
    ("memory", "elements"),
    [(1, 2**14), (24 * 2**14, 2**14), (2**20 * 6, 2**18), (2**20 * 24, 2**20), (2**31, 2**20)],
)
def test_blocks_follow_a_budget_that_is_smaller_than_they_are(memory, elements):
    assert kernels.block_elements(memory) == elements
    kernel = GibbsKernel(PointCloud(torch.zeros(5_000, 1), torch.zeros(100, 1)), 1.0)
    for operator in (StreamedKernel, StoredKernel):
        running = operator(kernel, Rows(weights(5_000), HELD), weights(100), elements)
        blocks = list(getattr(running, "stream", running).blocks())
        assert blocks[-1].stop == 5_000
        assert max(rows.stop - rows.start for rows in blocks) * 100 <= elements


def test_the_bytes_planned_follow_a_budget_that_is_smaller_than_the_blocks():
    problem = Problem(PointCloud(*clouds(60, 50, 3)))
    planned = {
        memory: Sinkhorn(memory=memory).solve(problem).planned_bytes
        for memory in ("1 KB", "6 MiB", "24 MiB", "2 GiB")
    }
    stored = 60 * 50 * 8
    assert planned == {
        "1 KB": 24 * 2**14,
        "6 MiB": stored + 6 * 2**20,
        "24 MiB": stored + 24 * 2**20,
        "2 GiB": stored + 24 * 2**20,
    }
