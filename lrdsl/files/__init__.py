"""Files on disk: reads schedule files inside one folder, and replaces files atomically."""
