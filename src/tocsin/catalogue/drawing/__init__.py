"""What is drawn of an answer: a module for each part of the catalogue, each giving a table and its words to the figures room."""
