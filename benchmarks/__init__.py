"""What is measured, against whom, with one command each; README.md has the results."""
