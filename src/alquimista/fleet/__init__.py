"""The fleet: agents as they run, their heartbeats, and the control messages that reach them."""
