"""What people add to the data: layers of reviewed statements beside the source's columns, and the rules that propose them."""
