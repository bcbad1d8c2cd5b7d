"""What breaks, and how: each fault takes an exchange and spoils it."""
