"""What goes together: frequent item sets of a million baskets, against the packages that do it."""
