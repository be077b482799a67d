"""Mutants: small faults put into the source by a program, to see whether the tests notice. `python -m tests.mutation --room check --count 200 --seed 0` makes some."""
