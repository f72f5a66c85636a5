"""The document with the results: a section a suite, each with its own date and machine."""

from harness.machine import limits_in_words

TITLE = "# Search benchmarks"
ORDER = ("exact", "approximate")
HEADINGS = {"exact": "## Exact search", "approximate": "## Approximate search"}


def write(path, report, legend, sections):
    """Replaces the suite's section in the document and keeps the other one."""
    kept = read(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept[report["suite"]] = section(report, legend, sections)
    text = "\n".join([TITLE, "", *(line for suite in ORDER for line in kept.get(suite, ()))])
    path.write_text(text.rstrip() + "\n", encoding="utf-8")


def read(text):
    """Suite -> the lines of its section."""
    found, suite = {}, None
    for line in text.splitlines():
        suite = next((name for name, heading in HEADINGS.items() if line == heading), suite)
        if suite:
            found.setdefault(suite, []).append(line)
    return found


def section(report, legend, sections):
    option = "" if report["suite"] == "exact" else f" --suite {report['suite']}"
    lines = [
        HEADINGS[report["suite"]], "",
        f"Made by `python3 bench/search.py{option}{' --quick' * report['quick']}`; [bench/README.md](../bench/README.md)"
        " says how. " + " ".join(legend), "",
        f"{report['date']}, {report['machine']}, Python {report['python']}; {limits_in_words(report)};"
        f" {report['runs']} runs.", "",
    ]
    for title, tables in sections:
        lines += [f"### {title}", ""]
        for table in tables:
            lines += [*table.markdown(), ""]
    return lines
