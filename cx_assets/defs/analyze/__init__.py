"""What the features mean: segments, value, satisfaction."""
