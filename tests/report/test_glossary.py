"""Words that are explained: linked once a text, safe in HTML, listed where they stand."""

import re

from monge.report.glossary import WORDS, explain, words_in


def linked(text):
    return re.findall(r'href="#([\w-]+)">([^<]+)</a>', explain(text))


def test_a_word_is_linked_where_it_first_stands_and_only_whole():
    assert linked("Epsilon of the mean; epsilon again") == [("word-epsilon", "Epsilon")]
    assert linked("epsilons and snats") == []
    assert linked("two principal directions") == [
        ("word-principal-direction", "principal directions")
    ]
    assert linked("sinkhorn_0.03, thought") == [("word-names-of-candidates", "sinkhorn_0.03")]
    assert linked("Support mismatch; the duality gap, L1") == [
        ("word-support", "Support"), ("word-duality-gap", "duality gap"), ("word-L1", "L1"),
    ]  # fmt: skip


def test_what_is_explained_is_text():
    assert explain("<b>L1</b> & 'x'") == (
        '&lt;b&gt;<a class="word" href="#word-L1">L1</a>&lt;/b&gt; &amp; &#x27;x&#x27;'
    )


def test_a_page_lists_what_it_links_and_what_its_script_will():
    assert [word.name for word in words_in(explain("the duality gap of epsilon"))] == [
        "epsilon", "duality gap",
    ]  # fmt: skip
    assert words_in("<p>epsilon, but no link</p>") == []
    spoken = [word.name for word in words_in('<div id="panel"></div>')]
    assert spoken == ["perplexity", "entropy, in nats"]
    anchors = [word.anchor for word in WORDS]
    assert len(set(anchors)) == len(anchors)
