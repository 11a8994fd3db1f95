"""The shipped rules as content: what is said of each, the page about them, and what they are held to."""
