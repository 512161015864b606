"""The picture of growth: time against size, with the physical limit drawn in."""

from __future__ import annotations

from io import BytesIO
from textwrap import wrap
from typing import Any

from monge.errors import OutputError
from monge.report.style import BLACK, BLUE, GREY, ORANGE, house_style, new_figure

__all__ = ["growth_picture"]


def growth_picture(job: dict[str, Any], what: str, threads: int) -> bytes:
    """Draw the growth job as a PNG.

    Colours are told apart under every common form of colour blindness, and every line also has a
    marker, a dash and a name of its own beside it.

    Parameters
    ----------
    job
        As `bench.Job.to_json` gives it.
    what
        What the points are.
    threads
        With how many threads it was measured.

    Raises
    ------
    MongeError
        If matplotlib is not installed, or nothing was measured.
    """
    rows = [row for row in job["rows"] if "time" in row["figures"]]
    if not rows:
        raise OutputError("growth_picture: no size was measured; look at the rows of the JSON.")
    n = [row["n"] for row in rows]
    seconds = [row["figures"]["time"]["minimum"] for row in rows]
    bare = [row["figures"]["bare_sweep"]["value"] for row in rows]
    peak = [row["figures"]["peak_memory_above_data"]["value"] / 1e6 for row in rows]
    m, tolerance = job["settings"]["m"], job["settings"]["tolerance"]
    with house_style():
        title = f"Time and memory of the full plan, n x {m:,} points"
        figure = new_figure(title, 6.4)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.3))
        above.loglog(n, seconds, color=BLUE, marker="o", label=f"monge, to L1 error {tolerance:g}")
        above.loglog(
            n,
            bare,
            color=ORANGE,
            marker="s",
            linestyle="--",
            label="physical limit: one bare sweep",
        )
        linear = [seconds[-1] * size / n[-1] for size in n]
        above.loglog(n, linear, color=GREY, linestyle=":", label="exactly linear in n")
        for size, took, limit in zip(n, seconds, bare, strict=True):
            above.annotate(
                f"{took / limit:.0f}x",
                (size, took),
                xytext=(0, 8),
                textcoords="offset points",
                ha="center",
                fontsize=9,
                color=BLACK,
            )
        above.set_ylabel("seconds, fastest run")
        above.yaxis.set_major_formatter("{x:g}")  # powers of ten need the math text
        above.legend(loc="upper left")
        above.margins(y=0.15)
        below.semilogx(n, peak, color=BLUE, marker="o")
        below.set_ylim(0, max(200.0, 1.2 * max(peak)))
        below.set_ylabel("MB above\nthe data")
        below.set_xlabel("source rows n; numbers above the line: times the limit")
        below.set_xticks(n, labels=[f"{size:,}" for size in n], rotation=30)
        below.minorticks_off()
        for axes in (above, below):
            axes.grid(visible=True, which="major", color="#DDDDDD", linewidth=0.6)
            axes.set_axisbelow(True)
        words = f"{what.partition(';')[0]}; {threads} thread{'s' if threads > 1 else ''}"
        above.set_title("\n".join(wrap(words, 80)), fontsize=9, color=GREY)
        buffer = BytesIO()
        figure.savefig(buffer, format="png", dpi=160)
    return buffer.getvalue()
