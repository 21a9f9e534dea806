"""The landing zone: what each source's files must hold, and how they are read into rows."""
