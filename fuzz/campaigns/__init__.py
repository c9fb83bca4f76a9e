"""The pytest modules that hunt, one a campaign, and the replay of what was found before."""
