"""Nearest glosses of a word, from Python. Run it in the project's folder."""

import sys

import anear

word = sys.argv[1] if len(sys.argv) > 1 else "tea.n"
glosses = anear.open("examples/data/glosses.parquet")
names, texts = glosses.metadata["id"], glosses.metadata["gloss"]
query = glosses[names.index(word)]

print(f"Nearest to {word} of {len(glosses)} glosses, exactly:")
distances, rows = anear.search(glosses, query, k=5, metric="cosine")
for distance, row in zip(distances[0], rows[0], strict=True):
    print(f"  {distance:.3f}  {names[row]}: {texts[row]}")

index = anear.Index.build(glosses, metric="cosine")
drinks = [name for name, text in zip(names, texts, strict=True) if "drink" in text]
print(f"and among {len(drinks)} that speak of drinking:")
distances, rows = index.search(query, k=5, filter=drinks)
for distance, name in zip(distances[0], index.names(rows)[0], strict=True):
    print(f"  {distance:.3f}  {name}")
