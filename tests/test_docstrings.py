"""Every public class and function is described, with an example that its reader can run.

The examples themselves are run as doctests. One that needs downloaded data or minutes is marked
``+SKIP`` and named here.
"""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import monge

ROOMS = [
    found.name
    for found in pkgutil.iter_modules(monge.__path__)
    if found.name[0] != "_" and found.name != "cli"
]

NOT_RUN = {  # examples that need the full digits, a finished run, or seconds
    "data.load_mnist",
    "data.load_office_caltech10",
    "data.load_usps",
    "experiments.Finished",
    "experiments.bench_verdict",
    "experiments.run",
    "report.draw_all",
    "report.write_page",
    "report.write_report",
    "results.Evidence",
    "results.Result",
}


def public_things():
    """Yield the public classes and functions by ``room.name``.

    Left out are aliases and constants, exceptions, whose example is the refusal of those that raise
    them, and the command line, whose examples are its commands.
    """
    for room in ROOMS:
        module = importlib.import_module(f"monge.{room}")
        for name in getattr(module, "__all__", ()):
            thing = getattr(module, name)
            described = inspect.isfunction(thing) or inspect.isclass(thing)
            if described and not (inspect.isclass(thing) and issubclass(thing, BaseException)):
                yield f"{room}.{name}", thing


THINGS = dict(public_things())


def examples(thing):
    return doctest.DocTestParser().get_examples(thing.__doc__ or "")


@pytest.mark.parametrize("name", THINGS)
def test_public_name_is_described(name):
    described = (THINGS[name].__doc__ or "").strip()
    # a dataclass without a docstring is given its signature for one
    assert described, f"monge.{name} has no docstring"
    assert not described.startswith(f"{name.split('.')[-1]}("), f"monge.{name} has none of its own"


def test_every_public_name_has_an_example():
    assert [name for name, thing in THINGS.items() if not examples(thing)] == []


def test_an_example_is_run_unless_it_cannot_be():
    skipped = {
        name
        for name, thing in THINGS.items()
        if any(doctest.SKIP in example.options for example in examples(thing))
    }
    assert skipped == NOT_RUN


def test_the_top_names_what_the_rooms_describe():
    top = {name for name in monge.__all__ if name not in ROOMS}
    assert top <= {name.split(".")[1] for name in THINGS}
