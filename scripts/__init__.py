"""What is made or measured now and then: see the head of each."""
