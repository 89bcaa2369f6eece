"""History: what happened to customers, declared and checked at the door."""
