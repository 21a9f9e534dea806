"""Every kind of step, killed at random moments: nothing may be lost, doubled or torn."""
