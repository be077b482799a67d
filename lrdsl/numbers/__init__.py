"""Computes the levels of a plan: one at a time, by the array, or as functions that JAX, Keras and torch trace."""
