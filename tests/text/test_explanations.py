"""A forecast names the features that raised its probability, each once, and the rise at other sites."""

import pytest

from rencheng.text.explanations import WORDS, attribution_text, readiness_text
from tests.support.cap_messages import example_chain

GROUNDS = example_chain()[0].grounds


def test_features_that_raised_the_probability_are_named_once() -> None:
    attribution = (("rise_2", 0.9), ("rise_5", 0.4), ("depth_mm", 0.1), ("tide_min", -0.2), ("unknown", 0.3))

    assert attribution_text(attribution, "zh") == "近几分钟涨速、当前水深"
    assert attribution_text(attribution, "en") == "rate of rise in the last minutes, current depth"


def test_without_readiness_and_rises_nearby_there_is_no_sentence() -> None:
    assert readiness_text(GROUNDS, "zh") == readiness_text(GROUNDS, "en") == ""


@pytest.mark.parametrize("name", WORDS)
def test_every_feature_has_words_in_both_languages(name: str) -> None:
    assert attribution_text(((name, 1.0),), "zh").isascii() is False
    assert attribution_text(((name, 1.0),), "en").isascii()
