"""From the times of a scenario to the ratios, the goals and the shares of the machine's limits."""

from harness.scenarios import PLAIN, PREFILTER

OURS = (PLAIN, PREFILTER)
FAISS = "FAISS"


def verdict(scenario, results, gains_at_10, data, limits):
    """What a scenario says; a ratio is theirs divided by ours, so more is better for us."""
    seconds = {label: result["seconds"] for label, result in results.items() if "seconds" in result}
    peers = {label: taken for label, taken in seconds.items() if label not in OURS}
    faiss = seconds.get(FAISS)
    best = min(peers, key=peers.get, default=None)
    ours = {label: seconds[label] for label in OURS if label in seconds}
    wanted = scenario.wanted(gains_at_10)
    gains = {label: faiss / taken for label, taken in ours.items()} if faiss else {}
    return {
        "faiss_ratio": gains,
        "peer_ratio": {label: peers[best] / taken for label, taken in ours.items()} if best else {},
        "best_peer": best,
        "wanted": wanted,
        "reached": {label: gains[label] >= ratio for label, ratio in wanted.items() if label in gains},
        "limit_share": share(scenario, ours.get(PLAIN), data, limits),
    }


def share(scenario, seconds, data, limits):
    """Of the machine's limit, how much the plain search uses: bytes read for one query, operations for many."""
    if seconds is None or limits is None or scenario.percent:
        return None
    rows, dim = data.base.shape
    threads = str(scenario.threads)
    if scenario.batch == 1:
        return {"of": "read", "share": rows * dim * 4 / seconds / limits["read_bytes_per_second"][threads]}
    return {"of": "flops", "share": rows * dim * 2 / seconds / limits["flops_per_second"][threads]}
