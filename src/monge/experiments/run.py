"""One run: both domains, every seed, every method, and what is written of it."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from monge._types import Tensor
from monge.adapters import Adapter
from monge.cache import Cache
from monge.data import Labelled
from monge.errors import OutputError, sentence
from monge.experiments.accuracy.task import image_task
from monge.experiments.environment import describe_environment
from monge.experiments.evaluate import accuracy, matched_mass
from monge.experiments.evidence import Viewed, gather_evidence, gather_explorer
from monge.experiments.methods import Cell, Task, chosen_methods, fit_the_post, predict_all
from monge.experiments.named import Experiment
from monge.experiments.network import Images, Network, train_network, trained_model
from monge.experiments.options import RunOptions
from monge.experiments.retraining import Trail
from monge.experiments.version import code_version
from monge.files import write_text
from monge.nets import LeNet5, count_parameters
from monge.progress import Progress, Report, silent
from monge.report import write_report
from monge.results import Evidence, MethodResult, PlanResult, Result, Spread
from monge.solvers import Solution
from monge.training import seeded

__all__ = ["Finished", "run"]


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What a run leaves behind.

    Attributes
    ----------
    result, evidence
        The figures and the arrays behind the pictures.
    page
        ``report.html``.

    Examples
    --------
    >>> from monge.experiments import EXPERIMENTS
    >>> finished = run(EXPERIMENTS["demo"])  # doctest: +SKIP
    >>> finished.result.target_n  # doctest: +SKIP
    1797
    """

    result: Result
    evidence: Evidence
    page: Path


@dataclass(frozen=True, kw_only=True, eq=False)
class _Seed:
    """One finished seed."""

    network: Network
    task: Task
    adapter: Adapter
    solution: Solution
    cells: dict[str, Cell]
    whole: Adapter | None


def run(
    experiment: Experiment,
    *,
    options: RunOptions | None = None,
    out: Path = Path("runs"),
    data_dir: Path | None = None,
    report: Report = silent,
) -> Finished:
    """Run an experiment and write ``result.json``, ``report.html`` and ``figures/*.png``.

    Weights, features and predictions are kept in ``out/cache`` under a key of everything that made
    them, for predictions the code as well: a second run takes them as they are, and an interrupted
    one goes on after the last finished epoch or method.

    Parameters
    ----------
    experiment
        Which domains.
    options
        How; the experiment's own settings by default.
    out
        Folder under which the experiment's own is made.
    data_dir
        Where the raw files lie; ``None`` fetches what is missing.
    report
        Told the progress.

    Raises
    ------
    OutputError
        If the output folder cannot be written, before any work starts.
    DataError
        If a data file is missing, damaged or of another format.

    Examples
    --------
    >>> from monge.experiments import EXPERIMENTS
    >>> finished = run(EXPERIMENTS["demo"], options=RunOptions(epochs=30))  # doctest: +SKIP
    >>> finished.page  # doctest: +SKIP
    PosixPath('runs/demo/report.html')
    """
    options = experiment.options if options is None else options
    folder = out / experiment.name
    _claim(folder)
    source, target = experiment.load(data_dir, report)
    images = Images(source, target.without_labels().x, options.n_channels)
    cache = Cache(out / "cache")
    seeds = [_run_seed(images, seed, options, cache, report) for seed in options.seeds]
    result = _collect(experiment, options, seeds, source, target)
    first = seeds[0]
    viewed = Viewed(
        images=images,
        task=first.task,
        adapter=first.adapter,
        solution=first.solution,
        target_labels=target.labels,
        before=first.cells["nearest_neighbour"].predicted,
        after=first.cells["sinkhorn"].predicted,
        looked_at=first.cells["sinkhorn_full" if first.whole else "sinkhorn"].predicted,
        whole=first.whole,
        curves=(
            np.array([seed.network.loss for seed in seeds]),
            np.array([seed.network.accuracy for seed in seeds]),
        ),
    )
    write_text(folder / "result.json", json.dumps(result.to_json(), indent=2) + "\n")
    explorer = gather_explorer(viewed)
    evidence = gather_evidence(viewed, None if viewed.whole else explorer.plan)
    page = write_report(result, evidence, folder, report, explorer=explorer)
    return Finished(result=result, evidence=evidence, page=page)


def _claim(folder: Path) -> None:
    """Refuse an output folder that cannot be written before hours go into it."""
    probe = folder / ".writable"
    try:
        write_text(probe, "")
    except OutputError as error:
        reason = getattr(error.__cause__, "strerror", None) or "no folder"
        required, remedy = f"one in which {folder} can be written", "choose another folder"
        raise OutputError(sentence("run", "out", required, reason, remedy)) from error
    probe.unlink(missing_ok=True)  # two runs at once share it


def _run_seed(
    images: Images, seed: int, options: RunOptions, cache: Cache, report: Report
) -> _Seed:
    """Train, and predict with every method, keeping each as soon as it is done."""
    network = train_network(images, options, seed, cache, report)
    told = {k: v for k, v in asdict(options).items() if k not in ("seeds", "full", "retrain")}
    parts: dict[str, Any] = {"network": network.key, "seed": seed, "code": code_version()} | told
    trail = Trail(cache=cache, parts={k: parts[k] for k in ("network", "code")}, report=report)
    shared = image_task(
        network, images, seed, lambda: trained_model(images, options, seed, cache, report)[0]
    )
    task = Task.of(shared, options, trail)

    def kept(method: str) -> Cell | None:
        entry = cache.get("predictions", cache.key(parts | {"method": method}))
        if entry is None:
            return None
        arrays, config = entry
        return Cell(method=method, predicted=arrays["predicted"], seconds=config["seconds"])

    cells: dict[str, Cell] = {}
    _say_methods(task, cells, report)
    for cell in predict_all(task, kept):
        cells[cell.method] = cell
        if not cell.reused:
            config = {"method": cell.method, "seconds": cell.seconds}
            key = cache.key(parts | {"method": cell.method})
            cache.put("predictions", key, {"predicted": cell.predicted}, config)
        _say_methods(task, cells, report)
    adapter, solution = fit_the_post(task, report)
    shown = options.full and seed == options.seeds[0]
    return _Seed(
        network=network,
        task=replace(task),  # without its plan of all rows, which is kept of one seed alone
        adapter=adapter,
        solution=solution,
        cells=cells,
        whole=task.whole.adapter if shown else None,
    )


def _say_methods(task: Task, cells: dict[str, Cell], report: Report) -> None:
    """Report the methods done, and which comes next or how many were reused."""
    methods = chosen_methods(task.options)
    names, reused = list(methods), sum(cell.reused for cell in cells.values())
    detail = f"{reused} of {len(names)} reused" if reused else ""
    if len(cells) < len(names):
        detail = methods[names[len(cells)]].title
    report(
        Progress(
            task=f"Seed {task.seed}: methods", done=len(cells), total=len(names), detail=detail
        )
    )


def _collect(
    experiment: Experiment,
    options: RunOptions,
    seeds: list[_Seed],
    source: Labelled,
    target: Labelled,
) -> Result:
    """Score everything: from here on, and only here, target labels are read."""

    def spread(predicted: list[Tensor], labels: Tensor) -> Spread:
        return Spread(values=tuple(accuracy(p, labels) for p in predicted))

    methods = {
        name: MethodResult(
            title=method.title,
            accuracy=spread([seed.cells[name].predicted for seed in seeds], target.labels),
            seconds=tuple(seed.cells[name].seconds for seed in seeds),
        )
        for name, method in chosen_methods(options).items()
    }
    return Result(
        experiment=experiment.name,
        source_name=experiment.source_name,
        target_name=experiment.target_name,
        seeds=options.seeds,
        model_parameters=count_parameters(
            seeded(0, partial(LeNet5, n_channels=options.n_channels))
        ),
        source_n=len(source),
        source_accuracy=spread([seed.network.source_predicted for seed in seeds], source.labels),
        target_n=len(target),
        methods=methods,
        plan=_plan_result(options, seeds, target.labels),
        protocol=experiment.protocol,
        command=_command(experiment, options),
        environment=describe_environment(),
    )


def _plan_result(options: RunOptions, seeds: list[_Seed], target_labels: Tensor) -> PlanResult:
    solutions = [seed.solution for seed in seeds]
    masses = [
        matched_mass(
            seed.solution.plan,
            torch.as_tensor(seed.task.labels[seed.adapter.source_rows_]),
            target_labels[seed.adapter.target_rows_],
        )
        for seed in seeds
    ]
    return PlanResult(
        epsilon=options.epsilon,
        epsilon_scale=options.epsilon_scale,
        shape=solutions[0].plan.shape,
        marginal_error=tuple(max(s.marginal_error) for s in solutions),
        class_mass=tuple(mass[0] for mass in masses),
        class_mass_independent=tuple(mass[1] for mass in masses),
        status=tuple(s.status.value for s in solutions),
        sweeps=tuple(s.sweeps for s in solutions),
    )


def _command(experiment: Experiment, options: RunOptions) -> str:
    """Write the command that makes this run again, with what differs from the defaults.

    A short command, such as ``monge demo``, knows the seeds alone.
    """
    defaults = experiment.options
    short = replace(options, seeds=defaults.seeds) == defaults
    words = [experiment.command if short else f"monge run {shlex.quote(experiment.name)}"]
    if options.seeds != defaults.seeds:
        words += ["--seeds", *map(str, options.seeds)]
    for name, flag in (
        ("epochs", "--epochs"),
        ("n_channels", "--channels"),
        ("plan_rows", "--plan-rows"),
        ("epsilon", "--epsilon"),
        ("epsilon_scale", "--epsilon-scale"),
    ):
        if getattr(options, name) != getattr(defaults, name):
            words += [flag, shlex.quote(str(getattr(options, name)))]
    if options.double_softmax != defaults.double_softmax:
        words.append("--double-softmax" if options.double_softmax else "--no-double-softmax")
    if options.full:
        words.append("--full")
    if options.retrain != defaults.retrain:
        words.append("--retrain" if options.retrain else "--no-retrain")
    return " ".join(words)
