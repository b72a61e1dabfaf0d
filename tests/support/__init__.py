"""What tests stand on: a real PostgreSQL, a real browser, a running server, people who sign in."""
