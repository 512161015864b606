"""The example that follows the post, on small data and as it is."""

import re
import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "examples" / "the_post.py"


def figures(text):
    """Return the percentages by what stands before them."""
    found = re.findall(r"^(.*?):? +([0-9.]+) %$", text, flags=re.MULTILINE)
    return {name: float(value) for name, value in found}


@pytest.fixture
def follow(monkeypatch, capsys):
    """Run the script and return what it says and its names."""
    pytest.importorskip("mlxtend")

    def call(*words):
        monkeypatch.setattr("sys.argv", [str(SCRIPT), *words])
        names = runpy.run_path(str(SCRIPT), run_name="__main__")
        return capsys.readouterr().out, names

    return call


def test_the_post_on_small_data(follow):
    text, names = follow("--rows", "300", "--epochs", "2")
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
    text, _ = follow()
    said = figures(text)
    assert said["source accuracy in the last epoch"] > 95
    assert said["1-NN after transport"] > said["1-NN before transport"] > 45
