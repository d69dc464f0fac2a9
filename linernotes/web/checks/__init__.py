"""What becomes of a catalogue that somebody uploads? Received, checked in the background, kept for an hour."""
