"""The feature table in Python polars, from this project's catalogue: features_polars.py INPUT PLAN.

Reads `over` or `regions` from stdin, runs all expressions that way, answers with one line of JSON.
"""

import json
import math
import resource
import sys
import time

import polars as pl

frame = pl.read_parquet(sys.argv[1])
plan = json.load(open(sys.argv[2]))
DTYPE = pl.Float32 if plan["dtype"] == "float32" else pl.Float64
HOLIDAYS = pl.Series(plan["holidays"], dtype=pl.Int32).cast(pl.Date)
REGION_NAMES = frame["region"].unique(maintain_order=True).to_list()


def local_time(zone):
    return (pl.col("timestamp") - pl.duration(hours=1)).dt.convert_time_zone(zone)


def calendar(field, zone):
    local = local_time(zone)
    weekday = local.dt.weekday()
    holiday = local.dt.date().is_in(HOLIDAYS.implode())
    hour = local.dt.hour()
    return {
        "hour": lambda: hour,
        "day_of_week": lambda: weekday - 1,
        "day_of_month": lambda: local.dt.day(),
        "day_of_year": lambda: local.dt.ordinal_day(),
        "month": lambda: local.dt.month(),
        "is_weekend": lambda: weekday >= 6,
        "is_holiday": lambda: holiday,
        "is_peak_hour": lambda: (weekday < 6) & ~holiday & (hour >= 6) & (hour < 22),
    }[field]()


def season(zone):
    names = plan["seasons"]
    quarter = (local_time(zone).dt.month() % 12) // 3
    return quarter.replace_strict(list(range(4)), names, return_dtype=pl.String)


def day_type(zone):
    weekday = local_time(zone).dt.weekday()
    workday, saturday, sunday, holiday = plan["dayTypes"]
    return (
        pl.when(calendar("is_holiday", zone))
        .then(pl.lit(holiday))
        .when(weekday == 6)
        .then(pl.lit(saturday))
        .when(weekday == 7)
        .then(pl.lit(sunday))
        .otherwise(pl.lit(workday))
    )


def build(e, zone, partition):
    op = e["op"]
    if op == "column":
        return pl.col(e["name"])
    if op == "calendar":
        return calendar(e["field"], zone).cast(pl.Float64)
    if op == "cycle":
        angle = (calendar(e["field"], zone).cast(pl.Float64) - e["first"]) * (2 * math.pi / e["period"])
        return angle.sin() if e["wave"] == "sin" else angle.cos()
    if op == "lag":
        return partition(build(e["of"], zone, partition).shift(e["hours"]))
    if op == "rolling":
        of = build(e["of"], zone, partition)
        return partition(getattr(of, "rolling_" + e["statistic"])(window_size=e["hours"]))
    left, right = build(e["left"], zone, partition), build(e["right"], zone, partition)
    if op == "add":
        return left + right
    if op == "subtract":
        return left - right
    return pl.when(right != 0).then(left / right)


def expressions(zone, partition):
    made = []
    for entry in plan["catalogue"]:
        name, e = entry["name"], entry["expression"]
        if e is not None:
            made.append(build(e, zone, partition).cast(DTYPE).alias(name))
        elif name == "season":
            made.append(season(zone).alias(name))
        elif name == "day_type":
            made.append(day_type(zone).alias(name))
        else:
            made.append(pl.col(name))
    return made


def by_region_calendar(field_of):
    """One expression over all regions: each region's own zone."""
    chain = None
    for region, zone in plan["timeZones"].items():
        here = pl.col("region") == region
        chain = pl.when(here).then(field_of(zone)) if chain is None else chain.when(here).then(field_of(zone))
    return chain


def all_in_one():
    zones = list(dict.fromkeys(plan["timeZones"].values()))
    local = pl.coalesce(
        [
            pl.when(pl.col("region").is_in([r for r, z in plan["timeZones"].items() if z == zone])).then(
                local_time(zone).dt.replace_time_zone(None)
            )
            for zone in zones
        ]
    )
    with_local = frame.lazy().with_columns(local.alias("local"))
    global local_time_of
    previous = globals()["local_time"]
    globals()["local_time"] = lambda _zone: pl.col("local")
    try:
        return with_local.select(expressions(None, lambda e: e.over("region")))
    finally:
        globals()["local_time"] = previous


def one_a_region():
    parts = [
        part.lazy().select(expressions(plan["timeZones"][part["region"][0]], lambda e: e))
        for part in frame.partition_by("region", maintain_order=True)
    ]
    return pl.concat(pl.collect_all(parts), rechunk=False)


def run(variant):
    begun = time.perf_counter()
    made = all_in_one().collect() if variant == "over" else one_a_region()
    return time.perf_counter() - begun, made


for line in sys.stdin:
    variant = line.strip()
    seconds, made = run(variant)
    names = [entry["name"] for entry in plan["catalogue"] if entry["numeric"]]
    ends = [made.filter(pl.col("region") == region).tail(1).select(names).row(0) for region in REGION_NAMES]
    print(
        json.dumps(
            {
                "seconds": seconds,
                "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "rows": made.height,
                "columns": names,
                "nulls": [made[name].null_count() for name in names],
                "tail": [[end[i] for end in ends] for i in range(len(names))],
                "version": pl.__version__,
                "variant": variant,
            }
        ),
        flush=True,
    )
    del made
