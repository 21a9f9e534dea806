"""Landing files become typed rows; what cannot become a row is kept with its reason."""
