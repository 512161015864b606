"""Build the wheel and try it as a stranger would: in an empty environment, away from the sources.

Run by `make wheel`. It checks that the wheel holds what it should, that the plain package works
without its extras, and that with them every module can be imported.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

TEMPLATES = ("report.html.jinja", "macros.jinja", "page.css", "page.js", "sections/result.jinja")

REQUIRED_FILES = (
    "monge/py.typed",
    "monge/verdict/learned.npz",
    *(f"monge/report/templates/{name}" for name in TEMPLATES),
)
"""Files without Python code that the package does not work without."""

HEAVY = ("bokeh", "jinja2", "matplotlib", "mlxtend", "pandas", "pyarrow", "rich", "typer")
"""What `import monge` must leave alone: extras, and what the command line alone needs."""

IMPORT_LIGHTLY = f"""# import monge alone
import sys
# scikit-learn loads pandas and rich where it finds them; that is not monge's doing
import numpy, ot, safetensors.torch, scipy, sklearn.neighbors, torch
before = set(sys.modules)
import monge
loaded = sorted(set({HEAVY!r}) & (set(sys.modules) - before))
if loaded:
    sys.exit("import monge also loads " + ", ".join(loaded) + "; import them where they are used")
"""

IMPORT_EVERYTHING = """# import every module
import importlib, pkgutil
import monge

def refuse(name):
    raise  # pkgutil hides the error of a package it cannot import

modules = [m.name for m in pkgutil.walk_packages(monge.__path__, "monge.", onerror=refuse)]
for name in modules:
    importlib.import_module(name)
print(f"{len(modules)} modules imported")
"""


def main() -> None:
    """Build, look inside, install, import, call; stop at the first thing that is wrong."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="monge-wheel-") as folder:
        home = Path(folder)
        wheel = build(home / "dist")
        check_contents(wheel)

        say("installing it alone into an empty environment")
        python = make_environment(home / "venv")
        install(python, str(wheel), home)
        run(python, "-I", "-c", IMPORT_LIGHTLY, cwd=home)
        command = python.parent / "monge"
        shown = run(command, "--help", cwd=home)
        if "Usage" not in shown:
            fail(f"`monge --help` shows no usage line, but:\n{shown}")

        say("installing it with every extra")
        install(python, f"{wheel}[all]", home)
        run(python, "-I", "-c", IMPORT_LIGHTLY, cwd=home)
        say(run(python, "-I", "-c", IMPORT_EVERYTHING, cwd=home).strip())
        run(command, "--help", cwd=home)
    say(f"{wheel.name} is sound ({time.perf_counter() - started:.0f} s)")


def build(folder: Path) -> Path:
    """Build the wheel into ``folder`` with the build backend that is installed here."""
    say("building")
    arguments = ("-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    run(sys.executable, *arguments, cwd=ROOT)
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        fail(f"one wheel was expected in {folder}, got {[path.name for path in wheels]}")
    return wheels[0]


def check_contents(wheel: Path) -> None:
    """Compare the wheel with the sources: nothing of the package missing, nothing else in it."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    package = ROOT / "src" / "monge"
    sources = {
        path.relative_to(package.parent).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    missing = sorted((sources | set(REQUIRED_FILES)) - names)
    if missing:
        fail(f"the wheel lacks {', '.join(missing)}")
    if not any(name.endswith(".dist-info/licenses/LICENSE") for name in names):
        fail("the wheel lacks LICENSE")
    foreign = sorted(name for name in names - sources if ".dist-info/" not in name)
    if foreign:
        fail(f"the wheel holds what is not in src/monge: {', '.join(foreign)}")


def make_environment(folder: Path) -> Path:
    """Make an empty virtual environment and return its interpreter."""
    venv.create(folder, with_pip=True)
    return folder / ("Scripts" if os.name == "nt" else "bin") / "python"


def install(python: Path, requirement: str, cwd: Path) -> None:
    """Install ``requirement`` with the versions of the lock file and nothing newer."""
    lock = ROOT / "requirements.lock"
    quietly = ("--quiet", "--disable-pip-version-check")
    run(python, "-m", "pip", "install", *quietly, "-c", lock, requirement, cwd=cwd)


def run(program: str | Path, *arguments: str | Path, cwd: Path) -> str:
    """Run a program and return what it writes; stop with all it wrote if it fails."""
    done = subprocess.run(
        [str(program), *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        shown = " ".join(str(part).strip().splitlines()[0] for part in (program, *arguments))
        fail(f"`{shown}` ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def say(text: str) -> None:
    """Tell the person who waits what is going on."""
    print(f"wheel: {text}", flush=True)


def fail(text: str) -> None:
    """Stop with a reason."""
    sys.exit(f"wheel: {text}")


if __name__ == "__main__":
    main()
