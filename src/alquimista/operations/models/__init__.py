"""What a command is, and which kinds there are."""
