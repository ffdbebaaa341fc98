"""Prints one table: `table.py VALUES SUBJECTS PEERS`.

VALUES has lines `round subject figure value`. SUBJECTS are the columns, PEERS those of them that the others are compared with; both separated by spaces.
Standard input has a line `figure|what it is|more or less|target` for each row: whether more or less is better. A figure `a/b` is the quotient of two, by
round, and is not compared. A row without any value is left out. A fifth field names the one peer that the ratio and the target of the row are about.

A cell is the median of the rounds. A ratio is that to the better peer of the same round, as `median (least-most)` of the rounds.
"""

import collections
import statistics
import sys


def shown(value):
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.01 or value == 0 else f"{value:.4f}"


def median(values):
    return shown(statistics.median(values.values())) if values else ""


def quotient(above, below):
    return {number: above[number] / below[number] for number in above if below.get(number)}


def better(found, peers, figure, more):
    """The value of the better peer in each round in which all peers that have the figure were measured."""
    measured = [found[peer, figure] for peer in peers if found.get((peer, figure))]
    rounds = set.intersection(*(set(values) for values in measured)) if measured else ()
    return {number: (max if more else min)(values[number] for values in measured) for number in rounds}


def spread(ratios):
    if not ratios:
        return ""
    text = f"{statistics.median(ratios.values()):.2f}"
    return f"{text} ({min(ratios.values()):.2f}–{max(ratios.values()):.2f})" if len(ratios) > 1 else text


def main():
    path, subjects, peers = sys.argv[1], sys.argv[2].split(), sys.argv[3].split()
    found = collections.defaultdict(dict)
    with open(path, encoding="ascii") as file:
        for line in file:
            number, name, figure, value = line.split()
            found[name, figure][int(number)] = float(value)
    ours = [name for name in subjects if name not in peers and name != "direct" and peers]
    rows = [line.rstrip("\n").split("|") for line in sys.stdin if line.strip()]
    targets = any(row[3] for row in rows)
    head = ["figure", *subjects, *(f"{name} / {'best peer' if len(peers) > 1 else peers[0]}" for name in ours), *(["target"] if targets else [])]
    print("| " + " | ".join(head) + " |")
    print("|---" + "|---:" * (len(head) - 1) + "|")
    for figure, label, direction, target, *named in rows:
        if "/" in figure:
            above, below = figure.split("/")
            cells = [quotient(found[name, above], found[name, below]) for name in subjects]
            ratios = [""] * len(ours)
        else:
            cells = [found[name, figure] for name in subjects]
            best = better(found, named or peers, figure, direction == "more")
            label += f" (ratio to {named[0]})" if best and named else ""
            target = target if best or not named else ""
            ratios = [spread(quotient(found[name, figure], best)) for name in ours]
        if any(cells):
            print("| " + " | ".join([label, *map(median, cells), *ratios, *([target] if targets else [])]) + " |")


main()
