"""What a schedule comes to: figures of merit, comparison and proof, the table of its phases, plots."""
