"""What `anear.langchain`, `anear.haystack`, `anear.llama_index` and `anear.sklearn` share."""
