"""Tables: aligned text as the results come, and Markdown from the same rows."""


class Table:
    """Columns of (title, width); the first is flush left, the others flush right."""

    def __init__(self, columns):
        self.columns, self.rows = columns, []
        print(self.line([title for title, _ in columns]), flush=True)

    def add(self, cells):
        self.rows.append(cells)
        print(self.line(cells), flush=True)

    def line(self, cells):
        first, *others = zip(cells, self.columns)
        text = first[0].ljust(first[1][1])
        return text + "".join("  " + cell.rjust(width) for cell, (_, width) in others)

    def group_by_first(self):
        """Rows with the same first cell together, in the order in which each first came."""
        order = {}
        for row in self.rows:
            order.setdefault(row[0], len(order))
        self.rows.sort(key=lambda row: order[row[0]])

    def markdown(self):
        titles = [title for title, _ in self.columns]
        rules = ["---", *["---:"] * (len(titles) - 1)]
        rows = [[cell.replace("|", "\\|") for cell in row] for row in self.rows]
        return ["| " + " | ".join(cells) + " |" for cells in (titles, rules, *rows)]


def duration(seconds):
    for unit, length in (("s", 1), ("ms", 1e-3)):
        if seconds >= length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"


def size(count):
    return f"{count / 2**20:.3g} MiB"
