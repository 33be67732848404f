"""What knows nothing of the field: compiled loops, float64 where a device has it, files that are written whole, ZIPs, limits."""
