"""A finished run that never ran: records with the shapes and sizes of a real one."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from monge.results import Evidence, MethodResult, PlanResult, Result, Spread

TITLES = (
    "source head",
    "1-NN",
    "1-NN after the Sinkhorn plan",
    "standardise each domain, 1-NN",
    "Gaussian Monge map, 1-NN",
    "CORAL, 1-NN",
    "labels through the plan, 1-NN on the target",
    "class prototypes, balanced",
    "class prototypes, unbalanced, then label spreading over a neighbour graph",
)
MEANS = (0.81, 0.774, 0.80, 0.849, 0.852, 0.811, 0.854, 0.67, 0.931)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """What varies between the runs under test."""

    classes: int = 10
    seeds: int = 3
    hurts: bool = False
    missing: int | None = None
    experiment: str = "mnist-usps"
    source_name: str = "MNIST"
    target_name: str = "USPS"


def confusion(right, sizes):
    rng = np.random.default_rng(7)
    classes = len(sizes)
    wrong = rng.random((classes, classes)) ** 4
    np.fill_diagonal(wrong, 0)
    share = np.clip(right + rng.normal(0, 0.08, classes), 0.3, 0.99)
    table = wrong / wrong.sum(1, keepdims=True) * (1 - share)[:, None] + np.diag(share)
    return np.round(table * sizes[:, None]).astype(np.int64)


def share(matrix):
    return float(np.trace(matrix) / matrix.sum())


def images(rng, labels, thickness):
    rows, columns = np.mgrid[:32, :32]
    angle = labels[:, None, None] * 0.6 + rng.normal(0, 0.15, (len(labels), 1, 1))
    distance = (rows - 16) * np.cos(angle) + (columns - 16) * np.sin(angle)
    inside = (rows - 16) ** 2 + (columns - 16) ** 2 < 120
    return (255 * np.exp(-((distance / thickness) ** 2)) * inside).astype(np.uint8)


def plan(rng, rows, columns):
    level = np.where(rows[:, None] == columns[None, :], 0.9, -1.6)
    return (level + rng.normal(0, 0.5, level.shape)).astype(np.float32)


def borders(labels, classes):
    return np.searchsorted(np.sort(labels), np.arange(classes + 1)).astype(np.float64)


def make_evidence(case: Case) -> Evidence:
    rng = np.random.default_rng(0)
    classes = case.classes
    there = np.array([k for k in range(classes) if k != case.missing])
    rows, columns = rng.integers(0, classes, 300), rng.choice(there, 280)
    log_plan = plan(rng, rows, columns)
    order = np.argsort(rows, kind="stable"), np.argsort(columns, kind="stable")
    mass = rng.random((classes, classes)) ** 6 * 0.1 + np.eye(classes)
    mass *= np.isin(np.arange(classes), there)
    sizes = np.where(np.isin(np.arange(classes), there), np.linspace(1194, 542, classes), 0).round()
    centres = rng.normal(0, 5, (classes, 2))
    source_labels, target_labels = rng.integers(0, classes, 1500), rng.choice(there, 1200)
    source = centres[source_labels] + rng.normal(0, 0.9, (1500, 2))
    target = 0.8 * centres[target_labels] + [2.5, -1.5] + rng.normal(0, 0.8, (1200, 2))
    after = 0.85 * source + ([-2.0, 2.0] if case.hurts else [2.0, -1.2])
    epochs = np.arange(1, 11)
    noise = rng.normal(0, 0.006, (case.seeds, 10))
    image_labels = np.repeat(np.arange(classes), 8)
    target_image_labels = image_labels[np.isin(image_labels, there)]
    right = (0.774, 0.80)[:: -1 if case.hurts else 1]
    return Evidence(
        source_images=images(rng, image_labels, 3.0),
        source_image_labels=image_labels,
        target_images=images(rng, target_image_labels, 5.0),
        target_image_labels=target_image_labels,
        training_loss=1.47 + 0.6 * np.exp(-epochs / 2) + noise,
        training_accuracy=np.minimum(0.985 - 0.3 * np.exp(-epochs / 1.5) + noise, 1.0),
        log_plan=log_plan,
        log_plan_sorted=log_plan[order[0]][:, order[1]],
        row_borders=borders(rows, classes),
        column_borders=borders(columns, classes),
        class_mass=mass / mass.sum(),
        source_before=source.astype(np.float32),
        source_after=after.astype(np.float32),
        target=target.astype(np.float32),
        source_labels=source_labels,
        target_labels=target_labels,
        confusion_before=confusion(right[0], sizes),
        confusion_after=confusion(right[1], sizes),
    )


def make_result(case: Case, evidence: Evidence) -> Result:
    rng = np.random.default_rng(1)
    methods = {}
    for index, (title, mean) in enumerate(zip(TITLES, MEANS, strict=True)):
        values = mean + rng.normal(0, 0.008, case.seeds)
        if title == "1-NN":
            values += share(evidence.confusion_before) - values[0]
        if title == "1-NN after the Sinkhorn plan":
            values += share(evidence.confusion_after) - values[0]
        methods[f"method{index}"] = MethodResult(
            title=title,
            accuracy=Spread(values=tuple(values.tolist())),
            seconds=tuple(rng.uniform(0.2, 9, case.seeds).tolist()),
        )
    equal = share(evidence.class_mass)
    return Result(
        experiment=case.experiment,
        source_name=case.source_name,
        target_name=case.target_name,
        seeds=tuple(range(case.seeds)),
        model_parameters=61706,
        source_n=60000,
        source_accuracy=Spread(values=(0.984,) * case.seeds),
        target_n=7291,
        methods=methods,
        plan=PlanResult(
            epsilon=0.01,
            epsilon_scale="max",
            shape=(2560, 2560),
            marginal_error=(3.2e-7,) * case.seeds,
            class_mass=(equal,) * case.seeds,
            class_mass_independent=(0.103,) * case.seeds,
            status=("converged: the marginals are met",) * case.seeds,
            sweeps=(1240,) * case.seeds,
        ),
        protocol=(
            "Transductive: all 60,000 MNIST training images with labels, all 7,291 USPS training "
            "images without; their labels give the final score alone."
        ),
        command="monge run mnist-usps --seeds 3",
        environment={
            "versions": {"monge": "0.1.0", "torch": "2.13.0", "numpy": "2.1.0"},
            "device": "cpu",
            "threads": 2,
        },
    )


LONG = "handwritten digits of the second collection, scanned at 300 dpi and cleaned by hand"

CASES = {
    "usual": Case(),
    "one_seed": Case(seeds=1),
    "hurts": Case(hurts=True),
    "missing_class": Case(missing=3),
    "two_classes": Case(classes=2, experiment="demo"),
    "long_names": Case(source_name=LONG, target_name=f"$a^$ {LONG}", experiment="demo"),
}


@pytest.fixture(scope="session")
def make():
    """Return a function from a case to its result and evidence."""

    def build(case: Case = CASES["usual"]):
        evidence = make_evidence(case)
        return make_result(case, evidence), evidence

    return build


@pytest.fixture(scope="session")
def run(make):
    return make()


@pytest.fixture(scope="session")
def hurtful(make):
    return make(CASES["hurts"])


@pytest.fixture(scope="session", params=sorted(CASES))
def any_run(request, make):
    return make(CASES[request.param])


@pytest.fixture(scope="session")
def longest_run(make):
    """The run whose texts need most room: long names and a class without rows."""
    return make(dataclasses.replace(CASES["long_names"], experiment="mnist-usps", missing=3))
