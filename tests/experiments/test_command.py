"""The command that a result states makes the same run again."""

import shlex
from dataclasses import replace

import pytest

import monge.cli.app
from monge.cli import main
from monge.errors import Cancelled
from monge.experiments import EXPERIMENTS
from monge.experiments.run import _command


@pytest.fixture
def parsed(monkeypatch):
    """Return the experiment and the options that a command comes to, without running them."""

    def call(command):
        program, *words = shlex.split(command)
        assert program == "monge"
        taken = []

        def run(experiment, *, options, **_):
            taken.append((experiment.name, options))
            raise Cancelled

        monkeypatch.setattr(monge.cli.app, "run", run)
        assert main(words) == 1, f"{command} is refused"
        return taken[0]

    return call


@pytest.mark.parametrize("name", EXPERIMENTS)
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"seeds": (0, 1, 2)},
        {"seeds": (7,)},
        {"epochs": 3},
        {"n_channels": 3},
        {"plan_rows": 100},
        {"epsilon": 1e-4},
        {"epsilon": 0.1, "epsilon_scale": "absolute", "seeds": (4, 5)},
        {"double_softmax": True},
        {"double_softmax": False},
        {"full": True},
        {"retrain": True},
        {"retrain": False},
    ],
    ids=str,
)
def test_the_command_comes_to_the_same_options(parsed, name, change):
    experiment = EXPERIMENTS[name]
    options = replace(experiment.options, **change)
    assert parsed(_command(experiment, options)) == (name, options)


def test_what_is_as_usual_is_left_out():
    post, demo = EXPERIMENTS["mnist-usps"], EXPERIMENTS["demo"]
    assert _command(post, post.options) == "monge run mnist-usps"
    assert _command(demo, demo.options) == "monge demo"
    seeds = replace(demo.options, seeds=(0, 1))
    assert _command(demo, seeds) == "monge demo --seeds 0 1"
    other = replace(post.options, epsilon=0.05, double_softmax=False)
    assert _command(post, other) == "monge run mnist-usps --epsilon 0.05 --no-double-softmax"
