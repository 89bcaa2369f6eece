"""Segments: the first rule that fits, in plain words, and room for those who fit none."""

from itertools import product

import pandas as pd
import pytest

import patron as pt
from patron.errors import QuestionError
from patron.periods import EVER, Span
from patron.portfolio.core_alarm import Change
from patron.portfolio.relationship_types import RelationshipType
from patron.portfolio.segments import OTHERS, SEGMENTS, Segment, segment_names, segment_of
from patron.portfolio.terms import PortfolioTerms
from patron.questions.kinds import Tier
from patron.questions.profit import CostModel
from worlds.histories import small


def test_each_of_the_25_fields_of_recency_and_frequency_has_exactly_one_of_the_usual_segments():
    fields = pd.DataFrame(product(range(1, 6), range(1, 6)), columns=["recency", "frequency"])
    fitting = sum(segment.fits(fields).astype(int) for segment in SEGMENTS)
    assert (fitting == 1).all()
    assert OTHERS not in segment_names(SEGMENTS)


def test_the_first_segment_that_fits_counts_and_who_fits_none_is_among_the_others():
    segments = [Segment("big", money=(5, 5)), Segment("fresh", recency=(4, 5))]
    scores = pd.DataFrame({"recency": [5, 4, 1], "frequency": 1, "money": [5, 1, 1]})
    assert segment_of(scores, segments).tolist() == ["big", "fresh", OTHERS]
    assert segment_names(segments) == ("big", "fresh", OTHERS)


def test_a_rule_names_the_scores_that_it_looks_at():
    assert Segment("big", money=(5, 5), recency=(2, 4)).rule == "recency 2 to 4, money 5"
    assert Segment("all").rule == "everybody"


def test_bounds_beyond_the_scores_are_refused():
    with pytest.raises(QuestionError, match=r"segment 'big' has the bounds \[4, 6\] of money.*money = \[4, 5\]"):
        Segment("big", money=(4, 6))


def test_a_segment_by_money_is_refused_where_orders_have_no_amount():
    with pytest.raises(
        QuestionError, match="The segment 'big' asks for a score of money, and the orders have no amount"
    ):
        segment_of(pd.DataFrame({"recency": [1], "frequency": [1]}), [Segment("big", money=(5, 5))])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"discount": -0.1}, "The discount is a rate a year of 0 or more, got -0.1"),
        ({"scores": "deciles"}, "or by thresholds of your own, got 'deciles'"),
        ({"since": EVER}, "A portfolio looks back and ahead by some time"),
        ({"segments": (Segment("a"), Segment("a"))}, r"Segments have a name each, .* got \['a', 'a'\]. Rename 'a'"),
        ({"segments": (Segment("others"),)}, "'others' are those who fit none.*Rename 'others'"),
        ({"segments": ()}, r"got \[\]. Give at least one"),
        ({"segments": (Segment("joined since"),)}, "'joined since' are those who came after .*Rename 'joined since'"),
        ({"types": (RelationshipType("joined since"),)}, "Relationship types have a name .*Rename 'joined since'"),
        (
            {"changes": (Change("tea", "2024-03-01"), Change("tea", "2024-05-01"))},
            r"Changes have a name each, got \['tea', 'tea'\]. Rename one of those called 'tea'",
        ),
    ],
)
def test_terms_that_cannot_be_meant_are_refused(given, message):
    with pytest.raises(QuestionError, match=message):
        PortfolioTerms(**given)


def test_a_tier_is_not_called_as_those_who_came_later():
    question = Tier(Span(90), costs=CostModel(margin_rate=0.5), rest="joined since")
    with pytest.raises(QuestionError, match=r"Tiers have a name each.*Rename 'joined since'"):
        pt.portfolio(small(("ann", "2024-01-31", 10.0)), "2024-02-01", question)
