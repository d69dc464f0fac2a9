"""Which tracks does a text mean, in which order, and why did each match?"""
