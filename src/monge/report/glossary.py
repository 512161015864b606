"""The page's words that a reader may not know: linked where they stand, explained at its foot."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

__all__ = ["WORDS", "Word", "explain", "words_in"]


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word and what it means.

    Attributes
    ----------
    name
        As the glossary lists it; its anchor is made of it.
    forms
        How it stands in a text, as a regular expression of whole words.
    meaning
        In one or two sentences.
    spoken
        Whether the page's script links it, in what it says of a point.
    """

    name: str
    forms: str
    meaning: str
    spoken: bool = False

    @property
    def anchor(self) -> str:
        """The name of its place on the page."""
        return "word-" + re.sub(r"\W+", "-", self.name)


WORDS = (
    Word(
        name="principal direction",
        forms=r"principal directions?",
        meaning="A line along which the rows of both domains spread most; the second one is that "
        "of most spread across the first. They show many features in a plane.",
    ),
    Word(
        name="perplexity",
        forms="perplexity",
        meaning="How many target rows a point feeds in effect: 1 where one row gets all of its "
        "mass, 10 where ten rows get as much each. It is exp(entropy).",
        spoken=True,
    ),
    Word(
        name="entropy, in nats",
        forms="nats|entropy",
        meaning="How evenly a point's mass is spread: 0 where one row gets all of it. A nat is its "
        "unit where logarithms are natural ones, about 1.44 bits.",
        spoken=True,
    ),
    Word(
        name="support",
        forms="support",
        meaning="Where the rows of a domain lie. The supports do not match where target rows lie "
        "farther from every source row than source rows do from one another: what the classes are "
        "there, no label says.",
    ),
    Word(
        name="mass against independence",
        forms="mass against independence|than chance would give",
        meaning="The mass of a bin over what a plan that looks at no row would give it, as a power "
        "of ten: 0 is as much, 1 is ten times as much, -1 a tenth.",
    ),
    Word(
        name="epsilon",
        forms="epsilon",
        meaning="How much the plan is smoothed: near 0 a point's mass goes to few near rows, with "
        "a larger one it is spread over more.",
    ),
    Word(
        name="L1",
        forms="L1",
        meaning="A sum of differences, each without its sign.",
    ),
    Word(
        name="duality gap",
        forms="duality gap",
        meaning="The most by which this plan can miss the best one; 0 would be the best.",
    ),
    Word(
        name="names of candidates",
        forms=r"sinkhorn(?:_[\w.]+)?|prototypes|standardise|coral",
        meaning="Transports that were tried. sinkhorn: a plan smoothed by epsilon, and a number "
        "after it is that epsilon, as in sinkhorn_1; sinkhorn_shares: with the target's class "
        "shares estimated first; prototypes: the classes' centres are moved; standardise and "
        "coral: mean and spread are matched, without a plan.",
    ),
    Word(
        name="optimal-transport confidence",
        forms="optimal-transport confidence",
        meaning="How cheaply the probabilities that the classifier gives can be carried to the "
        "classes in their expected shares: 1 where it is sure and the shares fit.",
    ),
    Word(
        name="thresholded confidence",
        forms="thresholded confidence",
        meaning="The share of target rows of which the classifier is surer than a threshold, which "
        "is set so that on source rows this share is its accuracy.",
    ),
    Word(
        name="energy distance",
        forms="energy distance",
        meaning="How far apart two clouds of rows are: 0 where they are alike, up to 1.",
    ),
    Word(
        name="circular validation",
        forms="circular validation",
        meaning="Target rows with the classes they were given teach a classifier the way back, and "
        "its accuracy on the source, whose labels are known, is measured.",
    ),
)
"""All that may be explained; a page lists those that it links."""

_FORMS = re.compile(
    r"\b(?:" + "|".join(f"({word.forms})" for word in WORDS) + r")\b", flags=re.IGNORECASE
)


def explain(text: object) -> str:
    """Return a plain text as HTML, each word of the glossary linked where it first stands.

    Examples
    --------
    >>> explain("entropy & <b>")
    '<a class="word" href="#word-entropy-in-nats">entropy</a> &amp; &lt;b&gt;'
    """
    said: set[str] = set()

    def link(found: re.Match[str]) -> str:
        word = WORDS[(found.lastindex or 1) - 1]
        if word.anchor in said:
            return found[0]
        said.add(word.anchor)
        return f'<a class="word" href="#{word.anchor}">{found[0]}</a>'

    return _FORMS.sub(link, html.escape(str(text)))


def words_in(page: str) -> list[Word]:
    """Return the words that a page links, in the order of the glossary.

    Examples
    --------
    >>> [word.name for word in words_in(explain("two principal directions"))]
    ['principal direction']
    """
    panel = 'id="panel"' in page
    return [word for word in WORDS if f'href="#{word.anchor}"' in page or (word.spoken and panel)]
