"""The SVG pictures: ratios as bars, recall against speed as curves."""

import matplotlib
import numpy as np

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "anear"
matplotlib.rcParams["font.size"] = 9

from matplotlib import pyplot  # noqa: E402  after the backend is chosen
from matplotlib.ticker import FuncFormatter  # noqa: E402

from harness.approximate import MODES  # noqa: E402
from harness.verdicts import OURS  # noqa: E402

COLORS = {OURS[0]: "#4878a8", OURS[1]: "#e08030"}
GOAL = {"color": "black", "linewidth": 1.4}
PEER = {"marker": "D", "markersize": 4, "color": "white", "markeredgecolor": "black", "linestyle": "none", "zorder": 3}
LABEL_BOX = {"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.8}
# What is added to 1 - recall, so that recall 1 has a place on its logarithmic axis.
RECALL_ROOM = 1e-4
RECALL_TICKS = (0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1)
MODE_TITLES = {"single": "one query a call, 1 thread", "batch": "all queries in one call, 2 threads"}
MARKERS = "os^Dv<>pP*X"


def draw(report, path):
    figure = {"exact": bars, "approximate": curves}[report["suite"]](report)
    figure.savefig(path, format="svg", bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)


def bars(report):
    """For each scenario how many times as fast as FAISS we are, and where that was to be."""
    sets = report["data_sets"]
    heights = [0.36 * len(data["scenarios"]) + 1 for data in sets]
    figure, axes = pyplot.subplots(
        len(sets), 1, figsize=(11, sum(heights)), squeeze=False, layout="constrained",
        gridspec_kw={"height_ratios": heights})
    for axis, data in zip(axes[:, 0], sets):
        bars_of(axis, data)
    figure.suptitle(f"FAISS's time / anear's; {report['machine']}, {report['date']}")
    return figure


def bars_of(axis, data):
    for place, scenario in enumerate(data["scenarios"]):
        for offset, label in ((-0.2, OURS[0]), (0.2, OURS[1])):
            ratio, wanted = scenario["faiss_ratio"].get(label), scenario["wanted"].get(label)
            peer = scenario["peer_ratio"].get(label)
            if wanted is not None:
                axis.plot([wanted] * 2, [place + offset - 0.2, place + offset + 0.2], **GOAL)
            if peer is not None:
                axis.plot(peer, place + offset, **PEER)
            if ratio is not None:
                axis.barh(place + offset, ratio - 1, 0.38, left=1, color=COLORS[label])
                side = 1 if ratio >= 1 else -1
                axis.annotate(f"{ratio:.2f}", (ratio, place + offset), (6 * side, 0), textcoords="offset points",
                              ha="left" if side > 0 else "right", va="center", fontsize=7, bbox=LABEL_BOX)
    for label in OURS:
        axis.barh(0, 0, color=COLORS[label], label=label)
    axis.plot([], [], label="goal", **GOAL)
    axis.plot([], [], label="the best peer instead of FAISS", **PEER)
    axis.axvline(1, color="black", linewidth=0.7)
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_yticks(range(len(data["scenarios"])), [scenario["name"] for scenario in data["scenarios"]])
    axis.set_ylim(len(data["scenarios"]) - 0.4, -0.6)
    axis.set_title(f"{data['name']} ({data['rows']} x {data['dim']}, {data['metric']})", loc="left")
    axis.legend(loc="upper left", bbox_to_anchor=(1.01, 1))


def curves(report):
    """Recall against queries a second, a row of panels a data set."""
    sets = report["data_sets"]
    figure, axes = pyplot.subplots(len(sets), len(MODES), figsize=(13, 5 * len(sets)), squeeze=False, layout="constrained")
    for row, data in zip(axes, sets):
        for axis, mode in zip(row, MODES):
            curves_of(axis, data, mode)
        row[-1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    figure.suptitle(f"Recall against speed; {report['machine']}, {report['date']}")
    return figure


def curves_of(axis, data, mode):
    for place, label in enumerate(data["indexes"]):
        points = [
            (point["recall"], 1 / point[mode]["seconds"]) for point in data["points"]
            if point["label"] == label and "recall" in point and "seconds" in point[mode]
        ]
        axis.plot(*zip(*points), marker=MARKERS[place % len(MARKERS)], markersize=4, linewidth=1, label=label)
    axis.set_yscale("log")
    axis.set_xscale("function", functions=(
        lambda recall: -np.log10(np.maximum(1 + RECALL_ROOM - recall, RECALL_ROOM / 10)),
        lambda place: 1 + RECALL_ROOM - 10.0 ** -np.asarray(place)))
    axis.set_xticks(RECALL_TICKS, [f"{recall:g}" for recall in RECALL_TICKS], rotation=60)
    lowest = min((point["recall"] for point in data["points"] if "recall" in point), default=0)
    axis.set_xlim(max(0, lowest - 0.05), 1 + RECALL_ROOM / 2)
    axis.set_xlabel("recall@10")
    axis.set_ylabel("queries a second")
    axis.grid(True, which="both", alpha=0.25)
    axis.set_title(f"{data['name']}: {MODE_TITLES[mode]}", loc="left", fontsize=9)
