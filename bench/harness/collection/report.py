"""How the results are shown, and what they are measured by: the best rival's number divided by ours."""

from typing import NamedTuple

import stores
from harness.tables import Table, duration, size

OURS = "anear"
LEGEND = (
    "Every number is the best of the runs; less is better. The last columns: the best rival's number divided by ours, and the"
    " goal. \"As installed\" is what the library does by itself, whether or not the rows have then reached the disk; \"synced\":"
    " all its files have been synced within the time, by the library or for it, with the fastest of its settings. Bulk: one add"
    " of all rows and their metadata to an empty store, from NumPy and lists. Single adds: one row a call, committed, to the"
    " store that has all rows, the mean of 1,000. Searches: k = 10, one query a call, each with a condition of its own (a range"
    " of page_num, or a file_name), the mean with the metadata of the hits as Python values, by the fastest of the library's ways"
    " that find at least 99 %. Opening: in a new process that has imported the library, files in the page cache; the first"
    " answer is to a query with a file_name."
)


class Row(NamedTuple):
    """A row of the table: the measurement and the number in it, how it is written, and the ratio aimed for."""

    title: str
    measurement: str
    number: str
    text: callable
    goal: float | None = None


ROWS = (
    Row("bulk add, as installed", "add_many", "seconds", duration),
    Row("bulk add, synced", "add_many", "synced_seconds", duration, 2),
    Row("a single add, as installed", "add_singles", "seconds", duration),
    Row("a single add, synced", "add_singles", "synced_seconds", duration, 1),
    Row("closing after single adds", "add_singles", "close_seconds", duration),
    Row("indexes for searching, built after the bulk add", "indexes", "seconds", duration),
    Row("search, 10 % pass", "search 10 %", "seconds", duration, 3),
    Row("search, 0.1 % pass", "search 0.1 %", "seconds", duration, 3),
    Row("search, all pass", "search all", "seconds", duration, 1),
    Row("open", "open_again", "seconds", duration, 1),
    Row("open and first answer", "open_again", "answer_seconds", duration, 1),
    Row("bytes after the bulk add", "add_many", "bytes", size, 1),
    Row("the same, as allocated", "add_many", "allocated_bytes", size),
    Row("bytes after the single adds", "add_singles", "bytes", size),
    Row("the same, as allocated", "add_singles", "allocated_bytes", size),
    Row("bytes with the indexes for searching", "indexes", "bytes", size),
)


def verdict(row, measured):
    """Of a row: the best rival and its number divided by ours, and whether that reaches the goal; None without both."""
    numbers = {label: found[row.number] for label, found in measured[row.measurement].items() if found.get(row.number)}
    ours = numbers.pop(OURS, None)
    if ours is None or not numbers:
        return None
    rival = min(numbers, key=numbers.get)
    ratio = numbers[rival] / ours
    return {"rival": rival, "ratio": ratio, "goal": row.goal, "reached": row.goal is None or ratio >= row.goal}


def table(measured, labels):
    found = Table([
        ("", 48), *((label, max(10, len(label))) for label in labels), ("best rival/ours", 24), ("goal", 8)])
    for row in ROWS:
        cells = [cell(row, measured[row.measurement].get(label)) for label in labels]
        found.add([row.title, *cells, *verdict_cells(row, verdict(row, measured))])
    return found


def cell(row, found):
    if found is None:
        return "-"
    if "failed" in found:
        return "failed"
    return row.text(found[row.number]) if found[row.number] else "-"


def verdict_cells(row, said):
    if said is None:
        return ["-", "" if row.goal is None else f">={row.goal}"]
    ratio = f"{said['ratio']:.2f} {said['rival']}"
    return [ratio, "" if row.goal is None else f">={row.goal} {'yes' if said['reached'] else 'NO'}"]


def notes(made, labels):
    """A line a store: what it is, how it was asked, and what it found."""
    adapters = {entry.label: stores.adapter(name) for name, entry in stores.STORES.items()}
    return [note(made, label, adapters[label]) for label in labels]


def note(made, label, adapter):
    if label in made["not_there"]:
        return f"- **{label}** is not there: {made['not_there'][label]}."
    parts = [f"adds: {adapter.about_adds}", f"syncs: {adapter.about_syncs}"]
    for title, said in (("fastest", chosen(made["measured"], label)), ("recall", recalls(made["measured"], label))):
        if said:
            parts.append(f"{title}: {said}")
    return f"- **{label} {made['versions'][label]}**. " + ". ".join(part[0].upper() + part[1:] for part in parts) + "."


def chosen(measured, label):
    """What was fastest for each measurement, where there was a choice."""
    parts = []
    for title, of in measured.items():
        found = of.get(label, {})
        parameters = found.get("setting") or found.get("way")
        if parameters:
            words = " ".join(f"{name}={value}" for name, value in parameters.items() if value is not None)
            parts.append(f"{title.replace('_', ' ')}: {words or 'exact'}")
    return "; ".join(parts)


def recalls(measured, label):
    shares = {title: of[label]["recall"] for title, of in measured.items() if "recall" in of.get(label, {})}
    return ", ".join(f"{title.removeprefix('search ')}: {share:.4f}" for title, share in shares.items())


def document(made, results, labels):
    """The text of the document with the table of results."""
    lines = [
        "# Collections beside other stores", "",
        f"Made by `python3 bench/collection.py`; [bench/README.md](../bench/README.md) says how. {LEGEND}", "",
        f"{made['date']}, {made['machine']}, Python {made['python']}; {made['runs']} runs; {made['title']}.", "",
        *results.markdown(), "", *notes(made, labels),
    ]
    return "\n".join(lines) + "\n"
