"""Compares reports of BenchmarkDotNet with a baseline: `compare.py yes|merge|no BASELINE SLOWER REPORT...`.

yes writes the baseline anew; merge replaces in it what was measured, with a date of its own, and keeps the rest. Exit codes: 1 if a benchmark allocates more,
2 if nothing can be compared, otherwise 0.
"""

import datetime
import json
import os
import sys
import traceback


def fail(message):
    print(message, file=sys.stderr)
    sys.exit(2)


def read(path):
    with open(path, encoding="utf-8-sig") as file:
        return json.load(file)


def machine(report):
    host = report["HostEnvironmentInfo"]
    return {
        "processor": host["ProcessorName"].strip(),
        "cores": os.cpu_count(),
        "system": f"{host['OsVersion'].strip()}, Linux {os.uname().release}" if hasattr(os, "uname") else host["OsVersion"],
        "runtime": host["RuntimeVersion"],
        "load": f"load average {os.getloadavg()[0]:.1f}",
    }


def measured(reports):
    """By name: the median of a call in nanoseconds, and the bytes it allocates."""
    found = {}
    for report in reports:
        for one in report["Benchmarks"]:
            name = ".".join(part for part in (one["Type"], one["Method"]) if part)
            if one["Parameters"]:
                name += f"({one['Parameters']})"
            if one["Statistics"] is None or one["Memory"]["BytesAllocatedPerOperation"] is None:
                fail(f"{name} has no result.")
            found[name] = {
                "nanoseconds": float(f"{one['Statistics']['Median']:.4g}"),
                "bytes": one["Memory"]["BytesAllocatedPerOperation"],
            }
    return dict(sorted(found.items())) if found else fail("The reports have no benchmarks.")


def main():
    write, baseline, slower, reports = sys.argv[1], sys.argv[2], float(sys.argv[3]), [read(path) for path in sys.argv[4:]]
    now = measured(reports)
    here = machine(reports[0])
    if write != "no":
        date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
        content = {"date": date, "machine": here, "benchmarks": now}
        if write == "merge" and os.path.exists(baseline):
            content = read(baseline)
            newer = {name: value | {"date": date} for name, value in now.items()}
            content["benchmarks"] = dict(sorted((content["benchmarks"] | newer).items()))
        with open(baseline, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
            file.write("\n")
        print(f"{len(now)} benchmarks written.")
        return 0

    if not os.path.exists(baseline):
        fail("There is no baseline yet: compare --write makes one.")
    old = read(baseline)
    print(f"Baseline: {old['date']}, {', '.join(map(str, old['machine'].values()))}")
    print(f"Now: {', '.join(map(str, here.values()))}\n")
    print("| benchmark | ns | before | ratio | bytes | before | |\n|---|---:|---:|---:|---:|---:|---|")
    more = []
    for name, value in now.items():
        before = old["benchmarks"].get(name)
        if before is None:
            print(f"| {name} | {value['nanoseconds']:,.4g} | | | {value['bytes']:,} | | new |")
            continue
        ratio = value["nanoseconds"] / before["nanoseconds"]
        # What runs beside a call adds a byte or so to the average of those that allocate much.
        rises = value["bytes"] > before["bytes"] * 1.01 + 1
        if rises:
            more.append(name)
        remark = "allocates more" if rises else "slower" if ratio > slower else ""
        print(
            f"| {name} | {value['nanoseconds']:,.4g} | {before['nanoseconds']:,.4g} | {ratio:.2f} | {value['bytes']:,} | {before['bytes']:,} | {remark} |"
        )
    missing = sorted(set(old["benchmarks"]) - set(now))
    if missing:
        print(f"\nNot measured: {', '.join(missing)}.")
    if more:
        print(f"\nAllocate more than before: {', '.join(more)}.")
    return 1 if more else 0


try:
    code = main()
except Exception:
    traceback.print_exc()
    code = 2
sys.exit(code)
