"""Views: what a page shows, as typed values made of answers; pure functions, without requests and HTML."""
