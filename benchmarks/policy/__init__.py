"""What learning is worth: the policy's regret in a shop whose truth is known."""
