"""Artists: who may be meant by a name, suggestions while typing, the profile of one."""
