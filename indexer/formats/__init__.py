"""How is a file of this kind cut into stretches, and read a stretch at a time?"""
