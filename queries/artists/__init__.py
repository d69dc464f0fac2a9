"""Artists: candidates for a name, suggestions while typing, the profile of one."""
