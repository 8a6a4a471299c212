"""What a desk is asked: a module for each part of the catalogue, each giving a table and the words that go with it."""
