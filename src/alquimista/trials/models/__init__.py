"""What a trial is (trials), whom it is with (offers), and what is said to the model and by it (chat, prompt)."""
