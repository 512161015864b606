"""The bench of the verdict: a suite of shifts, and how often the verdict was right on it."""
