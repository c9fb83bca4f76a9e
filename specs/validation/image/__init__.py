"""Judges image-spec documents and layouts: rules for what the schemas cannot say, and the walk through a layout."""
