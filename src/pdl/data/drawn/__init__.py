"""Images that the book draws itself, with their truth."""
