"""Checks of training code: whether a schedule of another library fits the run that it stands in. Nothing that is read is imported or run.

`run` has what is known of a run, `cases` finds each schedule of a file with its run, and `catalogue` has the rules that look at them. For Python, `walking`
lists what a file does and in which loops, `units` tells steps from epochs, `holders` follows a scheduler to where it is stepped, and `stepping` says how often
that is; `lightning` says it for Lightning. `settings` does the same for configs. `curves` has the levels of a schedule in its run.
"""
