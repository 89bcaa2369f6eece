"""Identities: which keys of which tables are one customer, and a history that counts them as one."""
