"""Who may do what in a stream, replayed from its own events: devices, roles, cuts, holds. Pure."""
