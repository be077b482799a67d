"""What is wrong with a schedule, and in which files: rules, texts inside other files, projects, settings, and reports."""
