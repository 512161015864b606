"""The classifiers that every experiment reads features with: the nearest labelled row."""

from __future__ import annotations

from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

__all__ = ["nearest_neighbour", "standardised_neighbour"]


def nearest_neighbour() -> KNeighborsClassifier:
    """Return the classifier of the post: the nearest labelled row."""
    return KNeighborsClassifier(n_neighbors=1, algorithm="brute")


def standardised_neighbour() -> Pipeline:
    """Return the nearest labelled row after each feature is standardised.

    A source that was moved to the target's moments has the scale of both domains.
    """
    return make_pipeline(StandardScaler(), nearest_neighbour())
