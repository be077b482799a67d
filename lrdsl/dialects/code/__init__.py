"""Reads the schedules in Python source code. Nothing is imported or run: the tree of the code is looked at.

`names` finds what each name of a file stands for, `values` turns expressions into values, `functions` turns functions of the step into formulas, and `calls`
finds the schedulers that are made, and what they come to.
"""
