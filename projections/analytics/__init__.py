"""The log in columns: a DuckDB file for questions over everything, fed when somebody asks one."""
