"""What an operator runs beside the driver: measurements and, later, status."""
