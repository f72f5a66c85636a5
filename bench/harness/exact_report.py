"""How the exact suite's results are shown."""

from harness.tables import Table, duration, size
from harness.verdicts import OURS

LEGEND = (
    "Times are seconds a query, the best of the runs. A ratio is the rival's time divided by ours; >= is the goal.",
    "FAISS is the library as installed; tuned: the BLAS kernels and the threshold for using them that are fastest here,",
    "which counts as a peer. \"of limit\": what the plain search uses of the machine's memory bandwidth (read) or peak of",
    "multiply-adds (flops).",
)


def table(labels):
    names = [(label, max(10, len(label))) for label in labels]
    return Table([
        ("scenario", 38), *names, ("FAISS/plain", 14), ("FAISS/prefilter", 15), ("best peer/ours", 22), ("of limit", 10)])


def cells(scenario, labels, results, said):
    """The row of the table."""
    return [
        scenario.name, *(time_cell(results.get(label)) for label in labels),
        *(ratio_cell(said, label) for label in OURS), best_cell(said), share_cell(said["limit_share"]),
    ]


def time_cell(result):
    if result is None:
        return "-"
    if "not_there" in result:
        return "not there"
    return "failed" if "failed" in result else duration(result["seconds"])


def ratio_cell(said, label):
    ratio, wanted = said["faiss_ratio"].get(label), said["wanted"].get(label)
    text = "-" if ratio is None else f"{ratio:.2f}"
    if wanted is None:
        return text
    reached = {None: "", True: " yes", False: " NO"}[said["reached"].get(label)]
    return f"{text} >={wanted:.2g}{reached}"


def best_cell(said):
    if not said["peer_ratio"]:
        return said["best_peer"] or "-"
    return f"{max(said['peer_ratio'].values()):.2f} {said['best_peer']}"


def share_cell(share):
    return f"{share['share']:.0%} {share['of']}" if share else "-"


def engines_table(suite):
    """What each engine is, took to build, and found at worst."""
    found = Table([
        ("engine", 16), ("version", 9), ("build", 9), ("memory", 10), ("recall", 9), ("same rows", 9), ("BLAS kernels", 40)])
    for label, about in suite["engines"].items():
        results = [scenario["results"].get(label, {}) for scenario in suite["scenarios"]]
        worst = [worst_share(results, share) for share in ("recall", "same_rows")]
        found.add([
            label, about["version"], duration(about["convert_seconds"] + about["build_seconds"]),
            size(about["build_bytes"]), *worst, kernels(about)])
    for name, reason in suite["not_there"].items():
        found.add([name, "not there: " + reason, *[""] * 5])
    return found


def worst_share(results, share):
    shares = [result[share] for result in results if share in result]
    return f"{min(shares):.6f}" if shares else "-"


def kernels(about):
    """The kernels of each BLAS in the process, NumPy's among them, and the settings made."""
    found = [f"{library}: {kernel}" for library, kernel in about["kernels"].items()]
    return ", ".join([*found, *(f"{name}={value}" for name, value in about["environment"].items())])
