"""Plan: who gets which of five offers, for up to a million customers: time, memory, and the gap to the best possible.

`python benchmarks/plan.py [page]` draws risks and values, and calls `pt.decide` in a process of its own for each size.
CPU time with one thread.
"""

import json
import os
import platform
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

ROWS = (400, 10_000, 100_000, 1_000_000)
CAPTION = """\
Five offers by mail and phone, a budget of .3 per customer, mails to a tenth and calls to a fiftieth of them. Effects of
each customer and offer are learned, so that no customers are alike. **Decide** is all of `pt.decide` (checks, draws,
gains, plan, table), **solve** the allocation alone: seconds of CPU, by the clock in brackets; **gap** is how much more
any other plan could gain at most, in currency and of the gain. The smallest plan is solved exactly.
"""


def child(count: int) -> None:
    """Decide on so many customers and print what it took."""
    from patron.decisions import Rules, decide, policy

    decide(*_case(50)[:2], 100.0)
    scores, offers, effects = _case(count)
    rules = Rules({"mail": count // 10, "phone": count // 50})
    spent: dict[str, float] = {}
    allocated = policy._allocated

    def timed(*args: object) -> object:
        begin = time.process_time()
        plan = allocated(*args)
        spent["solve"] = time.process_time() - begin
        return plan

    policy._allocated = timed
    clock, begin = time.perf_counter(), time.process_time()
    plan = decide(scores, offers, 0.3 * count, rules=rules, effects=effects)
    spent |= {"decide": time.process_time() - begin, "clock": time.perf_counter() - clock}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    kept = ("gap", "expected_gain", "chosen")
    sys.stdout.write(json.dumps(spent | {"peak": peak} | {k: float(plan.summary[k]) for k in kept}))


def _case(count: int) -> tuple[pd.DataFrame, list, pd.DataFrame]:
    from patron.decisions import Offer

    rng = np.random.default_rng(0)
    risk, value = rng.beta(1, 3, count), rng.lognormal(4, 1, count)
    customers = pd.Series([f"c{i}" for i in range(count)], dtype="str")
    scores = pd.DataFrame(
        {"customer": customers, "cutoff": pd.Timestamp("2024-05-01"), "churn_probability": risk, "value": value}
    )
    costs, effect = (0.5, 2.0, 6.0, 9.0, 15.0), (0.05, 0.08, 0.10, 0.15, 0.20)
    channels = ("mail", "mail", "phone", "phone", "post")
    offers = [Offer(f"o{j}", costs[j], effect=effect[j], channel=channels[j]) for j in range(5)]
    frames = []
    for offer in offers:
        kept = risk * value * offer.effects[1] * rng.lognormal(0, 0.3, count)
        bounds = {"kept": kept, "kept_low": kept / 2, "kept_high": 2 * kept}
        frames.append(pd.DataFrame({"customer": customers, "offer": offer.name, **bounds, "evidence": "randomised"}))
    return scores, offers, pd.concat(frames, ignore_index=True)


def main(page: Path | None) -> None:
    """Measure all sizes, each in a process of its own, and write them."""
    lines = ["| customers | decide | solve | chosen | gap | peak |", "| --- | --- | --- | --- | --- | --- |"]
    for count in ROWS:
        ended = subprocess.run([sys.executable, __file__, "child", str(count)], capture_output=True, check=True)
        took = json.loads(ended.stdout)
        share = took["gap"] / took["expected_gain"]
        lines.append(
            f"| {count:,} | {took['decide']:.1f} s ({took['clock']:.1f} s) | {took['solve']:.1f} s "
            f"| {took['chosen']:,.0f} | {took['gap']:.2f} ({share:.1e}) | {took['peak']:.1f} GB |"
        )
    machine = f"one thread of {os.cpu_count()} cores with a load of {os.getloadavg()[1]:.0f}"
    head = f"# Plans\n\n{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}; {machine}.\n\n{CAPTION}\n"
    text = head + "\n".join(lines) + "\n"
    sys.stdout.write(text)
    if page:
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(int(sys.argv[2]))
    else:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
