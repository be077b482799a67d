"""Files on disk: read within a folder, and replaced whole."""
