"""The bench of accuracy: methods x seeds x pairs, with frozen options, resumable."""
