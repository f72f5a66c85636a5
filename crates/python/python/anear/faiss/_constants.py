"""Numbers that have names in FAISS, and how many threads and how much memory are used."""

import os

METRIC_INNER_PRODUCT = 0
METRIC_L2 = 1
METRIC_L1 = 2
METRIC_Linf = 3
METRIC_Lp = 4
METRIC_Canberra = 20
METRIC_BrayCurtis = 21
METRIC_JensenShannon = 22
METRIC_Jaccard = 23
METRIC_NaNEuclidean = 24
METRIC_GOWER = 25

# What is mapped in FAISS only where asked for, is mapped here always.
IO_FLAG_SKIP_STORAGE = 1
IO_FLAG_READ_ONLY = 2
IO_FLAG_ONDISK_SAME_DIR = 4
IO_FLAG_SKIP_IVF_DATA = 8
IO_FLAG_SKIP_PRECOMPUTE_TABLE = 16
IO_FLAG_PQ_SKIP_SDC_TABLE = 32
IO_FLAG_MMAP = 8 | 0x646F0000
IO_FLAG_MMAP_IFC = 1 << 9

Float32 = 1
Float16 = 2
UInt8 = 3
Int8 = 4

#: The number that stands for Hamming distances where a metric is asked for.
HAMMING = -1

_LARGER_IS_NEARER = {METRIC_INNER_PRODUCT, METRIC_Jaccard}

_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def is_similarity_metric(metric_type: int) -> bool:
    """Whether larger numbers are nearer."""
    return metric_type in _LARGER_IS_NEARER


def omp_set_num_threads(threads: int) -> None:
    """How many threads searches and training may use."""
    global _threads
    _threads = max(int(threads), 1)


def omp_get_max_threads() -> int:
    """How many threads searches and training may use."""
    return _threads


def get_mem_usage_kb() -> int:
    """KiB of memory that the process holds; 0 where the system does not say it as Linux does."""
    try:
        with open("/proc/self/status") as file:
            lines = [line.split() for line in file if line.startswith("VmRSS:")]
    except OSError:
        lines = []
    return int(lines[0][1]) if lines else 0


def get_num_gpus() -> int:
    """How many GPUs are used: none."""
    return 0
