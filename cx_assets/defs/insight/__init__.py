"""What people should look at: everything known in one place, and what is not known."""
