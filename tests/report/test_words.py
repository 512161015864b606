"""What the page says in words is what the records hold."""

import dataclasses

import numpy as np
import pytest

from monge.report.filling import of_convergence
from monge.report.judgement import verdict_parts
from monge.report.live.accuracy import plot_given
from monge.report.live.base import marks, palettes, script_safe
from monge.report.live.data import payload, sprite
from monge.report.words import (
    class_rows,
    clouds_sentence,
    fit_headline,
    hidden_sentence,
    mass_sentence,
    missing_sentence,
    plan_sentence,
    risk_rows,
    trust_sentence,
)
from monge.results import AtRisk, Clouds, Convergence, Explorer, Fitted, PlanView, Sent
from monge.verdict import SCORES


@pytest.fixture
def explorer():
    clouds = Clouds(
        source_rows=np.array([7, 8, 9]),
        source_labels=np.array([0, 0, 1]),
        before=np.array([[0.0, 0.0], [2.0, 0.0], [9.0, 0.0]]),
        after=np.array([[0.0, 3.0], [2.0, 3.0], [9.0, 3.0]]),
        target_rows=np.array([4, 5, 6]),
        target_predicted=np.array([0, 1, 1]),
        target=np.array([[1.0, 3.0], [9.0, 3.0], [99.0, 99.0]]),
        shown=2,
    )
    sent = Sent(
        receivers=np.array([[0], [0], [1]]),
        shares=np.ones((3, 1)),
        perplexity=np.array([1.0, 3.0, 5.0]),
        image=np.zeros((3, 2)),
        class_share=np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.0, 1.0, 0.0]]),
    )
    plan = PlanView(
        log_plan=np.zeros((2, 2)),
        log_plan_sorted=np.zeros((2, 2)),
        row_borders=np.array([0.0, 1, 2, 2]),
        column_borders=np.array([0.0, 1, 2, 2]),
        class_mass=np.array([[0.4, 0.1, 0.0], [0.2, 0.3, 0.0], [0.0, 0.0, 0.0]]),
        columns="predicted class",
        shape=(3, 3),
    )
    risk = AtRisk(
        target=np.array([2, 0]),
        votes=np.array([[0.9, 0.1, 0.0], [0.4, 0.35, 0.25]]),
        distance=np.array([3.0, 1.0]),
    )
    return Explorer(
        classes=("a", "b", "c"), clouds=clouds, sampled="Some.", sent=sent, plan=plan, at_risk=risk
    )


def plain(text):
    return text.replace("\u00a0", " ")


def test_the_clouds(explorer):
    said = clouds_sentence(explorer.clouds)
    assert said.startswith("The source rows move by 3 in the mean")
    assert "narrows from 3 to 0," in said  # the row that is not shown does not count
    apart = dataclasses.replace(explorer.clouds, target_predicted=np.array([2, 2, 2]))
    assert clouds_sentence(apart).endswith("the two domains share no class.")
    back = dataclasses.replace(
        explorer.clouds, before=explorer.clouds.after, after=explorer.clouds.before
    )
    assert "widens from 0 to 3" in clouds_sentence(back)
    still = dataclasses.replace(explorer.clouds, after=explorer.clouds.before)
    assert clouds_sentence(still) == (
        "No source row moves, and the gap between the centres of equal classes stays at 3, in the "
        "units of this picture."
    )


def test_the_plan_and_its_confusions(explorer):
    assert plain(plan_sentence(explorer.plan)).startswith("70.0 % of the mass joins equal classes")
    assert "would join 50.0 %" in plain(plan_sentence(explorer.plan))
    assert plain(mass_sentence(explorer, explorer.plan)) == (
        "70.0 % of the mass stays in its class; most strays from b to a (40.0 % of what b sends) "
        "and from a to b (20.0 % of what a sends)."
    )
    pure = dataclasses.replace(explorer.plan, class_mass=np.eye(3) / 3)
    assert mass_sentence(explorer, pure).endswith("; none strays.")


def test_a_class_that_the_target_hardly_has_is_named(explorer):
    assert missing_sentence(explorer, explorer.plan) == ""
    mass = np.array([[0.4, 0.0, 0.1], [0.28, 0.02, 0.1], [0.1, 0.0, 0.0]])
    view = dataclasses.replace(
        explorer.plan, class_mass=mass, row_borders=np.array([0.0, 50, 90, 100])
    )
    assert plain(missing_sentence(explorer, view)) == (
        "Missing in the target, or nearly: b (40.0 % of the mass comes from this class, 2.0 % goes "
        "to target rows given it)."
    )
    assert "from b, which the target hardly has, to a (70.0 %" in plain(
        mass_sentence(explorer, view)
    )
    true = dataclasses.replace(view, columns="true class")
    assert "2.0 % goes to target rows of it" in plain(missing_sentence(explorer, true))
    behind = dataclasses.replace(
        explorer.plan,
        class_mass=np.array([[0.6, 0.0, 0.0], [0.0, 0.39, 0.0], [0.0, 0.0, 0.01]]),
        row_borders=np.array([0.0, 50, 80, 100]),
    )
    assert plain(missing_sentence(explorer, behind)) == (
        "Left behind by the plan, or nearly: c (20.0 % of the source rows, 1.0 % of the mass)."
    )


def test_a_class_that_shows_with_transport_alone_is_named():
    given = {"a": (0.5, 0.98, 0.5), "b": (0.4, 0.02, 0.5), "c": (0.1, 0.0, 0.0)}
    said = plain(hidden_sentence(given))
    assert "any row is given b (2.0 %; with transport 50.0 %, of the source 40.0 %)." in said
    assert "c (" not in said
    assert hidden_sentence({"a": (0.5, 0.5, 0.4), "b": (0.5, 0.5, 0.6)}) == ""
    many = {f"class {k}": (0.125, 0.0, 0.125) for k in range(8)}
    assert "class 4 (" in hidden_sentence(many)
    assert " and 3 others. Either" in hidden_sentence(many)


def test_evidence_without_words_has_the_title_of_its_score():
    (line,) = verdict_parts({"evidence": [{"score": "cot", "value": 0.5}]})["evidence"]
    assert line["words"] == SCORES["cot"].title


def test_every_class_in_a_row(explorer):
    first, second, third = class_rows(explorer, explorer.sent)
    assert [plain(text) for text in first.values()] == ["a", "2", "2.0", "75.0 %", "b, 25.0 %"]
    assert (second["count"], second["other"]) == ("1", "none")
    assert (third["count"], third["own"]) == ("0", "-")


def test_those_at_risk_are_listed_by_their_doubt(explorer):
    first, second = risk_rows(explorer)
    assert (first["row"], first["given"], plain(first["votes"])) == (
        4, "a", "a: 40.0 %, b: 35.0 %, c: 25.0 %",
    )  # fmt: skip
    assert first["doubt"] == pytest.approx(0.6)
    assert (second["row"], plain(second["votes"]), second["truth"]) == (
        6,
        "a: 90.0 %, b: 10.0 %",
        None,
    )


def test_whether_the_plan_can_be_trusted():
    fine = Convergence(
        status="converged",
        converged=True,
        marginal_error=(1e-9, 2e-7),
        dual_gap=0.0,
        objective=1.0,
        epsilon=0.1,
        sweeps=1200,
        tolerance=1e-6,
    )
    assert "converged after 1,200 sweeps" in trust_sentence(fine)
    assert "by 2.0e-07 of it (asked: at most 1.0e-06)" in trust_sentence(fine)
    lost = dataclasses.replace(fine, converged=False, status="stopped: allow more")
    assert trust_sentence(lost).startswith("Read this plan with care: stopped: allow more.")
    exact = dataclasses.replace(fine, sweeps=0, tolerance=None)
    assert "is the optimum" in trust_sentence(exact)
    once = dataclasses.replace(fine, sweeps=1)
    assert "converged after 1 sweep:" in trust_sentence(once)

    shown = of_convergence(dataclasses.replace(fine, dual_gap=-5e-4))["certificate"]
    assert dict(shown)["duality gap"] == "0, but for rounding (-5.0e-04)"
    assert dict(of_convergence(fine)["certificate"])["duality gap"] == "0"


def test_the_headline_of_a_fit(explorer):
    clouds = explorer.clouds
    fitted = Fitted(
        source_name="old", target_name="new", source_n=9, target_n=20_000, judged=10_000,
        given={}, changed=0.25, parameters={}, protocol="",
    )  # fmt: skip
    assert plain(fit_headline(fitted, clouds)) == (
        "25.0 % of the 10,000 drawn of the 20,000 rows of new are given another class with "
        "transport than without"
    )
    assert "of no row of new" in fit_headline(dataclasses.replace(fitted, changed=0.0), clouds)
    still = dataclasses.replace(clouds, after=clouds.before)
    assert fit_headline(fitted, still).startswith("Nothing is moved: new keeps the classes")


def test_a_verdict_is_shown_as_it_is_given():
    parts = verdict_parts(
        {
            "decision": "adapt",
            "choice": {"name": "linear", "parameters": {"transport": "Linear()", "map": "None"}},
            "source_only": {"value": 0.7, "low": 0.6, "high": 0.8},
            "chosen": {"value": 0.8},
            "gain": {"value": 0.1, "low": -0.01, "high": 0.2},
            "per_class": [{"label": "cat", "predicted": 0.25, "right": None}],
            "evidence": [{"score": "cot", "value": 0.5, "before": None, "words": "Sure."}],
            "warnings": ("A class is missing.",),
        }
    )
    assert parts["heading"] == "Adapt"
    assert (parts["choice"], parts["options"]) == ("linear", "transport=Linear()")
    assert parts["apart"] is False  # 80 less 70 is the gain
    assert parts["gain"] == "+10.0 points (-1.0 to +20.0)"
    assert [plain(part["value"]) for part in parts["estimates"]] == ["70.0 %", "80.0 %"]
    assert [plain(part["between"]) for part in parts["estimates"]] == ["60.0 % to 80.0 %", ""]
    assert [tuple(map(plain, line)) for line in parts["per_class"]] == [("cat", "25.0 %", "-")]
    assert parts["evidence"] == [{"name": "cot", "value": "0.5", "before": "-", "words": "Sure."}]
    assert parts["warnings"] == ["A class is missing."]


@pytest.mark.parametrize(("gain", "apart"), [(0.1002, False), (0.103, True), (-0.02, True)])
def test_a_gain_that_is_no_difference_of_the_accuracies_is_explained(gain, apart):
    estimates = {"source_only": {"value": 0.7}, "chosen": {"value": 0.8}, "gain": {"value": gain}}
    assert verdict_parts({"decision": "adapt"} | estimates)["apart"] is apart


def test_scores_of_which_less_is_better_news_say_so():
    scores = [{"score": name, "value": 0.5, "words": "Words"} for name in ("energy_moved", "cot")]
    shown = verdict_parts({"decision": "adapt", "evidence": scores})["evidence"]
    assert [part["words"] for part in shown] == ["Words (less is better)", "Words"]


def test_what_is_not_there_is_left_out_of_a_verdict():
    parts = verdict_parts({"decision": "undecided", "source_only": None})
    assert (parts["estimates"], parts["evidence"], parts["per_class"]) == ([], [], [])
    assert (parts["choice"], parts["gain"]) == ("", "")


def test_small_pictures_lie_where_their_number_says():
    import base64
    import io

    from PIL import Image

    images = np.arange(70, dtype=np.uint8)[:, None, None] * np.ones((1, 40, 20), np.uint8)
    sheet = sprite(images)
    assert (sheet["columns"], sheet["rows"], sheet["width"], sheet["height"]) == (64, 2, 10, 20)
    content = base64.b64decode(sheet["uri"].split(",")[1])
    pixels = np.asarray(Image.open(io.BytesIO(content)))
    assert pixels.shape == (40, 640)
    for place in (0, 63, 64, 69):
        row, column = divmod(place, 64)
        cell = pixels[row * 20 : row * 20 + 20, column * 10 : column * 10 + 10]
        assert (cell == place).all()


def test_data_ends_no_script_and_holds_no_nan(explorer):
    gone = dataclasses.replace(explorer.sent, image=np.full((3, 2), np.nan))
    evil = dataclasses.replace(explorer, classes=("</script>", "b", "c"), sent=gone)
    text = script_safe(payload(evil))
    assert "<" not in text
    assert "NaN" not in text


@pytest.mark.parametrize("count", [1, 2, 10, 11, 65])
def test_every_class_has_a_colour_and_a_shape(count):
    for theme in ("light", "dark"):
        assert len(set(palettes(count)[theme])) == count
    assert len(marks(count)) == count
    assert len(set(marks(min(count, 10)))) == min(count, 10)


def test_a_long_name_of_a_class_has_its_lines_within_the_picture_and_above_its_row():
    names = ["a name of a class that needs all three lines of " * 2, "b", "c"]
    fitted = Fitted(
        source_name="old",
        target_name="new",
        source_n=9,
        target_n=9,
        judged=9,
        given=dict(zip(names, [(0.5,) * 3, (0.3,) * 3, (0.2,) * 3], strict=True)),
        changed=0.0,
        parameters={},
        protocol="All rows.",
    )
    plot = plot_given(fitted)
    texts = next(r.data_source.data for r in plot.renderers if "text" in r.data_source.data)
    tops = np.array(texts["y"]) - [17 * (1 + text.count("\n")) for text in texts["text"]]
    below = np.append(0, np.array(texts["y"])[:-1] + 11)
    assert texts["text"][0].count("\n") == 2
    assert (tops >= below).all()
    assert plot.y_range.start > texts["y"][-1] + 11
