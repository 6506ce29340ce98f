"""What the staff's pages show, arranged from the answers of the rooms."""
