"""How is a catalogue read, what is kept of its check, and does a report still hold?"""
