"""What `python -m vae` can do: each file has some commands, what they take and what they print."""
