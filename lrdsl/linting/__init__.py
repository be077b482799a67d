"""Linting: rules, the search for schedules in files of other formats, repairs, and the files, settings, cache and reports of a project."""
