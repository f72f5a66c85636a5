"""anear.faiss beside FAISS."""
