"""Two rounds: train, score, decide, act in the simulated world, learn; and again with what was learned.

`python pipelines/two_rounds/rounds.py` keeps the pages of each round in `patron-out/two-rounds/round-1` and `round-2`:
`report.html` before anybody is called, `outcomes.html` a quarter later.
"""

import shutil
from datetime import UTC

import pandas as pd
from business import COST, HOME, QUARTER, ROUNDS, VALUE, settings_of, shop

from patron import jobs

MORNING = (jobs.train, jobs.score, jobs.explain, jobs.decide, jobs.report)  # of the day that a round begins


def rounds(tell=print):
    """Return what each round has decided and learned, and what nobody else can know: what its calls truly gained."""
    world, lines = shop(), []
    for number, terms in enumerate(ROUNDS, 1):
        *_, decided, reported = done(world, terms, tell, MORNING)
        plan = pd.read_parquet(HOME / "results" / "decisions.parquet")
        gain = true_gain(world, plan)
        world = world.act(plan, until=world.today + QUARTER)
        (learned,) = done(world, terms, tell, (jobs.learn,))
        keep(number, [*reported["files"], *learned["files"]])
        tell(f"truth     round {number} has truly gained {gain:,.2f}")
        lines.append({"decided": decided, "learned": learned, "gain": gain})
    return lines


def done(world, terms, tell, verbs):
    """Run verbs on the day up to which the world has come, and return what each says."""
    with jobs.opened(settings_of(world, **terms), world.today.replace(tzinfo=UTC), tell) as job:
        return [verb(job) for verb in verbs]


def keep(number, files):
    """Keep the pages of a round, which the next writes anew."""
    folder = HOME / f"round-{number}"
    folder.mkdir()
    for file in files:
        if file.endswith(".html"):
            shutil.copy(file, folder)


def true_gain(world, plan):
    """Return what a plan truly gains beyond nothing: the chances to buy that it moves, less its calls."""
    truth = world.truth(QUARTER.days).set_index("customer").purchase_effect
    treated = plan.customer[plan.group == "treat"]
    return VALUE * truth[treated].sum() - COST * len(treated)


if __name__ == "__main__":
    shutil.rmtree(HOME, ignore_errors=True)  # the world begins anew
    rounds()
