"""What does a published value mean? One module for each kind of value, and one that puts them together."""
