"""What a segment promises: who meets the condition, and a mistake in it is told with a line that can be pasted."""

import pandas as pd
import pytest

from patron.errors import QuestionError
from patron.explanations.segment import in_segment

TABLE = pd.DataFrame(
    {"country": ["UK", "DE", "UK", None], "recency": [10.0, 90.0, 200.0, None], "customers_plan type": list("abca")}
)


@pytest.mark.parametrize(
    ("condition", "members"),
    [
        ("country == 'UK'", [0, 2]),
        ("country=UK", [0, 2]),
        ('country != "UK"', [1]),
        ("recency > 90", [2]),
        ("recency>=90", [1, 2]),
        ("recency < 9e1", [0]),
        ("recency <= 90", [0, 1]),
        ("recency = 90.0", [1]),
        ("recency != 90", [0, 2]),
        ("customers_plan type == a", [0, 3]),
    ],
)
def test_a_condition_names_its_customers_and_an_unknown_value_meets_none(condition, members):
    assert in_segment(condition, TABLE).nonzero()[0].tolist() == members


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("country", r"a column, a sign and a value, .* Write for example --segment \"country == 'UK'\""),
        (
            "contry == UK",
            r"names 'contry', .* Did you mean 'country'\? Write for example",
        ),
        ("recency > many", r"compares 'recency', a number, with a text\. .*--segment \"recency > 10\""),
        ("country > UK", r"compares 'country', a text, by >\. .*--segment \"country == 'value'\""),
        ("country == FR", r"Of 4 customers none meet .* on 'country', .* Its most frequent values are 'UK', 'DE'"),
        ("recency > 1000", r"none meet the segment's condition on 'recency', .* It goes from 10 to 200"),
    ],
)
def test_a_condition_that_cannot_be_meant_is_refused_with_its_mend(condition, said):
    with pytest.raises(QuestionError, match=said):
        in_segment(condition, TABLE)


def test_a_segment_of_everybody_has_no_others():
    with pytest.raises(QuestionError, match="Of 2 customers all meet"):
        in_segment("x >= 0", pd.DataFrame({"x": [1.0, 2.0]}))


def test_of_a_column_of_many_texts_none_is_shown():
    many = pd.DataFrame({"name": [f"n{i}" for i in range(60)]})
    with pytest.raises(QuestionError, match=r"so there is nobody to compare\.$"):
        in_segment("name == 'x'", many)
