#!/bin/sh
# Runs every fuzz target for some seconds (default 30), seeded with the fixtures.
#
#   fuzz/smoke.sh [SECONDS] [TARGET..]
#
# Needs a nightly toolchain and cargo-fuzz, which it installs when it is missing. Findings end up
# in fuzz/artifacts; the exit status is that of the worst target.
set -u
cd "$(dirname "$0")/.."
seconds=${1:-30}
[ $# -gt 0 ] && shift
targets=${*:-npy npz pt safetensors hdf5 sqlite parquet jsonl csv vecs bin anx faiss faiss_lists annoy forest delta langchain pickle where_expression condition learned collection}
command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz || exit 1

export LSAN_OPTIONS="suppressions=$PWD/fuzz/leaks.supp:print_suppressions=0"

fixtures=../shared/fixtures
[ -d "$fixtures" ] || fixtures=testdata/fixtures

# Copies the small files with these suffixes into the corpus of a target.
seed() {
    corpus=fuzz/corpus/$1
    mkdir -p "$corpus"
    shift
    for suffix; do
        find "$fixtures" testdata/golden -name "*.$suffix" -size -64k -exec cp -n {} "$corpus/" \; 2>/dev/null
    done
    chmod -R u+w "$corpus"
}

worst=0
for target in $targets; do
    options=-max_len=65536
    asan=
    case $target in
        pt) seed pt pt pth ;;
        hdf5) seed hdf5 h5 hdf5 ;;
        sqlite) seed sqlite db sqlite sqlite3 ;;
        vecs) seed vecs fvecs bvecs ivecs ;;
        bin) seed bin fbin u8bin i8bin ;;
        faiss_lists) seed faiss_lists faiss ;;
        annoy) seed annoy ann ;;
        forest) seed forest ann ;;
        delta) seed delta delta ;;
        pickle) seed pickle pkl pickle ;;
        langchain)
            mkdir -p fuzz/corpus/langchain
            for folder in testdata/golden/langchain/*/; do
                cp -n "$folder/index.pkl" "fuzz/corpus/langchain/$(basename "$folder").pkl"
            done
            ;;
        where_expression)
            mkdir -p fuzz/corpus/where_expression
            echo "file_name LIKE '%.pdf' AND page_num > 3 OR row IN (1, 2)" \
                >fuzz/corpus/where_expression/seed
            ;;
        condition)
            mkdir -p fuzz/corpus/condition
            echo "file_name LIKE '%.pdf' AND page_num > ? OR x IS NOT TRUE AND score IN (1, 2.5)" \
                >fuzz/corpus/condition/seed1
            echo "NOT (score BETWEEN -1 AND ?) OR \"file_name\" GLOB 'a*' OR [x] IS NULL" \
                >fuzz/corpus/condition/seed2
            ;;
        learned) mkdir -p fuzz/corpus/learned ;;
        collection)
            mkdir -p fuzz/corpus/collection
            # An input is a row of choices, and all of our code in it is safe: what costs the
            # sanitizer its time is where SQLite takes memory.
            options="-max_len=200 -len_control=0"
            asan=malloc_context_size=0:quarantine_size_mb=1:detect_stack_use_after_return=0
            ;;
        *) seed "$target" "$target" ;;
    esac
    echo "== $target"
    # shellcheck disable=SC2086
    if ! ASAN_OPTIONS=$asan cargo +nightly fuzz run "$target" -- -max_total_time="$seconds" $options \
        -rss_limit_mb=1024 -malloc_limit_mb=512 -timeout=20 -verbosity=0 -print_final_stats=1; then
        echo "FOUND: $target"
        worst=1
    fi
done
exit $worst
