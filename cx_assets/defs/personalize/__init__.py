"""What to do for each customer, and how it leaves the house."""
