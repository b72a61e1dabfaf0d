"""The tests of Keliu. Each tells one story in the users' words and mocks nothing of ours."""
