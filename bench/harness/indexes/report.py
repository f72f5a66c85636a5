"""How the results are shown: FAISS's number divided by ours, and the goal."""

from harness.tables import Table, duration

LEGEND = (
    "Every number is the best of the runs, seconds a query; less is better; the last columns are FAISS's number divided by"
    " anear's, and the goal. Both search the same file, made by FAISS, for 10 rows, and give the same labels and distances but"
    " for ties and rounding, which is checked before anything is timed. All: one call with all queries; one: a call for each."
    " IVF looks at 8 lists, HNSW with efSearch 64. k-means: ten iterations over 20,000 rows at most, from the same seed."
)
HOW = {"all 1": "all, 1 thread", "all 2": "all, 2 threads", "one 1": "one, 1 thread", "one 2": "one, 2 threads"}


def table(found):
    print(f"\n{found['title']}")
    shown = Table([("", 40), ("FAISS", 10), ("anear", 10), ("FAISS/anear", 12), ("goal", 10)])
    for kind in found["kinds"]:
        for how, numbers in kind["measured"].items():
            add(shown, f"{kind['name']} (`{kind['factory']}`), {HOW[how]}", numbers, kind["goal"])
    for run in found["kmeans"]:
        threads = "1 thread" if run["threads"] == 1 else f"{run['threads']} threads"
        add(shown, f"k-means, {run['centroids']} centroids, {threads}", run["seconds"], 2)
    return shown


def add(shown, title, numbers, goal):
    ratio = numbers["faiss"] / numbers["anear"]
    aim = f">={goal} {'yes' if ratio >= goal else 'NO'}"
    shown.add([title, duration(numbers["faiss"]), duration(numbers["anear"]), f"{ratio:.2f}", aim])


def document(made, tables):
    """The text of the document with the tables."""
    versions = made["sets"][0]["versions"]
    lines = [
        "# anear.faiss beside FAISS", "",
        f"Made by `python3 bench/indexes.py`; [bench/README.md](../bench/README.md) says how. {LEGEND}", "",
        f"{made['date']}, {made['machine']}, Python {made['python']}; FAISS {versions['faiss']}, anear {versions['anear']};"
        f" {made['runs']} runs.", "",
    ]
    for title, shown in tables:
        lines += [f"## {title}", "", *shown.markdown(), ""]
    return "\n".join(lines).rstrip() + "\n"
