"""The command as a user gives it: real runs of `python -m pytest --runtime=...`, judged by exit status and what they leave."""
