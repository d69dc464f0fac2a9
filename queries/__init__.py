"""What is asked, and what comes back?"""
