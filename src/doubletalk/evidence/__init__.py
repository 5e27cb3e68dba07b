"""What the record says: the chronicle, series, and tests that need no model."""
