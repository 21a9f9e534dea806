"""What do our customers feel, what are they worth, what should we do for each, and did it work?"""
