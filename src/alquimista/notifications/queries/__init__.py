"""The only SQL of mails, notifications, preferences and digests."""
