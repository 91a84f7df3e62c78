"""The pages a person opens: HTML made on the server, from the same views and commands as the API."""
