"""What the pages of one's own account show, arranged from what services answered."""
