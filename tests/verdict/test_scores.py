"""Each score on evidence whose answer is known by hand."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.special import softmax
from sklearn.metrics import roc_auc_score

from monge.adapters import candidates
from monge.errors import InputError
from monge.verdict import SCORES, DomainOdds, Evidence, PlanHealth, agreeing, scores_of, soft_votes
from monge.verdict.agreement import collapsed
from monge.verdict.calibration import sharpness
from monge.verdict.proportions import black_box_shares, likeliest_shares
from monge.verdict.transport import label_distance
from monge.verdict.two_sample import apart, area, area_chance

LABELS = np.repeat([0, 1], 20)
TRUTH = np.repeat([0, 1], 10)
HALF_WRONG = np.where(np.arange(40) % 2, LABELS, 1 - LABELS)
NAMES_OF_THREE, PLACES = np.resize([0, 1, 2], 40), np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 6.0]])
USUAL = tuple(name for name in candidates(100, 100, 2, 3))
BIBLIOGRAPHY = Path(__file__).parents[2] / "docs" / "references.bib"


def shares_of(classes, sure=0.9, size=2):
    """Return probabilities that give each row its class with so much certainty."""
    shares = np.full((len(classes), size), (1 - sure) / (size - 1))
    shares[np.arange(len(classes)), classes] = sure
    return shares


@pytest.fixture
def make():
    """Return a maker of evidence: 40 source rows, half of each class, and 20 target rows."""

    def made(chosen=None, **given):
        draw = np.random.default_rng(0)
        labels, truth = np.repeat([0, 1], 20), np.repeat([0, 1], 10)
        source = draw.normal(size=(40, 2)) + 8 * labels[:, None]
        target = draw.normal(size=(20, 2)) + 8 * truth[:, None]
        usual = {
            "labels": labels,
            "n_classes": 2,
            "held": shares_of(labels),
            "baseline": shares_of(truth),
            "chosen": shares_of(truth if chosen is None else chosen)
            if np.ndim(chosen) < 2
            else chosen,
            "source": source,
            "target": target,
        }
        return Evidence(**{**usual, **given})

    return made


def everything(make):
    """Evidence with all its parts, of three classes."""
    said, draw = shares_of(NAMES_OF_THREE, size=3), np.random.default_rng(1)
    told = np.resize([0, 1, 2], 20)
    odds = DomainOdds(source=np.linspace(-1, 1, 40), target=np.linspace(0, 2, 20))
    plan = PlanHealth(
        status="CONVERGED",
        marginal_error=1e-4,
        perplexity=0.1,
        effective_source=0.5,
        same_class=0.9,
        same_class_independent=0.5,
        class_mass=np.array([0.1, 0.325, 0.575]),
    )
    chosen = shares_of(told, size=3)
    target = draw.normal(size=(20, 2)) + PLACES[told]
    return make(
        labels=NAMES_OF_THREE,
        n_classes=3,
        held=said,
        baseline=chosen,
        chosen=chosen,
        source=draw.normal(size=(40, 2)) + PLACES[NAMES_OF_THREE],
        target=target,
        moved=draw.normal(size=(40, 2)) + PLACES[NAMES_OF_THREE],
        moved_held=said,
        unseen=said,
        returned=said,
        resampled=(chosen, chosen[::-1]),
        others=tuple(chosen for _ in USUAL),
        named=USUAL,
        views=(target,),
        odds=odds,
        odds_moved=odds,
        plan=plan,
    )


def test_every_score_is_a_number_where_all_is_known(make):
    scores = scores_of(everything(make))
    assert [name for name, value in scores.items() if not np.isfinite(value)] == []
    accuracies = {name: scores[name] for name, score in SCORES.items() if score.unit == "accuracy"}
    assert all(0 <= value <= 1 for value in accuracies.values()), accuracies
    assert len(accuracies) > 15


def test_a_score_that_does_not_apply_is_nan_and_says_why(make):
    evidence = make()
    for score in SCORES.values():
        assert np.isnan(score(evidence)) == bool(score.why(evidence)), score.name
    assert SCORES["plan_error"].why(evidence) == "the transport has no plan"
    assert SCORES["stability"].why(evidence).startswith("the candidate was not fitted again")


def test_every_source_is_in_the_bibliography():
    keys = BIBLIOGRAPHY.read_text(encoding="utf-8")
    sources = {score.source for score in SCORES.values()} - {""}
    assert [key for key in sources if f"{{{key}," not in keys] == []
    assert len(sources) > 10


def test_scores_change_nothing_and_repeat_themselves(make):
    evidence = everything(make)
    before = evidence.chosen.copy(), evidence.held.copy()
    first = scores_of(evidence)
    assert scores_of(evidence) == first
    np.testing.assert_array_equal(evidence.chosen, before[0])
    np.testing.assert_array_equal(evidence.held, before[1])


@pytest.mark.parametrize("part", ["held", "chosen", "unseen", "resampled", "others"])
def test_probabilities_of_other_rows_are_refused(make, part):
    wrong = np.full((7, 2), 0.5)
    with pytest.raises(InputError, match=rf"Evidence: '{part}.*of shape \((40|20), 2\)"):
        make(**{part: (wrong,) if part in ("resampled", "others") else wrong})


ACCURACIES = {"moved_accuracy": "moved_held", "unseen_accuracy": "unseen"} | {
    "circular_accuracy": "returned",
    "held_accuracy": "held",
}


@pytest.mark.parametrize("name", ACCURACIES)
def test_validation_counts_what_is_right(make, name):
    said = LABELS.copy()
    said[:10] = 1
    assert SCORES[name](make(**{ACCURACIES[name]: shares_of(said)})) == pytest.approx(0.75)


def test_circular_macro_is_the_mean_recall(make):
    labels, said = np.repeat([0, 1], [30, 10]), np.zeros(40, dtype=int)
    evidence = make(labels=labels, returned=shares_of(said))
    assert SCORES["circular_macro"](evidence) == pytest.approx(0.5)
    assert SCORES["circular_accuracy"](evidence) == pytest.approx(0.75)


def test_importance_weights_count_rows_like_the_target(make):
    # Rows of class 0 are all wrong, and three times as likely in the target.
    said = np.ones(40, dtype=int)
    odds = DomainOdds(source=np.where(LABELS == 0, np.log(3.0), 0.0), target=np.zeros(20))
    evidence = make(moved_held=shares_of(said), unseen=shares_of(said), odds=odds, odds_moved=odds)
    assert SCORES["importance_weighted"](evidence) == pytest.approx(0.25)
    assert SCORES["importance_weighted_unseen"](evidence) == pytest.approx(0.25)
    assert SCORES["importance_size"](evidence) == pytest.approx((3 + 1) ** 2 / (9 + 1) / 2)


def test_doc_takes_off_what_confidence_was_lost(make):
    evidence = make(moved_held=shares_of(HALF_WRONG, 0.8), chosen=shares_of(TRUTH, 0.7))
    assert SCORES["mean_confidence"](evidence) == pytest.approx(0.7)
    assert SCORES["doc"](evidence) == pytest.approx(0.4)


def test_atc_counts_the_rows_above_the_threshold(make):
    # Held rows are right at confidence .9 and wrong at .6; of the target a quarter is at .95.
    right = np.arange(40) < 30
    held = shares_of(np.where(right, LABELS, 1 - LABELS))
    held[~right] = shares_of((1 - LABELS)[~right], 0.6)
    chosen = shares_of(TRUTH, 0.65)
    chosen[:5] = shares_of(TRUTH[:5], 0.95)
    evidence = make(moved_held=held, unseen=held, chosen=chosen)
    for name in ("atc", "atc_entropy", "atc_unseen"):
        assert SCORES[name](evidence) == pytest.approx(0.25), name


def test_atc_of_one_confidence_is_the_held_accuracy(make):
    # Votes of few neighbours take few values: rows at the threshold count in the held share.
    said = LABELS.copy()
    said[:8] = 1
    evidence = make(moved_held=shares_of(said))
    assert SCORES["atc"](evidence) == pytest.approx(0.8)


def test_calibrated_confidence_learns_how_often_the_classifier_is_right(make):
    wrong = LABELS.copy()
    wrong[::5] = 1 - wrong[::5]
    evidence = make(moved_held=shares_of(wrong, 0.999), chosen=shares_of(TRUTH, 0.999))
    assert SCORES["mean_confidence"](evidence) == pytest.approx(0.999)
    assert SCORES["calibrated_confidence"](evidence) == pytest.approx(0.8, abs=1e-3)


def test_entropy_and_infomax(make):
    even, sure = make(chosen=np.full((20, 2), 0.5)), make(chosen=shares_of(TRUTH, 1 - 1e-15))
    assert SCORES["entropy"](even) == pytest.approx(1)
    assert SCORES["infomax"](even) == pytest.approx(0)
    assert SCORES["entropy"](sure) == pytest.approx(0)
    assert SCORES["infomax"](sure) == pytest.approx(1)


def test_cot_is_a_linear_program():
    draw = np.random.default_rng(1)
    said, shares = softmax(draw.normal(size=(7, 3)), axis=1), np.array([0.2, 0.3, 0.5])
    cost = np.abs(said[:, None] - np.eye(3)[None]).sum(2) / 2
    rows = [np.kron(np.eye(7)[i], np.ones(3)) for i in range(7)]
    columns = [np.kron(np.ones(7), np.eye(3)[c]) for c in range(3)]
    b = [*np.full(7, 1 / 7), *shares]
    least = linprog(cost.ravel(), A_eq=np.array(rows + columns), b_eq=b).fun
    assert label_distance(said, shares) == pytest.approx(least, abs=1e-9)
    assert label_distance(said, np.array([0.0, 1.0, 0.0])) == pytest.approx(1 - said[:, 1].mean())


def test_cot_sees_what_the_mean_confidence_does_not(make):
    collapse = make(chosen=shares_of(np.zeros(20, dtype=int), 1.0))
    assert SCORES["mean_confidence"](collapse) == 1
    assert SCORES["cot"](collapse) == pytest.approx(0.5)


def test_neighbours_agree_in_the_features_and_in_a_view(make):
    alternating = np.arange(20) % 2
    good, bad = make(), make(chosen=alternating)
    for name in ("own_agreement", "own_guarded"):
        assert SCORES[name](good) > 0.85
        assert SCORES[name](bad) < 0.6
    view = np.arange(20) % 2 * 9.0 + np.random.default_rng(0).normal(size=20)
    seen = make(chosen=alternating, views=(view[:, None],))
    assert SCORES["view_agreement"](seen) > 0.85
    assert SCORES["view_beyond_chance"](seen) > 0.7
    assert SCORES["view_agreement"](make(views=(view[:, None],))) < 0.6


def test_neighbours_that_are_given_are_not_sought_again(make):
    near = np.arange(20)[:, None] * 0  # everyone's neighbour is the first row
    assert SCORES["own_agreement"](make(near=near)) == 0.5


def test_neighbours_do_not_depend_on_the_units_of_a_feature(make):
    target = np.random.default_rng(0).normal(size=(20, 2)) + 8 * TRUTH[:, None] * [1, 0]
    plain, scaled = make(target=target), make(target=target * [1.0, 1e6])
    assert SCORES["own_agreement"](scaled) == SCORES["own_agreement"](plain) > 0.7


def test_a_collapse_of_many_classes_is_seen_and_label_shift_is_not_one(make):
    size, even = 5, np.arange(40) % 5
    one = shares_of(np.zeros(20, dtype=int), size=size)
    many = {"labels": even, "n_classes": size, "held": shares_of(even, size=size)}
    given = many | {"baseline": one}
    assert collapsed(make(**given | {"chosen": one}))
    assert not collapsed(make(**given | {"chosen": shares_of(np.arange(20) % 5, size=size)}))
    assert SCORES["own_guarded"](make(**given | {"chosen": one})) == 0
    # Where the source itself holds nothing else, it is not the candidate's doing.
    rare = np.r_[np.zeros(36, dtype=int), 1, 2, 3, 4]
    told = np.r_[np.zeros(16, dtype=int), 1, 2, 3, 4]
    given = {"labels": rare, "n_classes": size, "held": shares_of(rare, size=size)}
    assert not collapsed(make(**given | {"baseline": one, "chosen": shares_of(told, size=size)}))


def test_a_class_that_is_rare_in_the_source_may_be_as_rare_in_the_target(make):
    labels, told = np.arange(500) // 496, np.arange(500) // 497  # of 8 and of 6 in a thousand
    given = {"labels": labels, "held": shares_of(labels), "target": np.zeros((500, 2))}
    assert not collapsed(make(**given, baseline=shares_of(told), chosen=told))
    assert collapsed(make(**given, baseline=shares_of(told), chosen=np.arange(500) // 499))


def test_votes_count_before_probabilities(make):
    others = (shares_of(TRUTH, 0.51), shares_of(TRUTH, 0.51))
    evidence = make(chosen=shares_of(1 - TRUTH, 0.99), others=others)
    assert SCORES["agreement_majority"](evidence) == 0


def test_agreement_with_others_and_their_majority(make):
    said = [TRUTH, TRUTH, 1 - TRUTH]
    others = tuple(shares_of(classes) for classes in said)
    evidence = make(others=others)
    assert SCORES["agreement_others"](evidence) == pytest.approx(2 / 3)
    assert SCORES["agreement_majority"](evidence) == 1
    assert SCORES["agreement_majority"](make(chosen=1 - TRUTH, others=others)) == pytest.approx(0.5)


def test_of_two_there_is_no_majority(make):
    assert np.isnan(SCORES["agreement_majority"](make(others=(shares_of(TRUTH),))))


def test_agreement_with_a_candidate_of_a_name(make):
    others = tuple(shares_of(said) for said in (TRUTH, np.r_[1 - TRUTH[:5], TRUTH[5:]]))
    evidence = make(others=others, named=("linear", "my own"), name="graph")
    assert SCORES["agreement_linear"](evidence) == 1
    assert SCORES["agreement_graph"](evidence) == 1  # with itself
    assert np.isnan(SCORES["agreement_coral"](evidence))
    turned = make(others=others, named=("my own", "linear"))
    assert SCORES["agreement_linear"](turned) == pytest.approx(0.75)
    assert np.isnan(SCORES["agreement_linear"](make(others=others)))


def three(make, turn=0.0, wide=1.0, told=None, moved=None):
    """Three classes that are turned, and wider around the same places, in the target."""
    draw, size = np.random.default_rng(0), 240
    labels = np.arange(size) % 3
    spread = draw.normal(size=(size, 2))
    around = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    places = PLACES - PLACES.mean(0)
    source, target = spread + places[labels], wide * spread + places[labels] @ around
    said = labels if told is None else told(labels)
    return make(
        labels=labels,
        n_classes=3,
        held=shares_of(labels, size=3),
        baseline=shares_of(labels, size=3),
        chosen=shares_of(said, size=3),
        source=source,
        target=target + 50,
        moved=target + 50 if moved is None else source + moved,
    )


def test_classes_that_lie_alike_are_told_from_turned_and_renamed_ones(make):
    def scores(name, **given):
        return SCORES[name](three(make, **given))

    renamed = {"told": lambda labels: (labels + 1) % 3}
    assert scores("class_places") == pytest.approx(1)
    assert scores("class_places", turn=np.pi) == pytest.approx(-1, abs=0.02)
    assert scores("class_places", **renamed) < 0
    assert scores("class_distances", turn=np.pi) == pytest.approx(1, abs=0.02)
    assert scores("class_distances", **renamed) < 0.5
    assert np.isnan(scores("class_distances", told=lambda labels: labels.clip(max=1)))
    assert np.isnan(scores("class_places", told=np.zeros_like))


def test_classes_that_are_wider_are_seen(make):
    wide = three(make, wide=2.0)
    within = [np.var(wide.target[wide.labels == c], axis=0).sum() for c in range(3)]
    own = [np.var(wide.source[wide.labels == c], axis=0).sum() for c in range(3)]
    whole = [wide.target.var(0).sum(), wide.source.var(0).sum()]
    expected = np.log(np.array(within) / whole[0] / (np.array(own) / whole[1]))
    assert SCORES["class_width"](wide) == pytest.approx(expected.mean())
    assert SCORES["class_shape"](wide) == pytest.approx(np.abs(expected).mean())
    assert SCORES["class_width"](three(make)) == pytest.approx(0, abs=1e-9)
    assert SCORES["class_apart"](wide) == pytest.approx(1 - np.mean(within) / whole[0])
    assert SCORES["source_apart"](wide) == pytest.approx(1 - np.mean(own) / whole[1])
    # of the source it is whatever is predicted
    told = {"told": lambda labels: np.where(np.arange(240) < 200, 0, labels)}
    assert SCORES["source_apart"](three(make, wide=2.0, **told)) == SCORES["source_apart"](wide)


def test_moved_classes_are_compared_with_the_rows_predicted_as_them(make):
    there = three(make)
    assert SCORES["class_gap"](there) == pytest.approx(0, abs=1e-9)
    assert SCORES["class_energy"](there) == pytest.approx(0, abs=1e-9)
    beside = three(make, moved=np.array([53.0, 50.0]))
    deviation = np.concatenate([beside.source, beside.target]).std(0)
    assert SCORES["class_gap"](beside) == pytest.approx(3 / deviation[0] / np.sqrt(2))
    # a feature that hardly changes in the target alone is measured by both domains
    still = np.column_stack([beside.target[:, 0], np.full(240, 0.1)])
    fixed = replace(beside, target=still, moved=beside.source)
    assert SCORES["class_gap"](fixed) < 3
    assert 0 < SCORES["class_energy"](beside) <= SCORES["class_energy_largest"](beside) < 1
    # one class of three is somewhere else
    labels = np.arange(240) % 3
    astray = three(make, moved=50 + 4.0 * (labels == 1)[:, None] * np.ones(2))
    assert SCORES["class_energy"](astray) < 0.5 * SCORES["class_energy_largest"](astray)


def test_places_are_taken_around_the_middle_of_the_classes_that_are_predicted(make):
    some = three(make, told=lambda labels: labels.clip(max=1))
    own, told = (
        np.array([((x - x.mean(0)) / x.std(0))[said == c].mean(0) for c in (0, 1)])
        for x, said in ((some.source, some.labels), (some.target, some.predicted))
    )
    one, other = (np.ravel(means - means.mean(0)) for means in (own, told))
    expected = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    assert SCORES["class_places"](some) == pytest.approx(expected)


def test_wider_and_narrower_classes_do_not_make_up_for_each_other(make):
    mixed = three(make, wide=np.where(np.arange(240) % 3 == 0, 0.4, 2.5)[:, None])
    assert SCORES["class_shape"](mixed) > abs(SCORES["class_width"](mixed)) + 0.3


def test_a_class_counts_by_the_rows_predicted_as_it_and_not_below_four(make):
    labels = np.arange(240) % 3
    # class 1 lies elsewhere, and a fifth of its rows alone are predicted as such
    rare = (labels == 1) & (np.arange(240) % 5 > 0)
    moved = 50 + 4.0 * (labels == 1)[:, None] * np.ones(2)
    some = three(make, moved=moved, told=lambda all_: np.where(rare, 0, all_))
    one_class = [np.flatnonzero(some.predicted == c) for c in range(3)]
    parts = [
        apart(*((x / units)[rows] for x, rows in pair)).energy
        for units in [np.concatenate([some.source, some.target]).std(0)]
        for pair in (
            ((some.moved, labels == c), (some.target, one_class[c][:120])) for c in range(3)
        )
    ]
    assert SCORES["class_energy_largest"](some) == pytest.approx(max(parts), rel=0.05)
    shares = np.array([len(rows) for rows in one_class]) / 240
    assert SCORES["class_energy"](some) == pytest.approx(shares @ parts, rel=0.05)
    assert SCORES["class_energy"](some) < 0.9 * np.mean(parts)
    three_rows = (labels == 1) & (np.cumsum(labels == 1) > 3)
    few = three(make, moved=moved, told=lambda all_: np.where(three_rows, 0, all_))
    assert (few.predicted == 1).sum() == 3
    assert SCORES["class_energy_largest"](few) < 0.9 * max(parts)


def test_purity_of_the_source_is_of_its_true_classes(make):
    assert SCORES["source_beyond_chance"](three(make)) > 0.95
    mixed = make(labels=np.random.default_rng(0).permutation(LABELS))
    assert abs(SCORES["source_beyond_chance"](mixed)) < 0.3


def test_stability_and_disagreement(make):
    turned = np.r_[1 - TRUTH[:5], TRUTH[5:]]
    evidence = make(resampled=(shares_of(TRUTH), shares_of(turned)))
    assert SCORES["stability"](evidence) == pytest.approx(0.875)
    assert SCORES["disagreement"](evidence) == pytest.approx(0.75)
    assert np.isnan(SCORES["disagreement"](make(resampled=(shares_of(TRUTH),))))


def test_plan_scores_are_its_numbers(make):
    scores = scores_of(everything(make))
    assert scores["plan_same_class"] == 0.9
    assert scores["plan_same_class_beyond_chance"] == pytest.approx(0.8)
    assert scores["plan_class_shift"] == pytest.approx(0.25)
    assert (scores["plan_error"], scores["plan_perplexity"]) == (1e-4, 0.1)
    assert scores["plan_source"] == 0.5


def test_label_shift_is_estimated_both_ways(make):
    # A classifier right in nine of ten, and a target of one row in five of class 0.
    said = np.where(np.arange(40) % 10 == 0, 1 - LABELS, LABELS)
    told = np.where(np.arange(200) < 40, 0, 1)
    told = np.where(np.arange(200) % 10 == 0, 1 - told, told)
    target = np.random.default_rng(0).normal(size=(200, 2))
    evidence = make(
        held=shares_of(said), baseline=shares_of(told), chosen=shares_of(told), target=target
    )
    np.testing.assert_allclose(black_box_shares(evidence), [0.2, 0.8], atol=1e-6)
    np.testing.assert_allclose(likeliest_shares(evidence), [0.2, 0.8], atol=1e-3)
    assert SCORES["label_shift_bbse"](evidence) == pytest.approx(0.3, abs=1e-6)
    assert SCORES["label_shift_em"](evidence) == pytest.approx(0.3, abs=1e-3)
    assert SCORES["class_shift"](evidence) == pytest.approx(abs((told == 0).mean() - 0.5))
    assert SCORES["recall_by_shares"](evidence) == pytest.approx(0.9, abs=1e-3)


def test_label_shift_of_an_uneven_source_and_an_uneven_classifier(make):
    # Three in four rows are of class 0; one in five of these is called 1, and no other is wrong.
    labels = np.repeat([0, 1], [300, 100])
    said = np.where(np.arange(400) % 5 == 0, 1, labels)
    truth = np.repeat([0, 1], [100, 300])
    told = np.where(np.arange(400) % 5 == 0, 1, truth)
    p = np.array([[1 - 1e-9, 1e-9], [60 / 160, 100 / 160]])  # calibrated as they are
    rows = np.random.default_rng(0).normal(size=(400, 2))
    evidence = make(
        labels=labels, held=p[said], baseline=p[told], chosen=p[told], source=rows, target=rows
    )
    assert said.mean() == 0.4
    # The second row of p calls class 1 what is said to be 1.
    np.testing.assert_allclose(black_box_shares(evidence), [0.25, 0.75], atol=1e-6)
    np.testing.assert_allclose(likeliest_shares(evidence), [0.25, 0.75], atol=0.02)


def test_area_is_that_of_the_curve():
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=30).round(1), draw.normal(0.5, size=20).round(1)
    truth = roc_auc_score(np.repeat([0, 1], [30, 20]), np.r_[x, y])
    assert area(x, y) == pytest.approx(truth)


def test_chance_of_an_area_is_uniform_where_nothing_differs():
    draw = np.random.default_rng(0)
    chances = [area_chance(area(*draw.normal(size=(2, 40))), 40, 40) for _ in range(400)]
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert np.mean(np.array(chances) < share) == pytest.approx(share, abs=0.06)


@pytest.mark.parametrize("name", ["domain_near", "energy", "support"])
def test_a_shift_is_seen_and_its_remedy_too(make, name):
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(200, 3)), draw.normal(size=(150, 3))
    labels = np.arange(200) % 2
    given = {
        "labels": labels,
        "held": shares_of(labels),
        "baseline": shares_of(np.arange(150) % 2),
        "chosen": shares_of(np.arange(150) % 2),
        "source": x,
        "target": y + 4,
        "moved": x + 4,
        "odds_moved": DomainOdds(source=np.zeros(200), target=np.zeros(150)),
    }
    scores = scores_of(make(**given))
    assert scores[name] > 0.5 > 5 * (scores[f"{name}_moved"] - (name == "domain_near") / 2)
    if name == "domain_near":
        assert scores["domain_near_p"] < 1e-6
        assert scores["domain_near_p_moved"] > 1e-2
        again = SCORES["domain_near_moved"]
        assert "not told apart again" in again.why(make(**given | {"odds_moved": None}))


def test_energy_is_that_of_the_definition(make):
    evidence = make()
    both = np.concatenate([evidence.source, evidence.target])
    x, y = ((rows - both.mean(0)) / both.std(0) for rows in (evidence.source, evidence.target))

    def mean(one, other):
        return np.mean([np.linalg.norm(p - q) for p, q in product(one, other)])

    across = 2 * mean(x, y)
    assert SCORES["energy"](evidence) == pytest.approx(
        (across - mean(x, x) - mean(y, y)) / across,
        abs=2e-6,  # distances are in float32
    )


def test_a_target_within_the_source_is_supported():
    draw = np.random.default_rng(0)
    x = draw.normal(size=(300, 2))
    assert apart(x, draw.normal(size=(300, 2))).outside < 0.06
    assert apart(x, np.r_[x[:150], x[:150] + 40]).outside == pytest.approx(0.5, abs=0.02)


def test_one_who_is_wrong_and_sure_is_hardly_sharpened():
    certain, labels = np.eye(2)[[0, 0, 0, 1]], np.array([0, 0, 1, 1])
    with np.errstate(divide="ignore"):
        found = sharpness(np.log(certain), labels)
    assert found == pytest.approx(sharpness(np.log(certain.clip(1e-12)), labels))
    assert found < 0.06


@pytest.mark.parametrize("d", [1, 3, 60])
def test_support_is_by_the_nearest_row(d):
    draw = np.random.default_rng(1)
    x, y = draw.normal(size=(40, d)), 1.3 * draw.normal(size=(30, d)) + 2
    y[:5] = x[:5]
    near = [min(np.linalg.norm(row - other) for other in x) for row in y]
    own = [
        min(np.linalg.norm(row - other) for other in np.delete(x, i, 0)) for i, row in enumerate(x)
    ]
    far = np.mean(np.array(near) > np.quantile(own, 0.99) + 1e-12)
    assert 0 < far < 1
    assert apart(x, y).outside == pytest.approx(far, abs=1e-12)
    # Rows that are there twice have no room about them; what is one of them is not outside.
    twice = np.repeat(x, 2, axis=0)
    assert apart(twice, x).outside == 0
    assert apart(twice, x + 1e-3).outside == 1
    assert apart(x[:1], y).outside == 0  # one row tells nothing of the room about it


def test_support_forgives_rounding():
    square = np.array([[0.0, 0.0], [0.7, 0.0], [0.0, 0.7], [0.7, 0.7]])
    angle = np.linspace(0.1, 1.4, 200)
    circle = -0.7 * np.stack(
        [np.cos(angle), np.sin(angle)], axis=1
    )  # 0.7 from the corner, but for rounding
    assert apart(square, circle).outside == 0
    assert apart(square, 1.001 * circle).outside == 1


def test_soft_votes_are_those_of_the_neighbours():
    draw = np.random.default_rng(0)
    rows, queries = draw.normal(size=(50, 3)) + 1e5, draw.normal(size=(20, 3)) + 1e5
    labels = draw.integers(0, 4, 50)
    found = soft_votes(queries, rows, labels, 4, k=7)
    for query, shares in zip(queries, found, strict=True):
        square = np.square(rows - query).sum(1)
        near = np.argsort(square)[:7]
        weight = np.exp(-square[near] / square[near].mean())
        np.testing.assert_allclose(
            shares, np.bincount(labels[near], weight, minlength=4) / weight.sum(), atol=1e-4
        )


def test_votes_agree_with_what_is_predicted():
    shares = np.random.default_rng(0).dirichlet(np.ones(4), size=100)
    predicted = np.arange(100) % 4
    kept = agreeing(shares, predicted)
    np.testing.assert_array_equal(kept.argmax(1), predicted)
    np.testing.assert_allclose(kept.sum(1), 1)
    same = shares.argmax(1) == predicted
    np.testing.assert_array_equal(kept[same], shares[same])
    assert (kept[~same].max(1) <= shares[~same].max(1)).all()
