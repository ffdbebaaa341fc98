"""Prints medians as one table: `table.py VALUES SUBJECT... -- COLUMN... -- COLUMN...`. VALUES has lines `subject column value`; the last columns are those of
which more is better. Below stand the ratios of this proxy to the better one of HAProxy and nginx."""

import statistics
import sys


def sections(arguments):
    parts = [[]]
    for argument in arguments:
        if argument == "--":
            parts.append([])
        else:
            parts[-1].append(argument)
    return parts


path, (subjects, columns, more) = sys.argv[1], sections(sys.argv[2:])
found = {}
for line in open(path, encoding="ascii"):
    name, column, value = line.split()
    found.setdefault((name, column), []).append(float(value))
median = {key: statistics.median(values) for key, values in found.items()}
print("| subject | " + " | ".join(columns) + " |")
print("|---" * (len(columns) + 1) + "|")
for name in subjects:
    print(f"| {name} | " + " | ".join(f"{median[name, c]:.4g}" if (name, c) in median else "" for c in columns) + " |")
peers = [s for s in subjects if s.startswith(("haproxy", "nginx"))]
for name in subjects:
    if name in peers or name == "direct":
        continue
    cells = []
    for column in columns:
        values = [median[p, column] for p in peers if (p, column) in median]
        best = (max if column in more else min)(values) if values else None
        cells.append(f"{median[name, column] / best:.2f}" if best and best > 0 and (name, column) in median else "")
    print(f"| {name} / best peer | " + " | ".join(cells) + " |")
