"""How the approximate suite's results are shown."""

from harness.tables import Table, duration, size

LEGEND = (
    "q/s: queries a second, the best of the runs; on one thread one query a call, on two threads all queries in one call.",
)


def table():
    return Table([
        ("index", 22), ("parameters", 24), ("recall@10", 10), ("1 thread q/s", 13), ("2 threads q/s", 13)])


def cells(point):
    parameters = " ".join(f"{name}={value}" for name, value in point["parameters"].items()) or "-"
    if "failed" in point:
        return [point["label"], parameters, "failed", "-", "-"]
    return [point["label"], parameters, f"{point['recall']:.4f}", rate(point["single"]), rate(point["batch"])]


def rate(times):
    return "failed" if "failed" in times else f"{1 / times['seconds']:,.0f}"


def indexes_table(suite):
    found = Table([("index", 22), ("version", 9), ("build, 2 threads", 16), ("memory", 10)])
    for label, about in suite["indexes"].items():
        found.add([label, about["version"], duration(about["seconds"]), size(about["bytes"])])
    for name, reason in suite["not_there"].items():
        found.add([name, "not there: " + reason, "", ""])
    return found
