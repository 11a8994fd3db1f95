"""The clouds and clusters around the functions, on this machine: for end-to-end tests and for demonstrations."""
