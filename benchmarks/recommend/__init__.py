"""What to offer: item-to-item against the recommenders of implicit, and at a million customers."""
