"""What the machine can do at most, without a platform around it."""
