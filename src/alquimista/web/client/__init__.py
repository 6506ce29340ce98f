"""What the customers' pages show, arranged from the answers of the rooms."""
