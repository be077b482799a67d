"""Proofs that two formulas are equal at every tick, in exact arithmetic: normal forms, signs, and stretches of time."""
