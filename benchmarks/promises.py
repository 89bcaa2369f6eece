"""Promises: what plans on learned effects promise, and what they truly earn, over many simulated businesses.

`python benchmarks/promises.py [page] [seeds]` makes a campaign in each world, learns from it, plans within a budget on
the day when its outcome is known, and lets the world carry the plan out beside one in which nothing is done.
"""

import platform
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from patron.datasets.simulated import OFFERS, World, simulate
from patron.decisions import Offer, Rules, decide
from patron.decisions.uplift import Effects, Trial, train_effects

SEEDS = 200
CUSTOMERS, HORIZON, REPEATS = 6_000, 91, 20
FIRST, TODAY, LAST = "2023-10-02", "2024-01-01", "2024-04-01"  # of the campaign, of the plan, of what came of it
VALUE, BUDGET = 60.0, 1_500.0
SHARES = {"by lot": 1.0, "by a rule": 0.5, "by hearsay": 0.06}  # of the worlds that have such a campaign
TIMES = 3
STRONG = [offer.stronger(TIMES) for offer in OFFERS if offer.name != "tips"]
COSTS = {"voucher": 0.3, "call": 4.0}  # of the contact; a voucher that is taken costs 8.00 besides
TAKEN = 8.0
CAPTION = """\
Worlds of {customers:,} customers ([simulated](simulated-world.md); a voucher and a call with {times} times their usual
effect, `spread=0`). In October those who have ordered within a year get the voucher, the call or nothing. In January
effects on the chance to buy within 91 days are learned from that ({features} features computed by hand; about {rows:,}
customers), and `pt.decide` plans within a budget of {budget:,.0f}, where a purchase is worth {value:.0f}. The truth is
what the world expects of the plan by the process that draws it; **seen** is one course of chance beside the same world
without the plan (`world.act`). **Order** is the rank correlation of learned and true effects where the card says that
effects differ.

Campaigns: *by lot*; *by a rule*: who has been away for long for them is likelier treated, nobody wrote that down, but
features tell it; *by hearsay*: who has in truth left is less likely treated, which no feature tells. Where no lot is
declared all of them count as observational.
"""
READING = """\
Of a lot these are seeds 0 to 199, of a rule 0 to 99, of hearsay 0 to 11.

What holds: after a lot the truth lies within the interval of the plan in 97 % of 187 plans, and 1.03 times what is
earned is promised (.95 to 1.12 by draws of worlds; by fifty seeds 1.02, 1.17, .89 and 1.04). After a rule it is 79 of
80, and 1.20 times (1.07 to 1.36; by twenty-five seeds 1.27, 1.12, 1.08 and 1.43). The order of customers is learned in
part. Risk earns nothing here, and treating everybody loses.

Two errors cancel in part. The campaign ran up to Christmas, and the plan runs after it: in truth a voucher then brought
.47 and a call -.73 of each customer, and now 1.17 and .02 (12 worlds). Promises are those of the campaign's season,
which is why the mean effect promised is too low. Were the means of January known, 1.23 times what is earned would be
promised after a lot, and 1.40 times after a rule (46 worlds each).

Before the mean of the learners took the place of the best of them, the first 28 of these worlds by lot had promised
1.85 times what they earned (1,315 of 709), and the first 14 by a rule 2.37 times: the best of seven learners is in part
the luckiest, and only lucky slopes are beyond the bound that seven candidates need. Half the rounds of trees, on the
same 16 worlds each: after a rule 1.31 -> 1.14 times, earned 303 more per world (standard error 161; the model of the
arm had half the rounds there, too, and has them no more), after a lot .98 -> 1.02 times, 35 less (25).

What does not: a plan of calls alone promises more than it keeps, 2.14 times after a lot (567 of 265 per world) and 1.85
times after a rule (658 of 356), on 46 worlds each; one of vouchers .74 and .93 times. The truth of a call is bent (harm
goes deeper than help), and it costs 4.00 of an effect of 6.70, so that a little too much of effect is twice too much
of gain. The line itself is not to blame: with its true level and slope calls promise 2.76 and 1.93 times. What was
tried on the same worlds, each beside the plan as it is:

| tried, for calls alone | by lot | more earned | by a rule | more earned |
| --- | --- | --- | --- | --- |
| drawn by what the choice brought to unseen customers | 2.78 | -140 (24) | 1.91 | -111 (25) |
| the same, drawn to nothing by its chance (empirical Bayes) | 2.43 | -85 (18) | 1.82 | -42 (16) |
| half of it | 2.39 | -97 (17) | 1.78 | -66 (18) |
| each effect drawn to the mean by how learners differ | 3.60 | -80 (18) | 2.82 | -54 (18) |
| a rising curve (isotonic), as far as unseen customers support it | 2.25 | -14 (6) | 2.04 | -6 (4) |
| the mean effect drawn to zero by its chance | 2.08 | 23 (11) | 1.91 | 15 (8) |

In brackets are standard errors. What the choice brought is known to 4 per customer in a campaign of this size, where
1.4 are to be mended, and customers left out are chosen by lines that fit them worse. As two half-lines or a
parabola, drawn likewise, nothing was mended either. `robust` gives up most of the gain. Far more could be earned by who
knew the truth.

A campaign by hearsay fools every learner: a cause that no feature tells cannot be seen by a preflight. Evidence
"observational with overlap" is all that tells it from a lot, and its promise is not to be believed.
"""
CHOICES = """\
What ways to choose truly earn per world, after a campaign by lot:

| who is treated | earned |
| --- | --- |
"""


def main() -> None:
    """Print the page, and write it where a place is named."""
    page = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else SEEDS
    started, lines = time.process_time(), []
    for name, deal in CAMPAIGNS.items():
        for seed in range(round(seeds * SHARES[name])):
            lines.append({"campaign": name, **one_world(seed, deal)})
            print(name, seed, flush=True, file=sys.stderr)
    text = page_of(pd.DataFrame(lines), time.process_time() - started)
    print(text)
    if page:
        page.write_text(text, encoding="utf-8")


def page_of(lines: pd.DataFrame, seconds: float) -> str:
    """Return the page of some worlds, a line each."""
    day = datetime.now(UTC).date()
    caption = CAPTION.format(
        customers=CUSTOMERS,
        times=TIMES,
        features=10,
        rows=round(lines["rows"].mean() / 100) * 100,
        budget=BUDGET,
        value=VALUE,
    )
    by = {name: lines[lines.campaign == name] for name in CAMPAIGNS if (lines.campaign == name).any()}
    heads = ["", *by]
    table = [f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)]
    for what, figure in FIGURES.items():
        table.append(f"| {what} | {' | '.join(figure(part) for part in by.values())} |")
    first = by[next(iter(by))]
    choices = [f"| {who} | {first[column].mean():,.0f} |" for who, column in WAYS.items()]
    head = f"# Promises\n\n{day}, Python {platform.python_version()}, {seconds:.0f} s of CPU in all.\n"
    return "\n".join([head, caption, *table, "", READING, CHOICES + "\n".join(choices)]) + "\n"


def _held(column: str) -> Callable[[pd.DataFrame], str]:
    def held(part: pd.DataFrame) -> str:
        plans = part[part.chosen > 0]
        return f"{((plans.low <= plans[column]) & (plans[column] <= plans.high)).sum()} of {len(plans)}"

    return held


def _half(part: pd.DataFrame) -> str:
    plans = part[part.chosen > 0]
    return f"{((plans.high - plans.low) / 2).mean():,.0f}"


def _error(part: pd.DataFrame) -> str:
    plans = part[part.chosen > 0]
    return f"{((plans.earned - plans.promised) ** 2).mean() ** 0.5:,.0f}"


def _money(column: str) -> Callable[[pd.DataFrame], str]:
    return lambda part: f"{part[column].mean():,.0f}"


def _order(part: pd.DataFrame) -> str:
    known = part[[column for column in part if column.startswith("order ")]].stack().dropna()
    return f"{known.mean():.2f} ({len(known)} of {2 * len(part)} offers)" if len(known) else "no offer"


FIGURES: dict[str, Callable[[pd.DataFrame], str]] = {
    "worlds": lambda part: f"{len(part)}",
    "evidence": lambda part: "; ".join(f"{name}: {count}" for name, count in part.evidence.value_counts().items()),
    "plans that treat nobody": lambda part: f"{(part.chosen == 0).sum()}",
    "truth within the interval of the plan": _held("earned"),
    "seen within it": _held("seen"),
    "half of it": _half,
    "truth less promise, root mean square": _error,
    "truth below it": lambda part: f"{(part.earned < part.low).sum()}",
    "promised, per world": _money("promised"),
    "earned in truth": _money("earned"),
    "seen": _money("seen"),
    "promised gain / true gain": lambda part: f"{part.promised.sum() / part.earned.sum():.2f}",
    "promised return / true return, cost not taken off": lambda part: (
        f"{(part.promised + part.spent).sum() / (part.earned + part.spent).sum():.2f}"
    ),
    "mean effect promised, of all customers, in currency": lambda part: f"{part['mean promised'].mean():.2f}",
    "its truth": lambda part: f"{part['mean true'].mean():.2f}",
    "order": _order,
}
WAYS = {
    "nobody": "nobody",
    "everybody, with the offer of the larger mean": "everybody",
    "the riskiest with it, as far as the budget goes": "riskiest",
    "the plan": "earned",
    "the plan by the lower bound (`robust`)": "guarded",
    "the best plan by the truth, within the budget": "ideal",
}


def known(world: World, today: str) -> pd.DataFrame:
    """Return what a business knows on a day of each customer who has ordered within a year before it."""
    day = pd.Timestamp(today)
    orders = world.tables["orders"]
    orders = orders[(orders["at"] < day) & (orders.event_type != "return")]
    by = orders.groupby("customer")
    rows = pd.DataFrame(
        {
            "recency": (day - by["at"].max()).dt.days,
            "age_days": (day - by["at"].min()).dt.days,
            "orders": by.size(),
            "recent": orders[orders["at"] >= day - timedelta(HORIZON)].groupby("customer").size(),
            "spend": by.amount.mean(),
            "deals": (orders.discount > 0).groupby(orders.customer).mean(),
        }
    )
    rows["late"] = rows.recency / (rows.age_days / rows.orders).clip(lower=7)
    people = world.tables["customers"].set_index("customer")[["age", "region", "acquisition"]]
    spoken = world.tables["preferences"].drop_duplicates("customer", keep="last").set_index("customer").channel
    rows = rows.fillna({"recent": 0.0}).join(people).assign(prefers=spoken.reindex(rows.index).fillna("unsaid"))
    return rows[rows.recency < 365].reset_index()


def by_lot(world: World, rows: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Return arms that chance deals, alike for all."""
    return rng.choice(ARMS, len(rows))


def by_a_rule(world: World, rows: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Return arms by who has been away for long, which features tell and nobody wrote down."""
    return _dealt(1 / (1 + np.exp(-1.5 * (np.log(rows.late + 0.1).to_numpy()))), rng)


def by_hearsay(world: World, rows: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Return arms by who is still there, as a salesman may know and no feature tells."""
    there = world.truth(HORIZON).drop_duplicates("customer").set_index("customer").state.loc[rows.customer] == "alive"
    return _dealt(np.where(there, 0.85, 0.5), rng)


ARMS = ["control", "voucher", "call"]
CAMPAIGNS: dict[str, Callable[[World, pd.DataFrame, np.random.Generator], np.ndarray]] = {
    "by lot": by_lot,
    "by a rule": by_a_rule,
    "by hearsay": by_hearsay,
}


def one_world(seed: int, deal: Callable[..., np.ndarray], customers: int = CUSTOMERS) -> dict[str, float | str]:
    """Return what was promised and what was earned in one world.

    Args:
        seed: of the world and of the arms.
        deal: how the arms of its campaign come about.
        customers: how many have come by then.
    """
    before = simulate(customers, seed, FIRST, campaigns=(), offers=STRONG, spread=0.0)
    past, world = campaign(before, deal, np.random.default_rng(seed))
    effects, offers = train_effects(past, value=VALUE, repeats=REPEATS), offers_of(world)
    rows = known(world, TODAY)
    table = promised(effects, rows)
    scores = pd.DataFrame(
        {
            "customer": rows.customer,
            "cutoff": pd.Timestamp(TODAY),
            "churn_probability": risk(past, rows),
            "value": VALUE,
        }
    )
    plan = decide(scores, offers, BUDGET, 0.0, effects=table)
    guarded = decide(scores, offers, BUDGET, 0.0, effects=table, rules=Rules(robust=True))
    truth = true_gains(world)
    return {
        "seed": seed,
        "evidence": effects.card.evidence,
        "differs": float(effects.card.effects.differs.mean()),
        "promised": plan.summary["expected_gain"],
        "low": plan.summary["gain_low"],
        "high": plan.summary["gain_high"],
        "chosen": plan.summary["treated"],
        "spent": plan.summary["spent"],
        "rows": len(past),
        "nobody": 0.0,
        "guarded": _sum(truth, guarded.table),
        "guarded low": guarded.summary["gain_low"],
        "earned": _sum(truth, plan.table),
        "seen": seen(world, plan.table),
        **_others(truth, table, scores, offers),
    }


def campaign(world: World, deal: Callable[..., np.ndarray], rng: np.random.Generator) -> tuple[Trial, World]:
    """Carry out a campaign; return it as a trial, and the world when its outcome is known."""
    rows = known(world, FIRST)
    rows["arm"] = deal(world, rows, rng)
    treated = rows[rows.arm != "control"]
    after = world.act(pd.DataFrame({"customer": treated.customer, "offer": treated.arm}), TODAY)
    rows["bought"] = rows.customer.isin(_buyers(after, FIRST)).astype(int)
    features = [name for name in rows if name not in ("customer", "arm", "bought")]
    lot = deal is by_lot
    shares = dict.fromkeys(ARMS, 1 / 3) if lot else None
    assignment = "randomised" if lot else "observational"
    return Trial.of(rows, "arm", "control", "bought", features, shares, assignment), after


def offers_of(world: World) -> list[Offer]:
    """Return the offers with the costs that the campaign has shown."""
    sent = world.tables["offers"]
    taken = float(sent[sent.offer == "voucher"].accepted.mean())
    return [
        Offer("voucher", COSTS["voucher"], TAKEN, taken, effect="learned"),
        Offer("call", COSTS["call"], effect="learned"),
    ]


def promised(effects: Effects, rows: pd.DataFrame) -> pd.DataFrame:
    """Return what each offer is to bring with each customer, as `decide` takes it."""
    table = effects.predict(rows)
    figures = {
        name: VALUE * table[column]
        for name, column in (("kept", "effect"), ("kept_low", "effect_low"), ("kept_high", "effect_high"))
    }
    about = {"customer": table.customer, "offer": table.arm, **figures, "evidence": table.evidence}
    return pd.DataFrame(about | dict(VALUE * table.filter(like="error_")))


def risk(past: Trial, rows: pd.DataFrame) -> np.ndarray:
    """Return the chance that a customer buys nothing, by trees on the control."""
    import lightgbm as lgb

    held = past.arm == "control"
    texts = ["region", "acquisition", "prefers"]
    both = pd.concat([past.features[held], rows[list(past.features)]])
    both = both.assign(**{name: both[name].astype("category").cat.codes for name in texts}).to_numpy(float)
    options = {"objective": "binary", "num_leaves": 7, "learning_rate": 0.05, "verbose": -1, "num_threads": 1}
    trees = lgb.train(options, lgb.Dataset(both[: held.sum()], 1 - past.outcome[held]), 60)
    return np.asarray(trees.predict(both[held.sum() :]))


def true_gains(world: World) -> pd.DataFrame:
    """Return the true effect and gain of each customer and offer; who has left takes no voucher."""
    table = world.truth(HORIZON)
    cost = table.offer.map(COSTS) + ((table.offer == "voucher") & (table.state == "alive")) * 0.35 * TAKEN
    effect = table.purchase_effect
    return (
        table[["customer", "offer"]].assign(effect=effect, gain=VALUE * effect - cost).set_index(["customer", "offer"])
    )


def seen(world: World, table: pd.DataFrame) -> float:
    """Return what a plan brings in one course of chance: purchases beside a world without it, less what was paid."""
    after, alone = world.act(table[["customer", "offer"]], LAST), world.act(None, LAST)
    sent = after.tables["offers"]
    more = len(_buyers(after, TODAY)) - len(_buyers(alone, TODAY))
    return VALUE * more - float(sent[sent["at"] >= TODAY].cost.sum())


def _others(
    truth: pd.DataFrame, table: pd.DataFrame, scores: pd.DataFrame, offers: Sequence[Offer]
) -> dict[str, float]:
    """Return what other ways to choose would truly earn, and how well the order of customers was learned."""
    cost = {offer.name: offer.cost for offer in offers}
    mean = {name: part.kept.mean() - cost[name] for name, part in table.groupby("offer")}
    best = max(mean, key=mean.__getitem__)
    riskiest = scores.sort_values("churn_probability", ascending=False)
    same = truth.loc[pd.MultiIndex.from_frame(table[["customer", "offer"]])]
    learned = table.assign(effect=same.effect.to_numpy())
    by_truth = table.assign(kept=VALUE * same.effect.to_numpy())
    by_truth = by_truth.assign(kept_low=by_truth.kept, kept_high=by_truth.kept)
    ideal = decide(scores, offers, BUDGET, 0.0, effects=by_truth)
    differing = {name: part for name, part in learned.groupby("offer") if part.kept.nunique() > 1}
    order = {f"order {name}": float(part.kept.rank().corr(part.effect.rank())) for name, part in differing.items()}
    slope = {
        f"slope {name}": float(VALUE * part.kept.cov(part.effect) / part.kept.var()) for name, part in differing.items()
    }
    return {
        "everybody": _sum(truth, riskiest.assign(offer=best)),
        "riskiest": _sum(truth, riskiest.head(int(BUDGET / cost[best])).assign(offer=best)),
        "ideal": _sum(truth, ideal.table),
        "mean promised": float(table.kept.mean()),
        "mean true": float(VALUE * same.effect.mean()),
        **order,
        **slope,
    }


def _sum(truth: pd.DataFrame, table: pd.DataFrame) -> float:
    return float(truth.gain.loc[pd.MultiIndex.from_frame(table[["customer", "offer"]])].sum())


def _buyers(world: World, start: str) -> set[str]:
    orders = world.tables["orders"]
    return set(orders[(orders["at"] >= start) & (orders.event_type != "return")].customer)


def _dealt(chance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the arms of a chance to be treated, the offers alike."""
    offers = rng.choice(ARMS[1:], len(chance))
    return np.where(rng.random(len(chance)) < np.clip(chance, 0.05, 0.95), offers, "control").astype(object)


if __name__ == "__main__":
    main()
