"""AnnoyIndex beside Annoy."""
