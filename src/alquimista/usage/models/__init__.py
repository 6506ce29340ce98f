"""The vocabulary of usage: events and their rules, traces, histograms, reports."""
