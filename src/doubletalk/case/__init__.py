"""A case study: claims, verdicts."""
