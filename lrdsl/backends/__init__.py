"""What a plan becomes: numbers one at a time (`scalar`), numbers by the array (`array`), a formula (`symbolic`)."""
