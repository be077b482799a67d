"""Analysis of schedules: their figures of merit, whether two are the same function, the table of phases, and plots."""
