"""What earlier actions did."""
