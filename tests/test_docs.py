"""The pages of docs/: what they show is what running gives, and they name all that is public."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import monge

DOCS = Path(__file__).parents[1] / "docs"
SESSION = re.compile(r"^```pycon\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def sessions(text):
    """Return the interactive sessions of a page as one, each at its own line of the page."""
    kept = [""] * (text.count("\n") + 1)
    for found in SESSION.finditer(text):
        first = text.count("\n", 0, found.start(1))
        for number, line in enumerate(found[1].splitlines(), start=first):
            kept[number] = line
    return "\n".join(kept)


def failures(page, text):
    """Run the sessions of a page and return what they gave instead of what is shown."""
    test = doctest.DocTestParser().get_doctest(sessions(text), {}, page, page, 0)
    said = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=said.append)
    return result.attempted, "".join(said)


@pytest.mark.parametrize(
    ("page", "least"), [("getting-started.md", 20), ("training.md", 10), ("report-page.md", 8)]
)
def test_a_page_shows_what_running_gives(page, least):
    attempted, said = failures(page, (DOCS / page).read_text(encoding="utf-8"))
    assert said == ""
    assert attempted > least


PAGES = sorted(path.stem for path in (DOCS / "api").glob("*.md") if path.stem != "index")


def public_rooms():
    """Return the rooms that a user may import from: the command line is used by its commands."""
    names = [found.name for found in pkgutil.iter_modules(monge.__path__)]
    return [name for name in names if not name.startswith("_") and name != "cli"]


def test_every_room_has_its_page():
    assert sorted(public_rooms()) == PAGES


@pytest.mark.parametrize("room", PAGES)
def test_the_page_of_a_room_is_in_the_contents_and_shows_the_room(room):
    contents = (DOCS / "api" / "index.md").read_text(encoding="utf-8")
    assert re.search(rf"^{room}$", contents, flags=re.MULTILINE)
    page = (DOCS / "api" / f"{room}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# monge.{room}\n")
    assert f".. automodule:: monge.{room}\n" in page


def test_the_reference_names_every_public_name_where_it_lives():
    contents = (DOCS / "api" / "index.md").read_text(encoding="utf-8")
    linked = dict(re.findall(r"{py:obj}`(\w+) <monge\.(\w+)\.\1>`", contents))
    rooms = set(re.findall(r"{py:mod}`monge\.(\w+)`", contents))
    assert sorted([*linked, *rooms]) == monge.__all__
    for name, room in linked.items():
        home = importlib.import_module(f"monge.{room}")
        assert name in home.__all__
        assert getattr(home, name) is getattr(monge, name)
