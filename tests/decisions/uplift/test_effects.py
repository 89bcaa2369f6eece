"""What learned effects promise, in small trials whose true effects are known."""

import json

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import patron as pt
from patron.decisions.uplift import EffectModel, Effects, Trial
from patron.errors import QuestionError, RegistryError, ScoreError, SettingsError

FEATURES = ["visits", "age", "channel"]


def customers(size: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "visits": rng.normal(size=size),
            "age": rng.uniform(size=size),
            "channel": rng.choice(["web", "shop"], size),
            "luck": rng.uniform(size=size),
            "lot": rng.uniform(size=size),
        }
    )


def bought(rows: pd.DataFrame, effect: np.ndarray) -> np.ndarray:
    """One in five buys, older ones more often, and so many more of those who got the mail."""
    return (rows.luck < 0.2 + 0.3 * rows.age + effect * (rows.got != "none")).astype(float)


def by_lot(size: int = 3000, seed: int = 0, effect=None) -> tuple[pd.DataFrame, np.ndarray]:
    rows = customers(size, seed)
    rows["got"] = np.where(rows.lot < 0.5, "mail", "none")
    true = np.where(rows.visits > 0, 0.3, -0.2) if effect is None else np.full(size, effect)
    return rows.assign(bought=bought(rows, true)), true


def trial(rows: pd.DataFrame, **given) -> Trial:
    plain = {"arm": "got", "control": "none", "outcome": "bought", "features": FEATURES, "assignment": "randomised"}
    return pt.trial(rows, **(plain | given))


def learn(rows: pd.DataFrame, rule=None, value=None, **given) -> Effects:
    return pt.train_effects(trial(rows, **given), value=value, rule=rule, folds=3, repeats=40)


@pytest.fixture(scope="module")
def mixed() -> tuple[pd.DataFrame, np.ndarray, Effects]:
    """A trial whose mail helps one half of the customers, and harms the other."""
    rows, true = by_lot()
    return rows, true, learn(rows)


def test_the_true_order_of_effects_is_recovered_and_the_promise_is_calibrated(mixed):
    _, _, effects = mixed
    fresh, true = by_lot(seed=1)
    answers = effects.predict(fresh)
    assert np.corrcoef(answers.effect, true)[0, 1] > 0.8
    assert 0.7 < np.polyfit(answers.effect, true, 1)[0] < 1.4
    assert ((answers.effect_low <= true) & (true <= answers.effect_high)).mean() > 0.7
    assert (answers.index == fresh.index).all()
    assert effects.card.effects.personalise.all()


def test_customers_whom_the_offer_harms_are_counted_and_left_alone(mixed):
    rows, true, effects = mixed
    line = effects.card.effects.iloc[0]
    assert line.surely_helped > 1000
    assert line.surely_harmed > 500
    recommended = effects.recommend(rows)
    assert ((recommended.arm == "mail") == (true > 0)).mean() > 0.85
    assert effects.card.policies[effects.card.policies.chosen].gain.iloc[0] > 0.1


def test_the_card_shows_that_promises_stood_and_that_arms_dealt_anew_teach_nothing(mixed):
    _, _, effects = mixed
    card = effects.card
    best = card.candidates.iloc[0]
    assert best.chosen
    assert best.t > 5
    assert 0 < best.qini_low < best.qini < best.qini_high
    assert best.autoc_low > 0
    assert card.candidates.learner.nunique() == 9
    assert card.deciles.uplift.iloc[0] > 0.15 > 0 > card.deciles.uplift.iloc[-1]
    assert abs(card.placebo.t.iloc[0]) < 3
    assert card.evidence == "randomised"
    chosen = card.policies[card.policies.chosen].iloc[0]
    assert 0.6 < chosen.promised / chosen.gain < 1.3


def test_where_everybody_gains_alike_nothing_is_personalised():
    rows, _ = by_lot(size=1500, effect=0.2)
    effects = learn(rows)
    line = effects.card.effects.iloc[0]
    assert line.learner == "constant effect"
    assert line.effect_low < 0.2 < line.effect_high
    assert not line.personalise
    assert "nothing to personalise: no learner sorts customers beyond chance" in str(effects.card)
    answers = effects.predict(rows)
    assert answers.effect.nunique() == 1
    assert (effects.recommend(rows).arm == "mail").all()


def test_a_confounded_campaign_is_mended_by_propensities_where_arms_overlap():
    rows = customers(3000, 2)
    rows["got"] = np.where(rows.lot < 0.2 + 0.6 * rows.age, "mail", "none")  # the old, who buy anyway, got it
    rows["bought"] = (rows.luck < 0.1 + 0.6 * rows.age + 0.1 * (rows.got == "mail")).astype(float)
    naive = rows.bought[rows.got == "mail"].mean() - rows.bought[rows.got == "none"].mean()
    effects = learn(rows, assignment="observational")
    line = effects.card.effects.iloc[0]
    assert naive > 0.18
    assert abs(line.effect - 0.1) < 0.04
    assert line.effect_low < 0.1 < line.effect_high
    assert effects.card.evidence == "observational with overlap"
    assert set(effects.predict(rows).evidence) == {"observational with overlap"}


def test_where_hardly_any_contact_was_open_nothing_is_learned_and_nobody_is_treated_but_by_the_own_rule():
    rows = customers(1500, 5)
    rows["mail"] = np.where(rows.age < 0.5, 0.99, 0.01)  # the young got it, and hardly anybody else
    rows["none"] = 1 - rows.mail
    rows["got"] = np.where(rows.lot < rows.mail, "mail", "none")
    rows["bought"] = (rows.luck < 0.1 + 0.6 * rows.age + 0.2 * (rows.got == "mail")).astype(float)
    rows["mine"] = np.where(rows.channel == "web", "mail", "none")
    logged = {"assignment": "logged", "propensity": {"mail": "mail", "none": "none"}}
    effects = learn(rows, **logged)
    assert effects.card.evidence == "assumed"
    assert not effects.card.effects.personalise.any()
    assert set(effects.recommend(rows).arm) == {"none"}
    assert "Nothing can be learned of these contacts" in str(effects.card)
    assert (
        learn(rows, rule="mine", features=[*FEATURES, "mine"], **logged).recommend(rows).arm.tolist()
        == rows.mine.tolist()
    )


def test_rows_for_which_an_arm_was_hardly_ever_open_are_set_aside_and_the_share_is_said():
    rows = customers(3000, 6)
    never = rows.channel == "shop"  # left alone but for a few, who buy less for a reason that nobody wrote down
    rows["got"] = np.where(rows.lot < np.where(never, 0.008, 0.5), "mail", "none")
    rows["bought"] = (rows.luck < 0.5 + np.where(never, -0.5, 0.2) * (rows.got == "mail")).astype(float)
    effects = learn(rows, assignment="observational")
    line = effects.card.effects.iloc[0]
    assert line.effect_low < 0.2 < line.effect_high
    assert line.effect_high - line.effect_low < 0.2
    assert effects.card.evidence == "assumed"
    assert f"{never.mean():.0%} of all rows were set aside, as for them an arm was hardly ever open" in str(
        effects.card
    )


@pytest.fixture(scope="module")
def three() -> pd.DataFrame:
    """A call helps the web, a mail those of the shop; each costs, and the lot had unequal shares."""
    rows = customers(2400, 3)
    rows["got"] = np.select([rows.lot < 0.4, rows.lot < 0.7], ["none", "mail"], "call")
    helped = ((rows.got == "call") & (rows.channel == "web")) | ((rows.got == "mail") & (rows.channel == "shop"))
    rows["bought"] = (rows.luck < 0.2 + 0.4 * helped).astype(float)
    rows["cost"] = rows.got.map({"none": 0.0, "mail": 0.5, "call": 1.0})
    rows["mine"] = np.where(rows.channel == "web", "call", "none")
    return rows


SHARES = {"none": 0.4, "mail": 0.3, "call": 0.3}


def test_several_arms_and_the_users_own_rule_end_in_the_policy_that_brings_most(three, tmp_path):
    effects = learn(three, propensity=SHARES, cost="cost", value=10.0, rule=lambda rows: three.mine)
    table = effects.card.policies.set_index("policy")
    assert table.gain["own rule"] > 0
    chosen = table[table.chosen].iloc[0]
    assert chosen.gain >= table.gain["own rule"]
    arms = effects.recommend(three).arm
    assert (arms[three.channel == "web"] == "call").mean() > 0.9
    assert (arms[three.channel == "shop"] == "mail").mean() > 0.9
    assert effects.predict(three).groupby(level=0).size().eq(2).all()

    again = EffectModel.load(effects.model.save(tmp_path / "effects"))
    pd.testing.assert_frame_equal(again.predict(three), effects.predict(three))
    assert not [file for file in (tmp_path / "effects").iterdir() if file.suffix not in (".json", ".txt")]


def test_a_rule_that_gives_an_unknown_arm_is_refused(three):
    with pytest.raises(ScoreError, match="gives 'letter', which is no arm of the trial"):
        learn(three, rule=lambda rows: np.full(len(rows), "letter"))


def test_costs_without_a_worth_of_the_outcome_are_refused_as_are_senseless_settings(three):
    with pytest.raises(SettingsError, match="nobody said what its outcome is worth"):
        learn(three, cost="cost")
    with pytest.raises(SettingsError, match="number above 0, got -1"):
        learn(three, value=-1)
    with pytest.raises(SettingsError, match="got folds=1"):
        pt.train_effects(trial(three), folds=1)


def test_an_arm_of_few_customers_is_refused():
    rows, _ = by_lot(size=200)
    rows.loc[rows.index[60:], "got"] = "none"
    with pytest.raises(QuestionError, match=r"The arm 'mail' has \d\d customers, and 50 are needed"):
        learn(rows)


@pytest.fixture(scope="module")
def spent() -> tuple[pd.DataFrame, Effects]:
    """A trial of money, two rows for each customer."""
    rows, _ = by_lot(size=600)
    rows["spend"] = rows.bought * (5 + 10 * rows.age)
    rows["customer"] = [f"c{number // 2}" for number in range(600)]
    return rows, learn(rows, outcome="spend", customer="customer")


def test_effects_on_money_are_in_its_unit_and_every_row_names_its_customer(spent):
    rows, effects = spent
    answers = effects.predict(rows)
    figures = ["effect", "effect_low", "effect_high"]
    causes = [f"error_{number}" for number in range(1, 6)]  # level and slope of the line, and three folds
    assert answers.columns.tolist() == ["customer", "arm", *figures, "evidence", *causes]
    width = (answers.effect_high - answers.effect_low) / 2
    assert np.allclose(np.sqrt((answers[causes] ** 2).sum(axis=1)), width)
    assert 0 < effects.card.effects.effect.iloc[0] < 3
    assert effects.recommend(rows).columns[:2].tolist() == ["customer", "arm"]
    assert effects.predict(rows.iloc[:0]).empty


def test_the_same_trial_teaches_the_same_to_the_last_bit(spent):
    rows, effects = spent
    again = learn(rows, outcome="spend", customer="customer")
    assert json.dumps(again.model.plain(), sort_keys=True) == json.dumps(effects.model.plain(), sort_keys=True)


def test_sums_are_computed_on_one_thread_however_many_there_are(spent, monkeypatch):
    def stop(*_):
        raise RuntimeError({library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"})

    monkeypatch.setattr("patron.decisions.uplift.effects.cross_fit", stop)
    with threadpool_limits(2), pytest.raises(RuntimeError, match=r"\{1\}"):
        learn(spent[0], outcome="spend", customer="customer")


def test_a_model_is_plain_values_and_refuses_what_it_cannot_read(spent, tmp_path):
    rows, effects = spent
    plain = json.loads(json.dumps(effects.model.plain(), allow_nan=False))
    pd.testing.assert_frame_equal(EffectModel.of(plain).predict(rows), effects.predict(rows))
    with pytest.raises(ScoreError, match=r"age.*which these rows lack. Give the columns that the trial had: age, ch"):
        effects.predict(rows.drop(columns="age"))
    with pytest.raises(RegistryError, match="no model of effects in 'nothing'"):
        EffectModel.load(tmp_path / "nothing")
    folder = effects.model.save(tmp_path / "other")
    (folder / "spec.json").write_text(json.dumps(plain["spec"] | {"format": 9}))
    with pytest.raises(RegistryError, match="format 9; this reads 'effects', format 1"):
        EffectModel.load(folder)


def test_trees_that_break_off_are_refused(mixed):
    plain = mixed[2].model.plain()
    for learner in plain["spec"]["learners"]["mail"]:
        learner["trees"] = ["cut"]
    with pytest.raises(RegistryError, match="lacks trees, or they break off: cut"):
        EffectModel.of(plain | {"trees": {"cut": "tree"}})


def test_a_policy_that_starts_from_a_rule_needs_it():
    spec = {"base": "own rule", "features": [], "learners": {}, "folds": 2, "arms": ["none", "mail"]}
    with pytest.raises(ScoreError, match="starts from the user's own rule, which was not given"):
        EffectModel(spec, {}).recommend(pd.DataFrame({"a": [1]}))
    with pytest.raises(ScoreError, match=r"The column 'mine' of the rule is missing\. There are: a"):
        EffectModel(spec, {}).recommend(pd.DataFrame({"a": [1]}), "mine")
