"""Ask questions of customer histories, train models that answer them, decide whom to keep.

In the order of the work:

    propose                     settings from files or frames, with what is in doubt
    events, attributes          what happened to customers, and what is known of them
    subscriptions               their contracts: when each began and ended
    Join                        a file beside that of the events, whose columns they get
    identities                  which keys of several tables are one customer
    identify, Matching          the same told from e-mails and phone numbers
    History                     the tables of a business, checked at the door
    panel                       ready-made rows instead, with what came of them
    measure, combine            a feature of your own: one small function
    days, months, cutoffs, monthly  windows and cutoffs
    Split                       cutoffs by use: train, valid, test
    churn, next_purchase, tier  the three questions of orders
    cancellation, win_back      those of contracts
    CostModel                   what is left of money that comes in
    matrix, answers             rows in memory: features, and what came of them
    train, judge, backtest      models beside baselines, and how good they are
    tune                        how trees should grow, tried within minutes: a candidate for train
    train_baskets, what         the model of the next purchase told what is bought, and asked for suggestions
    train_beyond                the same for a horizon longer than any label window
    lifetime_value              orders, spend and discounted money of each customer over any horizon
    score, drivers              answers, and the reasons for them
    read_scores                 what a scoring run wrote, each part checked
    importance                  what moves the answers of all customers
    dependence, interactions    how answers go with a measure, and which pairs matter only together
    explanation                 the same reasons for the plots of shap
    what_if                     the smallest change in what the business can change, in a model's view
    portfolio                   what relationships there are, what they are worth, and how they move
    PortfolioTerms, Segment     how it is told: scores, segments, how far back and ahead
    Change                      of assortment or price, that may have driven the core of the customers away
    RelationshipType, ContactKinds  which types of relationships there are, and how contacts are called
    rfm_features, Thresholds    scores of recency, frequency and money as features and conditions of offers
    trial                       past contacts: who got which offer, and what came of it
    campaign_trial              the same from a history with offers: features before each contact, outcome after it
    train_effects               what each offer changes in each customer, learned from them
    Offer, Rules, decide        whom to treat with what, within which limits
    policy_value                what another policy would have earned, from decisions whose chances were kept
    contact_response            when and how to contact: by channel, hour and number, where past contacts tell
    preferences                 what customers said they prefer and what they do, and `preference_agreement` with it
    power                       how many customers a hold-out needs, or what one can see
    design_effect               how many more where clusters of customers are held out together
    expected_maximum_profit     what a campaign to the riskiest earns, with money that you name
    tie_clusters                who is tied to whom, to be held out together: Rules(holdout_by="ties")
    error_by_interactions       whether errors about the next purchase fall with what is known of a customer
    learn                       what past decisions earned, beside customers who were held out
    CrmImport, crm_table        answers and decisions as a CRM imports them
    Settings, load_settings     the same from a TOML file
    Registry                    runs and registered models
"""

from importlib import import_module
from typing import Any

_HOME = {
    "propose": "settings.proposal",
    "events": "history.sources",
    "attributes": "history.sources",
    "subscriptions": "history.subscriptions",
    "Join": "history.joins",
    "identities": "history.identities.table",
    "identify": "history.identities.identifying",
    "Matching": "history.identities.matching",
    "History": "history.history",
    "panel": "questions.panels",
    "measure": "features.measures",
    "combine": "features.measures",
    "days": "periods",
    "months": "periods",
    "cutoffs": "periods",
    "monthly": "periods",
    "EVER": "periods",
    "Split": "periods",
    "churn": "questions.kinds",
    "next_purchase": "questions.kinds",
    "tier": "questions.kinds",
    "cancellation": "questions.contracts",
    "win_back": "questions.contracts",
    "CostModel": "questions.profit",
    "matrix": "questions.matrices",
    "answers": "questions.matrices",
    "train": "models.training",
    "tune": "models.tuning",
    "train_baskets": "models.baskets",
    "what": "models.baskets",
    "train_beyond": "models.extrapolation",
    "lifetime_value": "models.clv.lifetime",
    "judge": "evaluation.backtests",
    "backtest": "evaluation.backtests",
    "score": "scoring.model",
    "read_scores": "scoring.partitions",
    "drivers": "explanations.drivers",
    "importance": "explanations.drivers",
    "dependence": "explanations.dependence",
    "interactions": "explanations.dependence",
    "explanation": "explanations.shap_plots",
    "what_if": "explanations.what_if",
    "portfolio": "portfolio",
    "PortfolioTerms": "portfolio.terms",
    "Segment": "portfolio.segments",
    "Change": "portfolio.core_alarm",
    "RelationshipType": "portfolio.relationship_types",
    "ContactKinds": "portfolio.interaction",
    "rfm_features": "portfolio.rfm_features",
    "Thresholds": "portfolio.rfm",
    "trial": "decisions.uplift.trial",
    "campaign_trial": "decisions.uplift.campaigns",
    "train_effects": "decisions.uplift",
    "Offer": "decisions",
    "Rules": "decisions",
    "decide": "decisions",
    "policy_value": "decisions.off_policy",
    "contact_response": "decisions.response",
    "preferences": "decisions.preferences",
    "preference_agreement": "decisions.preferences",
    "power": "metrics.campaign_power",
    "design_effect": "metrics.campaign_power",
    "expected_maximum_profit": "metrics.campaign_profit",
    "tie_clusters": "history.ties",
    "error_by_interactions": "evaluation.familiarity",
    "learn": "decisions.outcomes",
    "CrmImport": "decisions",
    "crm_table": "decisions",
    "Settings": "settings",
    "load_settings": "settings",
    "Registry": "registry",
    "PatronError": "errors",
}

_ALIASES = {"answers": "labels", "load_settings": "load"}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import patron` costs nothing."""
    if name not in _HOME:
        raise AttributeError(f"patron has no {name!r}. It has: {', '.join(__all__)}.")
    home = import_module(f"patron.{_HOME[name]}")
    return home if _HOME[name] == name else getattr(home, _ALIASES.get(name, name))


def __dir__() -> list[str]:
    return __all__
