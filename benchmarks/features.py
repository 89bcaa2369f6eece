"""Features beside other tools: the same 74 columns at the same 12 cutoffs, each way in a process of its own.

    python benchmarks/features.py --events 1000000 --peers python      (another Python with polars and featuretools)

Every way is asked for the same values; the sum and the count of known values of each column must agree with SQL's.
Wall times on a shared machine drift, so read the ratios of one run. The page docs/benchmarks-features.md is written
anew by each run.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

DAYS = (7, 30, 90, 180, 365)
CATEGORIES = [f"c{i:02d}" for i in range(20)]
CHANNELS = ["web", "app", "shop", "call", "mail"]
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks-features.md"


def cutoffs(n: int = 12) -> list[datetime]:
    """The last *n* firsts of a month up to December 2023."""
    months = [2023 * 12 + 11 - i for i in reversed(range(n))]
    return [datetime(m // 12, m % 12 + 1, 1) for m in months]


def generate(events: int, path: Path, seed: int = 7) -> None:
    """Events of customers whose activity follows a power law, over three years; one in twenty is a return."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(seed)
    weight = rng.pareto(1.2, max(1, events // 27)) + 0.3
    until = np.cumsum(weight / weight.sum())
    start = np.datetime64("2021-01-01", "us").astype(np.int64)
    writer = None
    for left in range(0, events, 5_000_000):
        n = min(5_000_000, events - left)
        span = 3 * 365 * 86_400 * np.array([left, left + n]) // events
        at = np.sort(rng.integers(span[0], span[1], n)) * 1_000_000 + start
        amount = np.round(rng.lognormal(3, 1, n), 2) * np.where(rng.random(n) < 0.05, -1, 1)
        table = pa.table(
            {
                "customer": np.minimum(np.searchsorted(until, rng.random(n)), len(until) - 1).astype(np.int32),
                "at": pa.array(at, pa.timestamp("us")),
                "amount": amount,
                "category": pa.array(np.array(CATEGORIES)[rng.integers(0, 20, n)]),
                "channel": pa.array(np.array(CHANNELS)[rng.integers(0, 5, n)]),
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()


def patron_features(finite: int = len(DAYS)):
    from patron.features.measures import combine, measure
    from patron.periods import EVER, days

    def one(name, function, windows=(EVER,), **settings):
        function.__name__ = function.__doc__ = name
        return measure(windows=windows, **settings)(function)

    def ratio(name, *parts):
        def function(a, b):
            return a / b

        function.__name__ = function.__doc__ = name
        return combine(*parts)(function)

    windows = (*days(*DAYS[:finite]), EVER)
    n = one("n", lambda orders: orders.count(), windows, empty=0)
    total = one("total", lambda orders: orders.amount.sum(), windows)
    return (
        n,
        total,
        one("mean", lambda orders: orders.amount.mean(), windows),
        one("spread", lambda orders: orders.amount.std(), windows),
        one("least", lambda orders: orders.amount.min(), windows),
        one("most", lambda orders: orders.amount.max(), windows),
        one("categories", lambda orders: orders.category.nunique(), windows),
        one("channels", lambda orders: orders.channel.nunique(), windows),
        one("recency", lambda orders: orders.days_ago.min()),
        one("age", lambda orders: orders.days_ago.max()),
        one("gap_mean", lambda orders: orders.days_between.mean()),
        one("gap_spread", lambda orders: orders.days_between.std()),
        *(one(f"share_{c}", _share(c)) for c in CATEGORIES),
        ratio("n_trend", n.over(*days(30)), n.over(*days(180))),
        ratio("total_trend", total.over(*days(30)), total.over(*days(180))),
    )  # fmt: skip


def _share(category):
    return lambda orders: orders.count(where=orders.category == category) / orders.count()


class Asked:
    """A question with these features and no others, of everybody who ever bought."""

    def __init__(self, features):
        from patron.periods import EVER

        self.features, self.active_in = features, EVER

    def on(self, history, before):
        return self


def patron(path: Path, times: list[datetime]):
    from patron.history.history import History
    from patron.history.sources import events
    from patron.questions.matrices import matrix

    history = History.of(orders=events(path, returns={"channel": "none"}))
    asked = Asked(patron_features())
    return lambda: matrix(asked, history, times).X


def patron_windows(finite: int):
    """The same over fewer windows."""

    def prepare(path: Path, times: list[datetime]):
        from patron.history.history import History
        from patron.history.sources import events
        from patron.questions.matrices import matrix

        history = History.of(orders=events(path, returns={"channel": "none"}))
        asked = Asked(patron_features(finite))
        return lambda: matrix(asked, history, times).X

    return prepare


def patron_text(path: Path, times: list[datetime]):
    """The same with keys as texts, which are tidied at the door."""
    import duckdb

    made = path.with_suffix(".text.parquet")
    if not made.exists():
        texts = "* REPLACE ('customer-' || customer AS customer)"
        duckdb.sql(f"COPY (SELECT {texts} FROM '{path}') TO '{made}' (FORMAT parquet)")
    return patron(made, times)


def patron_parquet(path: Path, times: list[datetime]):
    from patron.history.history import History
    from patron.history.sources import events
    from patron.questions.matrices import write_rows

    history = History.of(orders=events(path, returns={"channel": "none"}))
    asked = Asked(patron_features())
    out = path.with_suffix(".rows.parquet")
    return lambda: write_rows(asked, history, times, out, memory=0.5)


def patron_streamed(path: Path, times: list[datetime]):
    """Rows handed on block by block and let go, as a job does that writes or scores them."""
    from patron.features.compute.executor import execute
    from patron.features.compute.plan import ExecutionPlan
    from patron.history.history import History
    from patron.history.sources import events
    from patron.periods import EVER

    history = History.of(orders=events(path, returns={"channel": "none"}))

    def run():
        plan = ExecutionPlan(history, EVER, patron_features(), tuple(times), memory=0.6)
        return sum(len(block.customer) for block in execute(plan, plan.max_rows))

    return run


def floor(path: Path, times: list[datetime]):
    import duckdb

    con = duckdb.connect()
    query = f"""SELECT customer, count(*), sum(amount), max("at") FROM '{path}' GROUP BY 1"""
    return lambda: con.sql(query).to_arrow_table().num_rows


AGGREGATES = """count(*) n{s}, sum(amount) total{s}, avg(amount) mean{s}, stddev_samp(amount) spread{s},
 min(amount) least{s}, max(amount) most{s}, bit_count(bit_or(category_bit)) categories{s},
 bit_count(bit_or(channel_bit)) channels{s}"""


def _query(cutoff: datetime, part: str) -> str:
    """One filtered GROUP BY for each window of one cutoff, joined on the customer."""
    shares = ", ".join(f"count(*) FILTER (category = '{c}') / count(*) share_{c}" for c in CATEGORIES)
    at = f"TIMESTAMP '{cutoff}'"
    day = 86_400e6
    ever = f"""SELECT customer, {AGGREGATES.format(s="")}, (epoch_us({at}) - max(us)) / {day} recency,
      (epoch_us({at}) - min(us)) / {day} age, avg(gap) gap_mean, stddev_samp(gap) gap_spread, {shares}
      FROM events WHERE "at" < {at} {part} GROUP BY customer"""
    joins, columns = [], []
    for d in DAYS:
        edge = f"TIMESTAMP '{cutoff - timedelta(days=d)}'"
        joins.append(
            f"""LEFT JOIN (SELECT customer, {AGGREGATES.format(s=f"_{d}d")} FROM events
            WHERE "at" < {at} AND "at" >= {edge} {part} GROUP BY customer) w{d} USING (customer)"""
        )
        columns.append(f"w{d}.* EXCLUDE (customer) REPLACE (coalesce(n_{d}d, 0) AS n_{d}d)")
    trends = "n_30d / nullif(n_180d, 0) n_trend, total_30d / nullif(total_180d, 0) total_trend"
    return f"SELECT {at} cutoff, e.*, {', '.join(columns)}, {trends} FROM ({ever}) e {' '.join(joins)}"


def _sql(path: Path, times: list[datetime], parts: int):
    import duckdb
    import pyarrow as pa

    con = duckdb.connect()
    bits = "CASE category " + " ".join(f"WHEN '{c}' THEN {1 << i}" for i, c in enumerate(CATEGORIES)) + " END"
    channels = "CASE channel " + " ".join(f"WHEN '{c}' THEN {1 << i}" for i, c in enumerate(CHANNELS)) + " END"

    def run():
        con.sql(f"""CREATE OR REPLACE TEMP TABLE events AS SELECT customer, "at", epoch_us("at") us, amount, category,
          {bits} category_bit, {channels} channel_bit,
          (epoch_us("at") - lag(epoch_us("at")) OVER (PARTITION BY customer ORDER BY "at")) / 86400e6 gap
          FROM '{path}'""")
        made = []
        for p in range(parts):
            part = f"AND hash(customer) % {parts} = {p}" if parts > 1 else ""
            made += [con.sql(_query(cutoff, part)).to_arrow_table() for cutoff in times]
        return pa.concat_tables(made)

    return run


def sql(path: Path, times: list[datetime]):
    return _sql(path, times, 1)


def sql_in_parts(path: Path, times: list[datetime]):
    return _sql(path, times, 8)


def polars(path: Path, times: list[datetime]):
    import polars as pl

    def aggregates(suffix):
        a = pl.col("amount")
        return [
            pl.len().alias(f"n{suffix}"), a.sum().alias(f"total{suffix}"), a.mean().alias(f"mean{suffix}"),
            a.std().alias(f"spread{suffix}"), a.min().alias(f"least{suffix}"), a.max().alias(f"most{suffix}"),
            pl.col("category").n_unique().alias(f"categories{suffix}"),
            pl.col("channel").n_unique().alias(f"channels{suffix}"),
        ]  # fmt: skip

    def at_cutoff(events, cutoff):
        past = events.filter(pl.col("at") < cutoff)
        ago = (pl.lit(cutoff) - pl.col("at")).dt.total_microseconds() / 86_400e6
        shares = [(pl.col("category") == c).mean().alias(f"share_{c}") for c in CATEGORIES]
        made = past.group_by("customer").agg(
            *aggregates(""), ago.min().alias("recency"), ago.max().alias("age"),
            pl.col("gap").mean().alias("gap_mean"), pl.col("gap").std().alias("gap_spread"), *shares,
        )  # fmt: skip
        for d in DAYS:
            near = past.filter(pl.col("at") >= cutoff - timedelta(days=d))
            made = made.join(near.group_by("customer").agg(*aggregates(f"_{d}d")), on="customer", how="left")
        counts = [pl.col(f"n_{d}d").fill_null(0) for d in DAYS]
        made = made.with_columns(*counts)
        long = pl.when(pl.col("n_180d") > 0).then(pl.col("n_180d"))
        return made.with_columns(
            (pl.col("n_30d") / long).alias("n_trend"), (pl.col("total_30d") / pl.col("total_180d")).alias("total_trend")
        )

    def run():
        events = pl.scan_parquet(path).with_columns(pl.col("category", "channel").cast(pl.Categorical))
        gap = pl.col("at").diff().over("customer", order_by="at").dt.total_microseconds() / 86_400e6
        events = events.with_columns(gap.alias("gap")).collect().lazy()
        return pl.concat(pl.collect_all([at_cutoff(events, c) for c in times])).to_arrow()

    return run


def featuretools(path: Path, times: list[datetime]):
    """48 of the 74: what its primitives know; one window a call."""
    import featuretools as ft
    import pandas as pd

    frame = pd.read_parquet(path)
    frame["event"] = np.arange(len(frame))
    frame = frame.astype({"category": "category", "channel": "category"})

    def run():
        es = ft.EntitySet()
        es.add_dataframe(dataframe_name="events", dataframe=frame, index="event", time_index="at")
        es.normalize_dataframe("events", "customers", "customer")
        es.add_last_time_indexes()
        who = frame.groupby("customer")["at"].min()
        rows = pd.concat([pd.DataFrame({"customer": who.index[who < c], "time": c}) for c in times])
        for window in (*DAYS, None):
            ft.calculate_feature_matrix(
                ft.dfs(
                    entityset=es, target_dataframe_name="customers", features_only=True, max_depth=1,
                    agg_primitives=["count", "sum", "mean", "std", "min", "max", "num_unique"],
                ),
                entityset=es, cutoff_time=rows, training_window=None if window is None else f"{window} days",
                include_cutoff_time=False,
            )  # fmt: skip
        return len(rows)

    return run


def temporian(path: Path, times: list[datetime]):
    """36 of the 74: its moving operators, sampled at the cutoffs (its windows hold an event at the cutoff)."""
    import pandas as pd
    import temporian as tp

    frame = pd.read_parquet(path, columns=["customer", "at", "amount"])
    first = frame.groupby("customer")["at"].min()
    rows = pd.concat([pd.DataFrame({"customer": first.index[first < c], "at": c}) for c in times])

    def run():
        events = tp.from_pandas(frame, indexes=["customer"], timestamps="at")
        asked = tp.from_pandas(rows, indexes=["customer"], timestamps="at")
        made = []
        for d in (*DAYS, 10_000):
            settings = {"window_length": tp.duration.days(d), "sampling": asked}
            made += [events.moving_sum(**settings), events.simple_moving_average(**settings)]
            made += [events.moving_standard_deviation(**settings), events.moving_count(**settings)]
            made += [events.moving_min(**settings), events.moving_max(**settings)]
        return len(made)

    return run


def pandas_loop(path: Path, times: list[datetime], sample: int = 100):
    """What a first notebook does: for each customer and cutoff filter and reduce; sampled, then extrapolated."""
    import pandas as pd

    frame = pd.read_parquet(path)
    chosen = np.random.default_rng(0).choice(frame.customer.unique(), sample, replace=False)
    groups = dict(list(frame[frame.customer.isin(chosen)].groupby("customer")))

    def run():
        for events in groups.values():
            for cutoff in times:
                past = events[events["at"] < cutoff]
                for d in (*DAYS, 10_000):
                    near = past[past["at"] >= cutoff - timedelta(days=d)]
                    near.amount.agg(["count", "sum", "mean", "std", "min", "max"])
                    near.category.nunique(), near.channel.nunique()
                past["at"].diff().dt.days.agg(["mean", "std"])
                past.category.value_counts(normalize=True)
        return sample

    return run


WAYS = {
    "floor": (floor, 3), "patron": (patron, 5), "patron, text keys": (patron_text, 4),
    "patron, streamed": (patron_streamed, 2), "patron to parquet": (patron_parquet, 2), "sql": (sql, 2),
    "sql in 8 parts": (sql_in_parts, 1), "polars": (polars, 2), "featuretools (48)": (featuretools, 1),
    "temporian (36)": (temporian, 1), "pandas loop": (pandas_loop, 1),
}  # fmt: skip
WAYS |= {f"patron, {n + 1} windows": (patron_windows(n), 4) for n in range(0, len(DAYS), 2)}
IN_TURNS, ROUNDS = ("floor", "patron", "patron, streamed", "sql", "polars"), 4
GROWTH = [way for way in WAYS if way.endswith(" windows")]
LARGE = 2_000_000
FOR_LARGE = ("floor", "patron", "patron, streamed", "patron to parquet", "sql in 8 parts")
HUGE = 20_000_000
FOR_HUGE = ("floor", "patron, streamed")
PEERS = ("polars", "featuretools (48)", "temporian (36)", "pandas loop")


def one(way: str, path: Path, n: int) -> None:
    """Run one way, print what it took; the best run counts, as the first warms caches up."""
    prepare, times = WAYS[way]
    begun = time.perf_counter()
    run = prepare(path, cutoffs(n))
    walls, cpus, made = [], [], None
    for _ in range(times):
        made = None
        start, worked = time.perf_counter(), time.process_time()
        made = run()
        walls.append(time.perf_counter() - start)
        cpus.append(time.process_time() - worked)
    first = time.perf_counter() - begun - sum(walls[1:])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    told = {"wall": min(walls), "cpu": min(cpus), "first": first, "peak": peak, "sums": _sums(made)}
    if way == "pandas loop":
        import pandas as pd

        told["wall"] *= pd.read_parquet(path, columns=["customer"]).customer.nunique() / made
    sys.stdout.write(json.dumps(told))


def in_turns(ways: list[str], path: Path, peers: str) -> dict[str, dict]:
    """Run all ways, those that are compared most in several rounds, so that a slow stretch of the machine hits all."""
    found: dict[str, dict] = {}
    for number in range(ROUNDS):
        for way in ways:
            told = measured(way, path, 12, peers) if number == 0 or way in IN_TURNS else None
            if told and way in found:
                told["first"] = min(told["first"], found[way]["first"])
            if told and (way not in found or told["wall"] < found[way]["wall"]):
                found[way] = told
    return found


def _sums(made) -> dict[str, list[float]]:
    """The sum and the number of known values of each column, by which ways are compared."""
    if hasattr(made, "column_names"):
        made = {c: made[c].to_pandas() for c in made.column_names if c not in ("customer", "cutoff")}
    elif not hasattr(made, "columns"):
        return {}
    found = {c: np.asarray(made[c], dtype=np.float64) for c in made}
    return {c: [float(np.nansum(v)), int(np.isfinite(v).sum())] for c, v in found.items()}


def measured(way: str, path: Path, n: int, peers: str, environment: dict[str, str] | None = None) -> dict | None:
    python = peers if way in PEERS else sys.executable
    asked = [python, __file__, "--way", way, "--path", str(path), "--cutoffs", str(n)]
    done = subprocess.run(asked, capture_output=True, text=True, env={**os.environ, **(environment or {})}, check=False)
    if done.returncode:
        sys.stderr.write(f"{way}: {done.stderr.strip().splitlines()[-1:]}\n")
        return None
    return json.loads(done.stdout)


def differing(one: dict, other: dict) -> list[str]:
    """The columns whose sums or counts differ between two ways; an infinite ratio counts as unknown."""
    return [
        c for c in one["sums"]
        if c in other["sums"] and not c.endswith("_trend")
        and not np.allclose(one["sums"][c], other["sums"][c], rtol=1e-5, atol=1e-3)
    ]  # fmt: skip


def report(events: int, found: dict[str, dict], growth: dict[str, list[str]], cold: dict | None) -> str:
    base, ground = found.get("patron", found["patron, streamed"])["wall"], found["floor"]["wall"]
    lines = [f"## {events:,} events, 12 cutoffs, 6 windows, 74 columns", ""]
    lines += [
        "| way | wall s | times patron | times the floor | s for a million events | CPU s | peak GB | same as SQL |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for way, told in found.items():
        same = "-"
        sql = found.get("sql") or found.get("sql in 8 parts")
        if told["sums"] and sql:
            differ = differing(told, sql)
            same = "yes" if not differ else f"no: {', '.join(differ[:4])}"
        wall = told["wall"]
        lines.append(f"| {way} | {wall:.2f} | {wall / base:.1f} | {wall / ground:.1f} | {wall / events * 1e6:.2f} | "
                     f"{told['cpu']:.2f} | {told['peak']:.2f} | {same} |")  # fmt: skip
    if cold:
        warm = found["patron"]["first"]
        lines += ["", f"First use ever, nothing compiled: {cold['first']:.1f} s; compiled before: {warm:.1f} s"]
        lines += ["(a fresh process, imports and the checks at the door included)."]
    lines += [line for what, told in growth.items() for line in ("", f"Growth with {what}: {', '.join(told)}.")]
    return "\n".join(lines) + "\n"


def grown(path: Path, peers: str) -> dict[str, list[str]]:
    """How the time of Patron grows with cutoffs and with windows."""
    by_cutoffs = [(n, measured("patron", path, n, peers)["wall"]) for n in (1, 6, 12, 24)]
    by_windows = [(way.split()[1], measured(way, path, 12, peers)["wall"]) for way in GROWTH]
    found = {"cutoffs": by_cutoffs, "windows": by_windows}
    return {what: [f"{n}: {wall:.2f} s" for n, wall in told] for what, told in found.items()}


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--events", type=int, nargs="*", default=[100_000, 1_000_000])
    asked.add_argument("--peers", default=sys.executable)
    asked.add_argument("--skip", nargs="*", default=[])
    asked.add_argument("--way")
    asked.add_argument("--path", type=Path)
    asked.add_argument("--cutoffs", type=int, default=12)
    given = asked.parse_args()
    if given.way:
        one(given.way, given.path, given.cutoffs)
        return
    pages = ["# Features: how fast, beside what\n\nWritten by `make bench-features`; wall times drift on a shared "
             "machine, so read the ratios. Every way runs in a process of its own, the closest peers in turns; the "
             "best run counts.\n"]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for events in given.events:
            path = Path(folder) / f"events{events}.parquet"
            generate(events, path)
            sized = FOR_HUGE if events > HUGE else FOR_LARGE if events > LARGE else WAYS
            ways = [way for way in sized if way not in (*given.skip, *GROWTH)]
            found = in_turns(ways, path, given.peers)
            small = events <= LARGE
            cache = {"NUMBA_CACHE_DIR": str(Path(folder) / f"cold{events}")}
            cold = measured("patron", path, 12, given.peers, cache) if small else None
            pages.append(report(events, found, grown(path, given.peers) if small else {}, cold))
            sys.stdout.write(pages[-1] + "\n")
    PAGE.write_text("\n".join(pages), encoding="utf-8")


if __name__ == "__main__":
    main()
