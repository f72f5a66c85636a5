"""How the results are shown: Annoy's number divided by ours, and the goal."""

from harness.tables import Table, duration, size

LEGEND = (
    "Every number is the best of the runs; less is better; the last columns are Annoy's number divided by anear's, and the goal."
    " Both search the same file, made by Annoy, on one thread, and give the same items and distances, which is checked before"
    " anything is timed; the files that both build with one job are the same too. A query is a call of `get_nns_by_vector` with a"
    " list or a NumPy array of float32, or of `get_nns_by_item`, each with a list of items as its answer. The batch is one call of"
    " `get_nns_by_vectors` with all queries; Annoy has none and is called with each row. Building does not include adding the"
    " items, which come from the rows of a NumPy array. The large file is in the page cache; its first answer is included where"
    " it says so; its memory is what opening and that answer add to the process."
)
WAYS = {"list": "a list", "array": "an array", "item": "an item", "batch": "all in a batch"}


def rows(measured):
    """(title, how its numbers are written, goal, the numbers by library) for each measurement."""
    for key, numbers in measured.items():
        what, *how = key.split()
        if what == "add":
            yield "add all items", duration, None, numbers
        elif what == "build":
            yield f"build, n_jobs={how[0]}", duration, 2, numbers
        elif what == "open":
            title, text, goal = {
                "seconds": ("open the large file", duration, None),
                "answer_seconds": ("open it and find 10", duration, None),
                "bytes": ("memory for that", size, None),
            }[how[0]]
            yield title, text, goal, numbers
        else:
            k, search_k = how
            depth = "" if search_k == "-1" else f", search_k={search_k}"
            yield f"query, {WAYS[what]}, n={k}{depth}", duration, 4 if what == "batch" else 2, numbers


def table(found, made):
    print(f"\n{found['title']}, {made['trees']} trees")
    shown = Table([("", 42), ("Annoy", 10), ("anear", 10), ("Annoy/anear", 12), ("goal", 8)])
    for title, text, goal, numbers in rows(found["measured"]):
        ratio = numbers["annoy"] / numbers["anear"] if numbers["anear"] else None
        aim = "" if goal is None or ratio is None else f">={goal} {'yes' if ratio >= goal else 'NO'}"
        shown.add([title, text(numbers["annoy"]), text(numbers["anear"]), "-" if ratio is None else f"{ratio:.2f}", aim])
    return shown


def document(made, tables):
    """The text of the document with the tables."""
    versions = made["sets"][0]["versions"]
    lines = [
        "# AnnoyIndex beside Annoy", "",
        f"Made by `python3 bench/trees.py`; [bench/README.md](../bench/README.md) says how. {LEGEND}", "",
        f"{made['date']}, {made['machine']}, Python {made['python']}; Annoy {versions['annoy']}, anear {versions['anear']};"
        f" {made['trees']} trees; {made['runs']} runs; the large file has {made['large_mib']} MiB.", "",
    ]
    for title, shown in tables:
        lines += [f"## {title}", "", *shown.markdown(), ""]
    return "\n".join(lines).rstrip() + "\n"
