"""What every benchmark needs: a server, processes to pause, load, rounds in turn, and the report."""
