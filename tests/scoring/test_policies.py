"""Policies: what decides where Patron is not installed decides as the plan does, up to the budget's last offer."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from patron.decisions import Offer, Rules, decide
from patron.decisions.uplift import Trial, train_effects
from patron.errors import SettingsError
from patron.models.serving import Bundle, Policy
from patron.scoring.learned_effects import LearnedEffect
from patron.scoring.policies import policy_of

COUNT = 1_200
MAIL, CALL = Offer("mail", 1.0, effect="learned"), Offer("call", 4.0, effect=0.2)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    visits, shop = rng.normal(size=COUNT), rng.choice(["web", "shop"], COUNT)
    return pd.DataFrame({"visits": visits, "shop": shop, "value": rng.uniform(5, 80, COUNT)})


@pytest.fixture(scope="module")
def risk() -> Bundle:
    """Who visits more than usual leaves with a chance of .27, who does not with .73."""
    spec = {
        "format": 1,
        "features": [{"name": "visits", "dtype": "float64", "levels": []}],
        "outputs": [{"name": "churn_probability", "dtype": "float64"}],
        "estimator": {"kind": "rates", "input": 0, "edges": [0.0], "table": [[[1.0], [-1.0]]]},
        "calibration": None,
        "answer": {"kind": "churn"},
    }
    return Bundle(spec)


@pytest.fixture(scope="module")
def mail(rows) -> LearnedEffect:
    """A mail that keeps those who visit, and loses the others."""
    rng = np.random.default_rng(1)
    sent = np.where(rng.random(COUNT) < 0.5, "mail", "none")
    stays = rng.random(COUNT) < 0.5 + np.where(rows.visits > 0, 0.3, -0.2) * (sent == "mail")
    past = rows.assign(sent=sent, stays=stays.astype(int))
    trial = Trial.of(past, "sent", "none", "stays", ["visits", "shop"], assignment="randomised")
    effects = train_effects(trial, folds=2, repeats=5)
    return LearnedEffect("mail", effects.model, {})


@pytest.fixture(scope="module")
def scores(rows, risk) -> pd.DataFrame:
    known = pd.DataFrame({"customer": np.arange(COUNT).astype(str), "cutoff": pd.Timestamp("2024-05-01")})
    return known.assign(churn_probability=risk.predict(rows).churn_probability, value=rows.value)


@pytest.fixture(scope="module")
def effects(rows, scores, mail) -> pd.DataFrame:
    """What the mail changes, in currency, as a plan takes it."""
    table = mail.model.predict(rows)
    chance = scores.churn_probability.to_numpy()[:, None]
    shares = np.clip(table[["effect_low", "effect", "effect_high"]].to_numpy(), chance - 1, chance)
    bounds = dict(zip(("kept_low", "kept", "kept_high"), (shares * rows.value.to_numpy()[:, None]).T, strict=True))
    return pd.DataFrame({"customer": scores.customer, "offer": "mail", **bounds, "evidence": "randomised"})


def chosen(plan) -> pd.DataFrame:
    columns = ["offer", "expected_gain", "gain_low", "gain_high", "evidence"]
    return plan.table.assign(row=plan.table.customer.astype(int)).set_index("row").sort_index()[columns]


def test_without_a_price_a_policy_decides_as_a_plan_whose_budget_never_ends(rows, scores, risk, mail, effects):
    plan = chosen(decide(scores, [MAIL, CALL], 1e9, 0.0, effects=effects))
    answers = policy_of(risk, [mail], [MAIL, CALL]).predict(rows)
    treated = answers[answers.action != "none"]
    assert set(treated.action) == {"mail", "call"}
    assert treated.index.tolist() == plan.index.tolist()
    assert treated.action.tolist() == plan.offer.tolist()
    assert treated.evidence.tolist() == plan.evidence.tolist()
    for name in ("expected_gain", "gain_low", "gain_high"):
        assert treated[name].to_numpy() == pytest.approx(plan[name].to_numpy(), rel=1e-12)


@pytest.mark.parametrize("robust", [False, True])
def test_a_policy_asks_who_may_get_an_offer_and_says_why_as_the_plan_does(rows, scores, risk, mail, effects, robust):
    strict = replace(MAIL, consent="agreed", eligible=["shop == 'web'", "churn_probability > 0.1"], fatigue=0.5)
    offers, rules = [strict, replace(CALL, rest=30, consent="phone")], Rules(most_contacts=2, robust=robust)
    kind = np.arange(COUNT) % 12
    facts = pd.DataFrame(
        {
            "agreed": np.where(kind == 0, None, np.where(kind == 1, "no", "yes")),
            "phone": kind != 1,
            "shop": rows.shop,
            "last_contact": np.where(kind == 2, 7.0, np.where(kind == 3, 90.0, np.nan)),
            "contacts_30d": np.where(kind == 4, 2.0, np.where(kind == 5, 1.0, np.nan)),
        }
    )
    known = facts.assign(customer=scores.customer)
    decisions = decide(scores, offers, 1e9, 0.0, effects=effects, rules=rules, facts=known)
    plan, policy = chosen(decisions), policy_of(risk, [mail], offers, rules=rules)
    answers = policy.predict(rows.drop(columns="shop").join(facts))
    treated = answers[answers.action != "none"]
    assert set(treated.action) == {"mail", "call"}
    assert treated.action.to_dict() == plan.offer.to_dict()
    assert treated.expected_gain.to_numpy() == pytest.approx(plan.expected_gain.to_numpy(), rel=1e-12)
    alone = answers[answers.action == "none"].reasons.value_counts().to_dict()
    assert alone == {why: count for why, count in decisions.summary["left_alone"].items() if count}
    assert {"no consent", "contacted too lately", "contacted too often", "no offer earns its cost"} <= {*alone}


def test_former_contacts_that_are_named_as_a_feature_have_a_name_of_their_own(rows, risk):
    """A feature counts what customers began, too."""
    counted = {"name": "contacts_30d", "dtype": "float64", "levels": []}
    model = Bundle({**risk.spec, "features": [*risk.spec["features"], counted]})
    offer = replace(CALL, rest=30, fatigue=0.5, eligible="contacts_30d < 2")
    policy = policy_of(model, [], [offer], rules=Rules(most_contacts=2))
    inputs = {feature["name"]: feature["dtype"] for feature in policy.spec["features"]}
    assert {name: inputs[name] for name in ("contacts_30d", "business_contacts_30d", "last_contact")} == {
        "contacts_30d": "float64", "business_contacts_30d": "float64", "last_contact": "float64"
    }  # fmt: skip
    many = pd.DataFrame({"visits": -1.0, "value": 50.0, "contacts_30d": 9.0, "last_contact": np.nan}, index=range(3))
    answers = policy.predict(many.assign(business_contacts_30d=[0.0, 1.0, 2.0]))
    assert answers.action.tolist() == ["call", "call", "none"]
    assert answers.expected_gain.round(2).tolist() == [3.31, 2.81, 0.0]


def test_a_policy_says_what_an_offer_rests_on_and_refuses_rows_that_do_not_tell_who_may_get_it(rows, risk):
    policy = policy_of(risk, [], [replace(CALL, consent="phone")])
    first = pd.DataFrame({"visits": [-1.0], "value": [50.0], "phone": [True]})
    words = "chance to leave 73 %, 50.00 at stake; changes 7.31, costs 4.00"  # .2 * .731 * 50
    assert policy.predict(first).reasons.tolist() == [words]
    with pytest.raises(ValueError, match=r"Columns are missing: phone\. Give all inputs that the policy names"):
        policy.predict(rows)


def test_the_price_of_a_budget_makes_the_plan_but_for_about_one_offer(rows, scores, risk, mail, effects):
    decisions = decide(scores, [MAIL, CALL], 300.0, 0.0, effects=effects)
    plan, price = chosen(decisions), decisions.prices
    answers = policy_of(risk, [mail], [MAIL, CALL], price).predict(rows)
    given = pd.Series("none", rows.index)
    given[plan.index] = plan.offer
    assert price["call"] == pytest.approx(4 * price["mail"])
    assert (answers.action != given).sum() <= 5
    assert abs(answers.expected_gain.sum() - plan.expected_gain.sum()) <= plan.expected_gain.max()


def test_a_policy_that_was_saved_holds_text_alone_and_decides_alike(rows, risk, mail, tmp_path):
    policy = policy_of(risk, [mail], [MAIL, CALL], {"mail": 0.5})
    policy.save(tmp_path / "policy")
    assert {path.suffix for path in (tmp_path / "policy").rglob("*") if path.is_file()} <= {".json", ".txt"}
    loaded = Policy.load(tmp_path / "policy").predict(rows)
    pd.testing.assert_frame_equal(loaded, policy.predict(rows), check_exact=True)


@pytest.mark.parametrize("name", ["risk", "10/20 % off", "../up"])
def test_a_policy_may_have_an_offer_whose_name_is_no_name_of_a_folder(rows, risk, mail, tmp_path, name):
    policy = policy_of(risk, [replace(mail, offer=name)], [replace(MAIL, name=name), CALL])
    policy.save(tmp_path / "policy")
    assert [path.name for path in tmp_path.iterdir()] == ["policy"]
    assert sorted(path.name for path in (tmp_path / "policy" / "risk").iterdir()) == ["spec.json"]
    loaded = Policy.load(tmp_path / "policy").predict(rows)
    pd.testing.assert_frame_equal(loaded, policy.predict(rows), check_exact=True)


def test_an_offer_whose_effect_was_not_learned_and_a_price_of_another_offer_are_refused(risk, mail):
    with pytest.raises(SettingsError, match=r"effect of mail is to be learned, and what was learned is of none\. Give"):
        policy_of(risk, [], [MAIL])
    with pytest.raises(SettingsError, match=r"price is of 'letter', which is no offer of call, mail\. Leave it out"):
        policy_of(risk, [mail], [MAIL, CALL], {"letter": 1.0})
