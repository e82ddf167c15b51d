"""Stand-ins for the vendors' control planes, one module per vendor and part of it."""
